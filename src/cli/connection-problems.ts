import { existsSync, statSync } from 'node:fs';
import { octal } from '../changes/octal.ts';
import { Problems } from '../contract/problem.ts';
import { becomeMethod, connectionKind, expandHome, portNumber, SSH_ARGS } from '../engine/connection-target.ts';
import { toBoolean } from '../engine/booleans.ts';
import { readFailure } from '../language/read-failure.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { isTemplate } from '../language/playbook/template-text.ts';
import type { Play, Playbook, Statement, VarsLayer } from '../language/playbook/types.ts';
import { walk } from '../language/playbook/walk.ts';
import { positionOf } from '../language/yaml/positions.ts';
import { parseSshArgs } from '../transport/ssh-args.ts';
import { readConfigFile } from './config-file.ts';
import type { HostOptions } from './options.ts';
import { hostsOf } from './taking-part.ts';

type Vars = Readonly<Record<string, unknown>>;

/** How hosts will be reached, as far as it is known before the run. */
export interface Reaching {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly limit: ReadonlySet<string> | undefined;
  readonly extra: Vars;
  readonly options: Partial<Pick<HostOptions, 'privateKey' | 'sshCommonArgs' | 'askPass' | 'connection'>>;
  /** Not where nothing will be run: that may be another machine than the one that has the keys. */
  readonly hasKeys: boolean;
  /** Something runs on the controller first, and may make key files. */
  readonly worksHere: boolean;
}

/**
 * Reports what keeps hosts from being reached and can be told without one: a port that is none, a key file that is not
 * there, ssh arguments that mean nothing here. What stands in a template waits for the run.
 */
export function checkConnections(reaching: Reaching, problems: Problems): void {
  const { privateKey, sshCommonArgs } = reaching.options;
  const { sshArgs: configuredSshArgs } = readConfigFile();
  const found = new Problems();
  const report = reporter(found, reaching);
  if (privateKey !== undefined) report(KEY_FILE, privateKey, { path: '--private-key' });
  if (configuredSshArgs !== undefined)
    report(COMMON_ARGS, configuredSshArgs, { path: '[ssh_connection] of ansible.cfg' });
  if (sshCommonArgs !== undefined) report(COMMON_ARGS, sshCommonArgs, { path: '--ssh-common-args' });
  for (const way of waysToHosts(reaching)) {
    const connection = connectionOf(way, reaching);
    const isHere = connection === 'local' || isTemplate(connection);
    const rules = (isHere ? ALWAYS : RULES).filter((rule) => reaching.hasKeys || rule !== KEY_FILE);
    for (const rule of rules) checkHost(rule, way, report);
  }
  const unique = new Map(found.list.map((problem) => [JSON.stringify(problem), problem]));
  problems.list.push(...unique.values());
}

interface Rule {
  /** The first that is set counts, as when connecting. */
  readonly names: readonly string[];
  /** Throws what is wrong with a value. */
  readonly check: (value: string) => void;
  /** A fault that a run may still mend, and that another way in may make up for. */
  readonly isAboutFiles?: true;
}

const KEY_FILE: Rule = {
  names: ['ansible_ssh_private_key_file', 'ansible_private_key_file'],
  check: requireKeyFile,
  isAboutFiles: true,
};
const COMMON_ARGS: Rule = { names: ['ansible_ssh_common_args'], check: requireSshArgs };
const ALWAYS: readonly Rule[] = [
  { names: ['ansible_connection'], check: connectionKind },
  { names: ['ansible_become'], check: (value) => toBoolean(value, 'it') },
  { names: ['ansible_become_method'], check: becomeMethod },
];
const RULES: readonly Rule[] = [
  ...ALWAYS,
  { names: ['ansible_port', 'ansible_ssh_port'], check: portNumber },
  KEY_FILE,
  ...SSH_ARGS.map((name) => ({ ...COMMON_ARGS, names: [name] })),
];

type Report = (rule: Rule, value: string, place: Omit<Problems['list'][number], 'severity' | 'message'>) => void;

function reporter(problems: Problems, { worksHere, options }: Reaching): Report {
  const hasOtherWay = Boolean(process.env.SSH_AUTH_SOCK) || options.askPass === true;
  return (rule, value, place) => {
    const message = faultOf(rule, value);
    if (message === undefined) return;
    if (rule.isAboutFiles && (worksHere || hasOtherWay)) problems.warn(message, place);
    else problems.error(message, place);
  };
}

function faultOf({ check }: Rule, value: string): string | undefined {
  try {
    check(value);
    return undefined;
  } catch (error) {
    return readFailure(error).replace(/^: /, '');
  }
}

/** A host with its variables, lowest first, as the first play sees it that connects to its hosts. */
interface Way {
  readonly host: string;
  readonly play: Play;
  readonly layers: readonly VarsLayer[];
}

function checkHost(rule: Rule, { host, layers }: Way, report: Report): void {
  for (const name of rule.names) {
    const vars = layers.findLast((layer) => Object.hasOwn(layer.vars, name))?.vars;
    const value = vars?.[name];
    if (vars === undefined || value === undefined || value === null || value === '') continue;
    if (typeof value === 'object' || isTemplate(value)) return;
    const position = positionOf(vars, name);
    return report(rule, String(value), position ? { position, path: name } : { path: `${host}.${name}` });
  }
}

function connectionOf({ play, layers }: Way, { options }: Reaching): unknown {
  const own = layers.findLast(({ vars }) => Object.hasOwn(vars, 'ansible_connection'))?.vars['ansible_connection'];
  return own ?? play.keywords.connection ?? options.connection;
}

/** Each host once. */
function* waysToHosts({ playbooks, inventory, limit, extra }: Reaching): Generator<Way> {
  const seen = new Set<string>();
  for (const play of playbooks.flatMap(({ plays }) => plays).filter(isConnecting)) {
    for (const host of hostsOf(play, inventory, limit)) {
      if (seen.has(host)) continue;
      seen.add(host);
      const own: readonly VarsLayer[] = [play.vars, extra].map((vars) => ({ vars, source: play.path }));
      yield { host, play, layers: [...inventory.layersFor(host, play.directory), ...own] };
    }
  }
}

/** Whether a play surely connects to its hosts, and as their variables say: no task or role says otherwise. */
function isConnecting(play: Play): boolean {
  const statements = play.sections.flatMap(({ statements: own }) => [...walk(own)]);
  if (play.varsFiles.length > 0 || statements.some(setsConnection)) return false;
  const gathers = play.gatherFacts === undefined || play.gatherFacts === true;
  return gathers || statements.some(({ kind, keywords }) => kind === 'task' && keywords.delegateTo === undefined);
}

function setsConnection({ keywords, role }: Statement): boolean {
  const vars = [...keywords.vars.map((layer) => layer.vars), role?.vars ?? {}, role?.params ?? {}];
  return vars.some((layer) => Object.keys(layer).some((name) => name.startsWith('ansible_')));
}

function requireKeyFile(path: string): void {
  const file = expandHome(path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) throw new Error(`there is no key file ${file}`);
  if (found.isDirectory()) throw new Error(`${file} is a directory, not a private key`);
  const mode = found.mode & 0o777;
  if (mode & 0o077) throw new Error(`${file} may be read by others (mode ${octal(mode)}); run chmod 600 ${file}`);
}

function requireSshArgs(line: string): void {
  const { configFile } = parseSshArgs('', [line]);
  if (configFile !== undefined && configFile !== 'none' && !existsSync(expandHome(configFile)))
    throw new Error(`there is no ssh configuration ${configFile}`);
}
