import { dirname, resolve } from 'node:path';
import type { Play, RoleContext } from '../language/playbook/types.ts';
import type { RunContext } from './context.ts';
import { type Layer, lazyLayer, OMIT } from './scope.ts';

/** What the magic variables of one host and task are made from. */
export interface MagicSources {
  readonly run: RunContext;
  readonly play: Play;
  readonly host: string;
  readonly role: RoleContext | undefined;
  /** Live hosts of the batch and of the play, and all the play began with. */
  readonly batchHosts: () => readonly string[];
  readonly playHosts: () => readonly string[];
  readonly allPlayHosts: readonly string[];
  readonly hostvars: () => unknown;
  readonly facts: () => unknown;
}

/** The Ansible version whose behaviour we follow, for playbooks that ask. */
const COMPATIBLE_VERSION = { full: '2.19.0', major: 2, minor: 19, revision: 0, string: '2.19.0' };

/** Ansible's magic variables; nothing a user or a host says can replace them. */
export function magicLayer(sources: MagicSources): Layer {
  const { run, play, host, role } = sources;
  const { settings, inventory } = run;
  return lazyLayer({
    inventory_hostname: () => host,
    inventory_hostname_short: () => host.split('.')[0],
    group_names: () => (inventory.hosts.get(host)?.groups ?? []).filter((group) => group !== 'all').toSorted(),
    groups: () => Object.fromEntries([...inventory.groups].map(([name, group]) => [name, group.hosts])),
    hostvars: sources.hostvars,
    ansible_facts: sources.facts,
    ansible_play_hosts: sources.playHosts,
    play_hosts: sources.playHosts,
    ansible_play_hosts_all: () => sources.allPlayHosts,
    ansible_play_batch: sources.batchHosts,
    ansible_check_mode: () => settings.mode === 'check',
    ansible_diff_mode: () => settings.showDiff,
    ansible_forks: () => settings.forks,
    ansible_run_tags: () => (settings.only.length > 0 ? settings.only : ['all']),
    ansible_skip_tags: () => settings.skip,
    ansible_version: () => COMPATIBLE_VERSION,
    playbook_dir: () => play.directory,
    ansible_play_name: () => [play.name].flat().join(','),
    ansible_play_role_names: () => roleNames(play, ({ parents }) => parents.length === 0),
    role_names: () => roleNames(play, ({ parents }) => parents.length === 0),
    ansible_dependent_role_names: () => roleNames(play, ({ parents }) => parents.length > 0),
    ansible_role_names: () => roleNames(play, () => true),
    ansible_inventory_sources: () => givenSources(inventory.sources),
    inventory_file: () => inventory.hosts.get(host)?.file ?? null,
    inventory_dir: () => directoryOf(inventory.hosts.get(host)?.file),
    omit: () => OMIT,
    ...(settings.limit === undefined ? {} : { ansible_limit: () => settings.limit }),
    ...(role ? roleVariables(role) : {}),
  });
}

function roleNames({ roles }: Play, isMeant: (role: RoleContext) => boolean): readonly string[] {
  return [...new Set(roles.filter(isMeant).map(({ name }) => name))];
}

function roleVariables(role: RoleContext): Readonly<Record<string, () => unknown>> {
  return {
    role_path: () => role.path,
    role_name: () => role.name,
    ansible_role_name: () => role.name,
    ansible_parent_role_names: () => role.parents,
  };
}

/** What `-i` named: files inside a directory of sources are not. */
function givenSources(sources: readonly string[]): readonly string[] {
  const paths = sources.map((source) => resolve(source));
  return paths.filter((path) => !paths.includes(dirname(path)));
}

function directoryOf(file: string | undefined): string | null {
  return file === undefined ? null : dirname(file);
}
