import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';

import { Unreachable } from '../contract/connection.ts';
import type { ConnectionTarget } from '../contract/connection.ts';
import { printable } from './printable.ts';
import { parseSshArgs } from './ssh-args.ts';
import { expandHome, readSshConfig } from './ssh-config.ts';
import type { SshSettings } from './ssh-config.ts';
import type { HopTarget } from './jump-hosts.ts';

/** Everything that is needed to connect to one SSH server, with all defaults filled in. */
export interface Endpoint {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly family: 0 | 4 | 6;
  readonly identityFiles: readonly string[];
  readonly agent: string | undefined;
  /** IdentitiesOnly: of the agent's keys only those that `identityFiles` name. */
  readonly isOnlyNamedKeys: boolean;
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** Where `accept-new` writes. */
  readonly rememberIn: string | undefined;
  readonly isHashing: boolean;
  readonly hostKeyAlias: string | undefined;
  readonly revokedKeysFile: string | undefined;
  readonly hostKeyPolicy: ConnectionTarget['hostKeyPolicy'];
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number | undefined;
  readonly keepaliveCount: number | undefined;
  readonly target: HopTarget;
}

const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));
const DEFAULT_KNOWN_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/**
 * The target's own fields win, then its ssh arguments, then ssh_config, then ssh's defaults.
 *
 * @throws Unreachable `configuration`
 */
export async function resolveEndpoint(target: HopTarget): Promise<Endpoint> {
  const args = parseSshArgs(target.host, target.sshArgs ?? []);
  const named = target.sshConfigFile ?? args.configFile;
  const file = named === undefined ? undefined : expandHome(named);
  const query = { host: target.address, ...(target.user && { user: target.user }) };
  const config = await readSshConfig(query, file).catch((error: unknown) => {
    const why = printable(error instanceof Error ? error.message : String(error));
    throw new Unreachable('configuration', `${target.host}: the ssh configuration cannot be read: ${why}`, {
      cause: error,
    });
  });
  return endpoint(target, [args.settings, config]);
}

type Lookup = (keyword: string) => readonly string[] | undefined;

/** As with ssh's `-i`, keys that are named nearer to the host are tried before those of the configuration, not instead. */
function identities(target: HopTarget, sources: readonly SshSettings[]): readonly string[] {
  const named = [...(target.identityFiles ?? []), ...sources.flatMap((source) => source.get('identityfile') ?? [])];
  return [...(named.length > 0 || target.identityFiles ? named : DEFAULT_IDENTITIES), ...(target.lentKeys ?? [])];
}

interface Way {
  readonly proxyJump?: string | undefined;
  readonly proxyCommand?: string | undefined;
}

/** ssh_config(5): of ProxyJump and ProxyCommand the one that is said first holds, even if it says `none`. */
function wayTo({ proxyJump, proxyCommand }: HopTarget, sources: readonly SshSettings[]): Way {
  if (proxyJump !== undefined || proxyCommand !== undefined) return { proxyJump, proxyCommand };
  for (const [keyword, [value]] of sources.flatMap((source) => [...source])) {
    if (keyword === 'proxyjump') return { proxyJump: none(value) };
    if (keyword === 'proxycommand') return { proxyCommand: none(value) };
  }
  return {};
}

function endpoint(target: HopTarget, sources: readonly SshSettings[]): Endpoint {
  const lookup: Lookup = (keyword) => sources.map((source) => source.get(keyword)).find((found) => found !== undefined);
  const first = (keyword: string): string | undefined => lookup(keyword)?.[0];
  const user = target.user ?? first('user') ?? ownName();
  const port = target.port ?? Number(first('port') ?? 22);
  const address = expand(first('hostname') ?? target.address, { h: target.address });
  const tokens = {
    h: address,
    n: target.address,
    p: String(port),
    r: user,
    u: ownName(),
    d: homedir(),
    l: hostname(),
  };
  const paths = (list: readonly string[]): readonly string[] =>
    list.filter((path) => path !== 'none').map((path) => expandHome(expand(path, tokens)));
  const { proxyJump, proxyCommand } = wayTo(target, sources);
  const known = knownHosts(target, lookup, paths);
  return {
    host: target.host,
    address,
    port,
    user,
    family: FAMILIES[first('addressfamily') ?? 'any'] ?? 0,
    identityFiles: paths(identities(target, sources)),
    agent: agent(first('identityagent'), tokens),
    isOnlyNamedKeys: first('identitiesonly') === 'yes',
    proxyJump,
    proxyCommand: proxyCommand && expand(proxyCommand, tokens),
    ...known,
    isHashing: first('hashknownhosts') === 'yes',
    hostKeyAlias: first('hostkeyalias'),
    revokedKeysFile: paths(lookup('revokedhostkeys') ?? [])[0],
    hostKeyPolicy: policy(target, first('stricthostkeychecking')),
    // The target always has one, so of the configuration only what stands in the ssh arguments counts, as with Ansible.
    connectTimeoutMs: milliseconds(sources[0]?.get('connecttimeout')?.[0]) ?? target.connectTimeoutMs,
    keepaliveMs: milliseconds(first('serveraliveinterval')),
    keepaliveCount: positive(first('serveralivecountmax')),
    target,
  };
}

let knownOwnName: string | undefined;

/** It does not change while the program runs, and asking reads the user database. */
function ownName(): string {
  knownOwnName ??= userInfo().username;
  return knownOwnName;
}

const FAMILIES: Readonly<Record<string, 0 | 4 | 6>> = { any: 0, inet: 4, inet6: 6 };

function knownHosts(target: ConnectionTarget, lookup: Lookup, paths: (list: readonly string[]) => readonly string[]) {
  const own = paths(target.knownHostsFiles ?? lookup('userknownhostsfile') ?? DEFAULT_KNOWN_HOSTS);
  const global = paths(lookup('globalknownhostsfile') ?? GLOBAL_KNOWN_HOSTS);
  return { knownHostsFiles: [...own, ...global], rememberIn: own[0] };
}

/** ssh_config(5): a path, `none`, or an environment variable, as `SSH_AUTH_SOCK` or `$NAME`. */
function agent(configured = 'SSH_AUTH_SOCK', tokens: Readonly<Record<string, string>>): string | undefined {
  if (configured === 'none') return undefined;
  const variable = configured === 'SSH_AUTH_SOCK' ? configured : /^\$\{?(\w+)\}?$/.exec(configured)?.[1];
  return variable === undefined ? expandHome(expand(configured, tokens)) : process.env[variable] || undefined;
}

function policy(target: ConnectionTarget, setting: string | undefined): ConnectionTarget['hostKeyPolicy'] {
  // `ssh -G` prints "false" for "no".
  if (setting === 'no' || setting === 'off' || setting === 'false')
    throw new Unreachable('configuration', uncheckedMessage(target.host));
  return setting === 'accept-new' ? 'accept-new' : target.hostKeyPolicy;
}

function uncheckedMessage(host: string): string {
  return `${host}: StrictHostKeyChecking=no would accept any machine in the middle and is not honoured; use StrictHostKeyChecking=accept-new, which records the keys of new hosts and refuses changed ones`;
}

function none(value: string | undefined): string | undefined {
  return value === undefined || value.toLowerCase() === 'none' ? undefined : value;
}

function expand(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%(.)/g, (all, token: string) => (token === '%' ? '%' : (tokens[token] ?? all)));
}

/** ssh -G prints 0 for "off", which for us would mean hosts that are never noticed to be gone. */
function positive(text: string | undefined): number | undefined {
  return Number(text) > 0 ? Number(text) : undefined;
}

function milliseconds(text: string | undefined): number | undefined {
  const number = positive(text);
  return number === undefined ? undefined : number * 1000;
}
