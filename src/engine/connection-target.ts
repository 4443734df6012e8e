import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Become, ConnectionTarget } from '../contract/connection.ts';
import { Secret } from '../contract/secret.ts';
import { TaskError } from '../contract/task-error.ts';
import type { Keywords } from '../language/playbook/types.ts';
import { toBoolean } from './booleans.ts';
import type { VariableScope } from './scope.ts';

/** Defaults from the command line; inventory variables win over them, as in Ansible. */
export interface ConnectionDefaults {
  readonly user?: string;
  readonly privateKeyFile?: string;
  readonly password?: Secret;
  readonly becomePassword?: Secret;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: string;
  readonly connection?: string;
  readonly connectTimeoutMs: number;
  readonly hostKeyPolicy: 'strict' | 'accept-new';
  readonly sshArgs?: string;
  /** What holds where a host has no ansible_ssh_args. */
  readonly configuredSshArgs?: string;
  readonly sshConfigFile?: string;
}

/** Every variable that decides how a host is reached. */
export const CONNECTION_VARIABLES: readonly string[] = [
  'ansible_become',
  'ansible_become_flags',
  'ansible_become_method',
  'ansible_become_pass',
  'ansible_become_password',
  'ansible_become_user',
  'ansible_connection',
  'ansible_host',
  'ansible_password',
  'ansible_port',
  'ansible_private_key_file',
  'ansible_ssh_args',
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_ssh_host',
  'ansible_ssh_pass',
  'ansible_ssh_password',
  'ansible_ssh_port',
  'ansible_ssh_private_key_file',
  'ansible_ssh_private_key_passphrase',
  'ansible_ssh_timeout',
  'ansible_ssh_user',
  'ansible_sudo_pass',
  'ansible_timeout',
  'ansible_user',
];

/** In the order in which Ansible gives them to ssh, which takes the first of two. */
export const SSH_ARGS: readonly string[] = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'];

/** Where and how a host is reached, from its variables (ansible_host, ansible_port, …) and the task's keywords. */
export function connectionTarget(
  host: string,
  scope: VariableScope,
  keywords: Keywords,
  defaults: ConnectionDefaults,
): ConnectionTarget {
  const text = (...names: readonly string[]) => textVariable(scope, names);
  const password = text('ansible_password', 'ansible_ssh_password', 'ansible_ssh_pass');
  const keyFile = text('ansible_ssh_private_key_file', 'ansible_private_key_file') ?? defaults.privateKeyFile;
  const [firstArgs = defaults.configuredSshArgs, ...moreArgs] = SSH_ARGS.map((name) => text(name));
  const sshArgs = [firstArgs, defaults.sshArgs, ...moreArgs].filter((line) => line !== undefined);
  const address = text('ansible_host', 'ansible_ssh_host');
  const portText = text('ansible_port', 'ansible_ssh_port') ?? rendered(scope, keywords.port);
  const port = portText === undefined ? undefined : portNumber(portText);
  const wanted = text('ansible_connection') ?? rendered(scope, keywords.connection) ?? defaults.connection;
  const isHere = (host === 'localhost' || host === '127.0.0.1') && address === undefined && port === undefined;
  return {
    host,
    kind: connectionKind(wanted ?? (isHere ? 'local' : 'ssh')),
    address: address ?? host,
    port,
    user: text('ansible_user', 'ansible_ssh_user') ?? rendered(scope, keywords.remoteUser) ?? defaults.user,
    identityFiles: keyFile ? [expandHome(keyFile)] : undefined,
    passphrase: secret(text('ansible_ssh_private_key_passphrase')),
    password: secret(password) ?? defaults.password,
    hostKeyPolicy: defaults.hostKeyPolicy,
    connectTimeoutMs: seconds(text('ansible_ssh_timeout', 'ansible_timeout')) ?? defaults.connectTimeoutMs,
    sshConfigFile: defaults.sshConfigFile,
    sshArgs,
  };
}

/** The user to become for a task, or undefined to stay the login user. */
export function becomeFor(scope: VariableScope, keywords: Keywords, defaults: ConnectionDefaults): Become | undefined {
  const text = (...names: readonly string[]) => textVariable(scope, names);
  const wanted = scope.lookup('ansible_become') ?? scope.render(keywords.become) ?? defaults.become ?? false;
  if (!toBoolean(wanted, 'become')) return undefined;
  const method =
    text('ansible_become_method') ?? rendered(scope, keywords.becomeMethod) ?? defaults.becomeMethod ?? 'sudo';
  const password = text('ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass');
  const flags = text('ansible_become_flags') ?? rendered(scope, keywords.becomeFlags);
  return {
    method: becomeMethod(method),
    user: text('ansible_become_user') ?? rendered(scope, keywords.becomeUser) ?? defaults.becomeUser ?? 'root',
    password: secret(password) ?? defaults.becomePassword,
    flags: flags ? splitWords(flags) : undefined,
  };
}

/** @throws TaskError */
export function becomeMethod(wanted: string): Become['method'] {
  if (wanted === 'sudo' || wanted === 'doas' || wanted === 'su') return wanted;
  throw new TaskError(`become method ${wanted} is not supported; use sudo, doas or su`);
}

/** @throws TaskError */
export function connectionKind(wanted: string): 'ssh' | 'local' {
  if (wanted === 'local') return 'local';
  if (['ssh', 'smart', 'paramiko', 'paramiko_ssh'].includes(wanted)) return 'ssh';
  throw new TaskError(`connection ${wanted} is not supported; use ssh or local`);
}

function textVariable(scope: VariableScope, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = scope.lookup(name);
    if (value !== undefined && value !== null && value !== '') return String(value);
  }
  return undefined;
}

function rendered(scope: VariableScope, raw: unknown): string | undefined {
  const value = raw === undefined ? undefined : scope.render(raw);
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

/** @throws TaskError */
export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new TaskError(`a port must be 1 to 65535, not ${text}`);
  return port;
}

function seconds(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
}

function secret(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text);
}

/** A path as the shell would have read it. */
export function expandHome(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

/** Shell-like words with quotes, as ansible_become_flags is written. */
function splitWords(line: string): readonly string[] {
  const words = line.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ''));
}
