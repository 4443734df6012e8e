import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Problems } from '../contract/problem.ts';

/** What we take over from an ansible.cfg; absent where it says nothing. Paths are absolute. */
export interface ConfigFile {
  readonly problems: Problems;
  readonly inventory?: readonly string[];
  readonly rolesPath?: readonly string[];
  readonly forks?: number;
  readonly remoteUser?: string;
  readonly privateKeyFile?: string;
  /** Seconds. */
  readonly timeout?: number;
  readonly vaultPasswordFile?: string;
  readonly forceHandlers?: boolean;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: string;
  readonly askBecomePass?: boolean;
  /** As for ssh(1). */
  readonly sshArgs?: string;
}

/**
 * Reads ANSIBLE_CONFIG, else ./ansible.cfg: the settings that have a meaning here. They are defaults: the command line
 * and the environment win. A file in a directory that everybody may write to is not believed, as in
 * Ansible (docs.ansible.com: "Avoiding security risks with ansible.cfg in the current directory").
 */
export function readConfigFile(environment: NodeJS.ProcessEnv = process.env, directory = process.cwd()): ConfigFile {
  const problems = new Problems();
  const named = environment.ANSIBLE_CONFIG;
  const file = resolve(directory, named || 'ansible.cfg');
  if (!existsSync(file)) {
    if (named) problems.error(`ANSIBLE_CONFIG names ${named}, and there is no such file`);
    return { problems };
  }
  if (!named && isWritableByAll(dirname(file))) {
    problems.warn(`${file} is not read, because everybody may write to its directory`, {
      hint: 'name it in ANSIBLE_CONFIG if it is yours',
    });
    return { problems };
  }
  return {
    problems,
    ...settingsOf(new Section(file, 'defaults', problems)),
    ...becomeOf(new Section(file, 'privilege_escalation', problems)),
    ...sshOf(new Section(file, 'ssh_connection', problems)),
  };
}

function isWritableByAll(directory: string): boolean {
  return (statSync(directory).mode & 0o002) !== 0;
}

type Settings = Omit<ConfigFile, 'problems'>;

function becomeOf(section: Section): Settings {
  const method = section.text('become_method');
  if (method !== undefined && !['sudo', 'doas', 'su'].includes(method))
    section.complain('become_method', `must be sudo, doas or su, not ${method}`);
  return present({
    become: section.flag('become'),
    becomeUser: section.text('become_user'),
    becomeMethod: method,
    askBecomePass: section.flag('become_ask_pass'),
  });
}

/** All that Ansible would give to ssh, in its order. */
function sshOf(section: Section): Settings {
  const args = ['ssh_args', 'ssh_common_args', 'ssh_extra_args'].map((key) => section.text(key));
  return present({ sshArgs: args.filter((line) => line !== undefined).join(' ') || undefined });
}

function settingsOf(section: Section): Settings {
  if (section.flag('host_key_checking') === false) {
    section.complain(
      'host_key_checking',
      'host keys are always checked',
      'remove it; --accept-new-host-keys records new ones',
    );
  }
  return present({
    inventory: section.paths('inventory', ','),
    rolesPath: section.paths('roles_path', ':'),
    forks: section.number('forks'),
    remoteUser: section.text('remote_user'),
    privateKeyFile: section.paths('private_key_file', undefined)?.[0],
    timeout: section.number('timeout'),
    vaultPasswordFile: section.paths('vault_password_file', undefined)?.[0],
    forceHandlers: section.flag('force_handlers'),
  });
}

function present(settings: { readonly [Key in keyof Settings]?: Settings[Key] | undefined }): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

interface Entry {
  readonly value: string;
  readonly line: number;
}

/** One section of a file, as Python's configparser reads it: `;` and `#` lines, ` ;` after a value. */
class Section {
  readonly #file: string;
  readonly #problems: Problems;
  readonly #entries = new Map<string, Entry>();

  constructor(file: string, wanted: string, problems: Problems) {
    this.#file = file;
    this.#problems = problems;
    let name = '';
    for (const [index, line] of readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
      name = /^\s*\[([^\]]+)\]/.exec(line)?.[1] ?? name;
      const [, key, value = ''] = /^([A-Za-z_]\w*)\s*[=:]\s*(.*?)(?:\s+[;#].*)?\s*$/.exec(line) ?? [];
      if (name === wanted && key !== undefined) this.#entries.set(key.toLowerCase(), { value, line: index + 1 });
    }
  }

  text(key: string): string | undefined {
    return this.#entries.get(key)?.value || undefined;
  }

  number(key: string): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (Number(value) > 0) return Number(value);
    return this.complain(key, `must be a number above 0, not ${value}`);
  }

  flag(key: string): boolean | undefined {
    const value = this.text(key)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['true', 'yes', 'on', '1', 't', 'y'].includes(value)) return true;
    if (['false', 'no', 'off', '0', 'f', 'n'].includes(value)) return false;
    return this.complain(key, `must be true or false, not ${value}`);
  }

  /** Relative ones are meant from the file's directory. A list of hosts stays as it is. */
  paths(key: string, separator: string | undefined): readonly string[] | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (key === 'inventory' && value.endsWith(',')) return [value];
    const parts = separator === undefined ? [value] : value.split(separator);
    const paths = parts.map((part) => part.trim()).filter((part) => part !== '');
    return paths.map((path) => resolve(dirname(this.#file), path.replace(/^~(?=\/|$)/, homedir())));
  }

  complain(key: string, message: string, hint?: string): undefined {
    const position = { file: this.#file, line: this.#entries.get(key)?.line ?? 1, column: 1 };
    this.#problems.error(`${key}: ${message}`, { position, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  }
}
