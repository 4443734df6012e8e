import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { kindOf } from '../changes/kinds.ts';
import type { AnyModule } from '../contract/module.ts';
import { Problems } from '../contract/problem.ts';
import { Secret, SecretRegistry } from '../contract/secret.ts';
import type { Compiler, RunSettings } from '../engine/context.ts';
import { lookups } from '../engine/lookups.ts';
import { Registry } from '../engine/registry.ts';
import type { RunInput } from '../engine/run.ts';
import { Stop } from '../engine/stop.ts';
import { loadInventory } from '../language/inventory/load-inventory.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import { expandLimit } from '../language/inventory/split-pattern.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { createCompiler } from '../language/jinja/compile.ts';
import { standardEnvironment } from '../language/jinja/environment.ts';
import type { Environment } from '../language/jinja/types.ts';
import { PlaybookLoader } from '../language/playbook/loader.ts';
import type { Playbook } from '../language/playbook/types.ts';
import { readFailure } from '../language/read-failure.ts';
import { isVaultText } from '../language/vault/envelope.ts';
import { openVault, type Vault } from '../language/vault/vault.ts';
import { parseYamlValue } from '../language/yaml/read-yaml.ts';
import modules from '../modules/index.ts';
import { createTransport } from '../transport/transport.ts';
import { readConfigFile } from './config-file.ts';
import { checkConnections } from './connection-problems.ts';
import { extraVars } from './extra-vars.ts';
import type { PlayOptions } from './options.ts';
import { checkPlayHosts, checkStart, checkTags } from './play-hosts.ts';
import { ask, askSecret } from './prompts.ts';
import { requireOpenFiles } from './open-files.ts';
import { hostsTakingPart } from './taking-part.ts';
import { readVariableFiles } from './variable-files.ts';
import { checkVariables } from './unset-variables.ts';
import { vaultPasswords } from './vault-passwords.ts';

/** Everything a verb works with, made from the command line. Problems say what could not be made. */
export interface Composition {
  readonly problems: Problems;
  readonly secrets: SecretRegistry;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly compiler: Compiler;
  readonly environment: Environment;
  readonly inventory: Inventory;
  readonly extra: Readonly<Record<string, unknown>>;
}

type SourceOptions = Pick<PlayOptions, 'inventory' | 'extraVars' | 'vaultPasswordFile' | 'vaultId' | 'askVaultPass'>;

/** Reads everything that does not depend on a playbook. */
export async function compose(options: SourceOptions): Promise<Composition> {
  const config = readConfigFile();
  const { problems } = config;
  const secrets = new SecretRegistry();
  const vault = openVault(await vaultPasswords(options, problems, config.vaultPasswordFile), secrets);
  const environment = standardEnvironment(lookups, { parseYaml: parseYamlValue });
  const inventory = await loadInventory(sources(options.inventory, config.inventory, problems), {
    problems,
    vaultDecrypt: (text) => vault.decrypt(text),
  });
  const extra = extraVars(options.extraVars, problems, (text) => plainText(text, vault));
  return {
    problems,
    secrets,
    vault,
    registry: registry(),
    compiler: { ...createCompiler(environment), ...vault },
    environment,
    inventory,
    extra,
  };
}

export function registry(): Registry {
  return new Registry(modules as readonly AnyModule[]);
}

function sources(
  given: readonly string[],
  configured: readonly string[] | undefined,
  problems: Problems,
): readonly string[] {
  if (given.length > 0) return given;
  const fromEnvironment = process.env.TSPLAY_INVENTORY ?? process.env.ANSIBLE_INVENTORY;
  if (fromEnvironment) return fromEnvironment.split(',').filter(Boolean);
  if (configured) return configured;
  if (existsSync('inventory')) return ['inventory/'];
  problems.error('no inventory: there is no inventory/ here', {
    hint: 'name one with -i: a file, a directory, a script, or "host1,host2,"',
  });
  return [];
}

function plainText(text: string, vault: Vault): string {
  return isVaultText(text) ? vault.decrypt(text) : text;
}

/** Reads the playbooks; all problems of all of them are in `composition.problems`. */
export function loadPlaybooks(
  composition: Composition,
  files: readonly string[],
): { readonly loader: PlaybookLoader; readonly playbooks: readonly Playbook[] } {
  const { problems, registry: modules, compiler, vault } = composition;
  const loader = new PlaybookLoader({
    problems,
    modules,
    compiler,
    roleDirectories: roleDirectories(files),
    decrypt: (text) => vault.decrypt(text),
  });
  const playbooks = files.flatMap((file) => {
    const fault = playbookFault(file);
    if (fault !== undefined) {
      problems.error(fault);
      return [];
    }
    return loader.load(file) ?? [];
  });
  return { loader, playbooks };
}

function playbookFault(file: string): string | undefined {
  if (file === '') return 'the name of a playbook is empty';
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return `there is no playbook ${file}`;
    if (found.isDirectory()) return `${file} is a directory, not a playbook`;
    return found.isCharacterDevice() || found.isBlockDevice() ? `${file} is a device, not a playbook` : undefined;
  } catch (error) {
    return `the playbook ${file} cannot be read: ${readFailure(error)}`;
  }
}

/** roles/ beside the playbook's directory and here, then where Ansible keeps them. */
function roleDirectories(files: readonly string[]): readonly string[] {
  const named = process.env.TSPLAY_ROLES_PATH ?? process.env.ANSIBLE_ROLES_PATH;
  const configured = named?.split(':').filter(Boolean) ?? readConfigFile().rolesPath ?? [];
  const near = files.map((file) => resolve(dirname(file), '..', 'roles'));
  return [
    ...new Set([...near, resolve('roles'), ...configured, join(homedir(), '.ansible', 'roles'), '/etc/ansible/roles']),
  ];
}

/** The hosts of `--limit`, or undefined for all. A limit that matches nothing is a problem. */
export function limitOf(composition: Composition, limit: string | undefined): ReadonlySet<string> | undefined {
  if (limit === undefined) return undefined;
  const parts = expandLimit(limit, composition.problems);
  const hosts = matchHosts(parts, composition.inventory, composition.problems);
  if (hosts.length === 0) composition.problems.error(`--limit ${limit || '""'} matches no host of the inventory`);
  return new Set(hosts);
}

export async function runInput(
  composition: Composition,
  files: readonly string[],
  mode: 'run' | 'check',
  options: PlayOptions,
): Promise<Omit<RunInput, 'reporters'>> {
  const { loader, playbooks } = loadPlaybooks(composition, files);
  const limit = limitOf(composition, options.limit);
  readVariableFiles(composition.inventory, playbooks, limit);
  requireOpenFiles(hostsTakingPart(playbooks, composition.inventory, limit).size, composition.problems);
  checkPlayHosts(playbooks, composition.inventory, composition.problems);
  const { worksHere } = loader;
  const hasKeys = !(options.syntaxCheck || options.listHosts || options.listTasks || options.listTags);
  checkConnections({ ...composition, playbooks, limit, options, hasKeys, worksHere }, composition.problems);
  const selection = { only: options.tags, skip: options.skipTags };
  checkStart(playbooks, options.startAtTask, selection, composition.problems);
  checkTags(playbooks, selection, composition.problems);
  if (limit === undefined) checkVariables(playbooks, loader, composition);
  return {
    playbooks,
    loader,
    limit,
    inventory: composition.inventory,
    registry: composition.registry,
    compiler: composition.compiler,
    environment: composition.environment,
    transport: createTransport(),
    kindOf,
    secrets: composition.secrets,
    settings: await settings(composition, mode, options),
    prompted: composition.problems.hasErrors ? {} : await prompted(playbooks, composition),
    decrypt: (text) => plainText(text, composition.vault),
    stop: new Stop(),
  };
}

export async function settings(
  composition: Composition,
  mode: 'run' | 'check',
  options: PlayOptions,
): Promise<RunSettings> {
  const password = options.askPass
    ? new Secret(await askSecret('SSH password: ', 'set ansible_password, in a vault'))
    : undefined;
  const becomePassword = options.askBecomePass
    ? new Secret(await askSecret('Become password: ', 'set ansible_become_password, in a vault'))
    : undefined;
  for (const secret of [password, becomePassword]) if (secret) composition.secrets.add(secret.reveal());
  return {
    mode: options.check ? 'check' : mode,
    verbosity: options.verbose,
    showDiff: options.diff === true,
    forks: options.forks,
    only: options.tags,
    skip: options.skipTags,
    limit: options.limit,
    forceHandlers: options.forceHandlers === true,
    startAtTask: options.startAtTask,
    extraVars: composition.extra,
    taskTimeout: options.taskTimeout,
    connection: {
      user: options.user,
      privateKeyFile: options.privateKey,
      password,
      becomePassword,
      become: options.become,
      becomeUser: options.becomeUser,
      becomeMethod: options.becomeMethod,
      connection: options.connection,
      connectTimeoutMs: options.timeout * 1000,
      hostKeyPolicy: options.acceptNewHostKeys ? 'accept-new' : 'strict',
      sshArgs: options.sshCommonArgs,
      configuredSshArgs: readConfigFile().sshArgs,
    },
  };
}

/** Answers to `vars_prompt`; a variable given with -e is not asked for. */
async function prompted(
  playbooks: readonly Playbook[],
  { extra, secrets }: Composition,
): Promise<Readonly<Record<string, unknown>>> {
  const answers: Record<string, unknown> = {};
  for (const { name, prompt, default: fallback, isPrivate } of playbooks.flatMap(({ plays }) =>
    plays.flatMap((play) => play.varsPrompt),
  )) {
    if (name in extra || name in answers) continue;
    const answer = await (isPrivate ? askSecret : ask)(`${prompt}: `, `give it with -e ${name}=…`);
    if (isPrivate) secrets.add(answer);
    answers[name] = answer === '' ? fallback : answer;
  }
  return answers;
}
