import { readdirSync, readFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { startSshd } from '../support/sshd.ts';
import type { Sshd, SshdOptions } from '../support/sshd.ts';
import { startProgram } from './program.ts';
import type { Running, Told } from './program.ts';

export interface HostPlan {
  /** A server of its own with these options. Default: the one that all other hosts share. */
  readonly sshd?: SshdOptions;
  readonly vars?: Readonly<Record<string, unknown>>;
}

/** A play without facts over all hosts; tasks are indented by four. */
export function playOf(tasks: string, keywords = ''): string {
  return `- name: play\n  hosts: all\n  gather_facts: false\n${keywords}  tasks:\n${tasks}\n`;
}

export interface FleetCall {
  readonly verb?: 'run' | 'check';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default json, so that events can be looked at. */
  readonly output?: 'json' | 'plain' | 'pretty';
  readonly input?: string;
}

/** Hosts that are directories of this machine, each reached over real SSH; the variable `here` names a host's own. */
export interface Fleet {
  /** Of the controller: playbooks, inventory, HOME. */
  readonly directory: string;
  sshdOf(host: string): Sshd;
  /** A path of a host, e.g. `at('h1', 'etc/conf')`. */
  at(host: string, name?: string): string;
  write(host: string, name: string, content: string | Uint8Array): string;
  read(host: string, name: string): string;
  /** Runs the program and waits for its end. */
  run(playbook: string, call?: FleetCall): Promise<Told>;
  /** The same without waiting. */
  start(playbook: string, call?: FleetCall): Running;
  /** Temporary files of ours on any host, and processes that still name a host's directory. */
  leftovers(): readonly string[];
}

export async function fleet(hosts: Readonly<Record<string, HostPlan>>): Promise<Fleet> {
  const root = mkdtempSync(join(tmpdir(), 'fleet-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const servers = await serversFor(hosts);
  const at = (host: string, name = ''): string => join(root, 'hosts', host, name);
  for (const host of Object.keys(hosts)) mkdirSync(at(host), { recursive: true });
  const directory = join(root, 'controller');
  mkdirSync(directory);
  writeFileSync(join(directory, 'hosts.yaml'), inventoryText(hosts, servers, at));
  const start = (playbook: string, call: FleetCall = {}): Running => {
    writeFileSync(join(directory, 'site.yaml'), playbook);
    return startProgram(programArgs(call), { cwd: directory, env: call.env, input: call.input });
  };
  return {
    directory,
    at,
    sshdOf: (host) => serverOf(servers, host),
    write: (host, name, content) => {
      mkdirSync(dirname(at(host, name)), { recursive: true });
      writeFileSync(at(host, name), content);
      return at(host, name);
    },
    read: (host, name) => readFileSync(at(host, name), 'utf8'),
    start,
    run: (playbook, call) => start(playbook, call).ended,
    leftovers: () => [...temporaryFiles(join(root, 'hosts')), ...processesNaming(join(root, 'hosts'))],
  };
}

function programArgs({ verb = 'run', output = 'json', args = [] }: FleetCall): readonly string[] {
  return [verb, 'site.yaml', '-i', 'hosts.yaml', '-T', '5', '--task-timeout', '30', '-o', output, ...args];
}

async function serversFor(hosts: Readonly<Record<string, HostPlan>>): Promise<ReadonlyMap<string, Sshd>> {
  let shared: Promise<Sshd> | undefined;
  const started = Object.entries(hosts).map(async ([host, { sshd }]) => {
    if (sshd === undefined) shared ??= startSshd();
    return [host, await (sshd === undefined ? (shared ?? startSshd()) : startSshd(sshd))] as const;
  });
  const servers = new Map(await Promise.all(started));
  onTestFinished(async () => {
    await Promise.all([...new Set(servers.values())].map((server) => server.stop()));
  });
  return servers;
}

function serverOf(servers: ReadonlyMap<string, Sshd>, host: string): Sshd {
  const server = servers.get(host);
  if (server === undefined) throw new Error(`the fleet has no ${host}`);
  return server;
}

/** JSON is YAML. Variables of a plan win, undefined ones are left out. */
function inventoryText(
  hosts: Readonly<Record<string, HostPlan>>,
  servers: ReadonlyMap<string, Sshd>,
  at: (host: string) => string,
): string {
  const vars = Object.entries(hosts).map(([host, plan]) => {
    const sshd = serverOf(servers, host);
    return [host, { ...connectionVars(sshd), here: at(host), ...plan.vars }];
  });
  return JSON.stringify({ all: { hosts: Object.fromEntries(vars) } });
}

export function connectionVars(sshd: Sshd): Readonly<Record<string, unknown>> {
  return {
    ansible_host: sshd.address,
    ansible_port: sshd.port,
    ansible_user: sshd.user,
    ansible_ssh_private_key_file: sshd.identityFile,
    ansible_ssh_common_args: `-F none -o UserKnownHostsFile=${sshd.knownHostsFile} -o GlobalKnownHostsFile=/dev/null`,
  };
}

function temporaryFiles(directory: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /(^|\/)\.tsplay-/.test(name));
}

function processesNaming(directory: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => `${pid} ${commandLine(pid)}`)
    .filter((line) => line.includes(directory));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Waits for something to become true; throws with what was waited for when it does not. */
export async function until(what: string, isTrue: () => boolean, seconds = 15): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(20);
  }
}
