import { Command, InvalidArgumentError, Option } from 'commander';
import { readConfigFile } from './config-file.ts';

/** Which hosts, and how they are reached: for every verb that speaks to hosts. */
export interface HostOptions {
  readonly inventory: readonly string[];
  readonly limit?: string;
  readonly extraVars: readonly string[];
  readonly forks: number;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: string;
  readonly askBecomePass?: boolean;
  readonly askPass?: boolean;
  readonly user?: string;
  readonly privateKey?: string;
  readonly timeout: number;
  readonly taskTimeout: number;
  readonly connection?: string;
  readonly sshCommonArgs?: string;
  readonly acceptNewHostKeys?: boolean;
  readonly vaultPasswordFile: readonly string[];
  readonly vaultId: readonly string[];
  readonly askVaultPass?: boolean;
}

/** What `tsplay run` and `tsplay check` understand, typed. Names follow ansible-playbook where the meaning is the same. */
export interface PlayOptions extends HostOptions {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly startAtTask?: string;
  readonly forceHandlers?: boolean;
  readonly listHosts?: boolean;
  readonly listTasks?: boolean;
  readonly listTags?: boolean;
  readonly syntaxCheck?: boolean;
  readonly output?: 'pretty' | 'plain' | 'json';
  readonly verbose: number;
}

const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];
const collectWords = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  ...value.split(',').map((word) => word.trim()),
];

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('must be a number above 0.');
  return number;
}

function count(value: string): number {
  if (Number.isInteger(positive(value))) return Number(value);
  throw new InvalidArgumentError('must be a whole number above 0.');
}

/** Hosts at once, unless told otherwise: what one event loop serves well; the kernel's limit on open files is far above. */
const DEFAULT_FORKS = 500;

export function withInventory(command: Command): Command {
  return command
    .addOption(
      new Option('-i, --inventory <source>', 'inventory file, directory, script, or "host1,host2," (repeatable)')
        .argParser(collect)
        .default([], 'inventory/ in the current directory'),
    )
    .addOption(
      new Option('--vault-password-file <file>', 'file (or executable) that holds a vault password')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--vault-id <label@source>', 'vault password with a label').argParser(collect).default([], 'none'),
    )
    .option('-J, --ask-vault-pass', 'ask for the vault password')
    .addOption(
      new Option('-e, --extra-vars <vars>', 'k=v words, JSON or @file; wins over all other variables (repeatable)')
        .argParser(collect)
        .default([], 'none'),
    );
}

export function withHostOptions(command: Command): Command {
  const config = readConfigFile();
  return withInventory(command)
    .option('-l, --limit <pattern>', 'only these hosts (pattern or @file)')
    .addOption(
      new Option('-f, --forks <number>', 'hosts worked on at once')
        .argParser(count)
        .default(config.forks ?? DEFAULT_FORKS),
    )
    .option('-b, --become', 'become another user (root)', config.become)
    .option('--become-user <user>', 'user to become', config.becomeUser)
    .addOption(
      new Option('--become-method <method>', 'how to become')
        .choices(['sudo', 'doas', 'su'])
        .default(config.becomeMethod),
    )
    .option('-K, --ask-become-pass', 'ask for the password to become', config.askBecomePass)
    .option('-k, --ask-pass', 'ask for the login password (otherwise passwords are never tried)')
    .option('-u, --user <user>', 'login user', config.remoteUser)
    .option('--private-key <file>', 'login key', config.privateKeyFile)
    .addOption(
      new Option('-T, --timeout <seconds>', 'seconds to connect').argParser(positive).default(config.timeout ?? 20),
    )
    .addOption(
      new Option('--task-timeout <seconds>', 'seconds a task may take when it sets no timeout')
        .argParser(positive)
        .default(3600),
    )
    .addOption(new Option('-c, --connection <kind>', 'how to connect').choices(['ssh', 'local']))
    .option('--ssh-common-args <args>', 'options as for ssh, e.g. "-o ProxyJump=bastion"')
    .option(
      '--accept-new-host-keys',
      'record the key of a host that is not in known_hosts; a changed key is always refused',
    );
}

export function withPlayOptions(command: Command): Command {
  const config = readConfigFile();
  return withHostOptions(command)
    .addOption(new Option('-t, --tags <tags>', 'only tasks with these tags').argParser(collectWords).default([], 'all'))
    .addOption(
      new Option('--skip-tags <tags>', 'leave out tasks with these tags').argParser(collectWords).default([], 'none'),
    )
    .option('-D, --diff', 'show what changes in files')
    .option('--start-at-task <name>', 'begin at this task (name or pattern)')
    .option('--force-handlers', 'run notified handlers also on hosts that failed', config.forceHandlers)
    .option('--list-hosts', 'only show the hosts of each play')
    .option('--list-tasks', 'only show the tasks of each play')
    .option('--list-tags', 'only show the tags of each play')
    .option('--syntax-check', 'only check playbooks and inventory')
    .addOption(
      new Option('-o, --output <format>', 'how to report; without it pretty on a terminal, else plain').choices([
        'pretty',
        'plain',
        'json',
      ]),
    )
    .option('-v, --verbose', 'say more (repeatable)', (_: string, previous: number) => previous + 1, 0);
}
