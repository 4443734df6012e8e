import { distributionFacts } from './facts-distribution.ts';
import { networkFacts } from './facts-network.ts';
import { memoryFacts, mountFacts, timeFacts } from './facts-system.ts';

export type Facts = Readonly<Record<string, unknown>>;

/** What the facts script printed, cut into its sections, and its files by path. */
export interface FactText {
  section(name: string): string;
  lines(name: string): readonly string[];
  file(path: string): string | undefined;
}

/** Facts under Ansible's names from the output of the facts script. */
export function parseFacts(output: string): Facts {
  const text = factText(output);
  const facts = {
    // First, because interfaces have names that somebody chose.
    ...networkFacts(text),
    ...kernelFacts(text),
    ...distributionFacts(text),
    ...memoryFacts(text),
    ...processorFacts(text),
    ...mountFacts(text),
    ...timeFacts(text),
    ...userFacts(text),
    ...hardwareFacts(text),
  };
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`ansible_${name}`, value]));
}

function factText(output: string): FactText {
  const sections = new Map<string, string>();
  for (const part of output.split(/^@@(?=[a-z]+$)/m).slice(1)) {
    const end = part.indexOf('\n');
    sections.set(part.slice(0, end), part.slice(end + 1).trim());
  }
  const files = filesOf(sections.get('files') ?? '');
  const section = (name: string): string => sections.get(name) ?? '';
  return {
    section,
    lines: (name) => section(name).split('\n').filter(Boolean),
    file: (path) => files.get(path)?.join('\n'),
  };
}

function filesOf(text: string): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const path = line.slice(0, colon);
    files.set(path, [...(files.get(path) ?? []), line.slice(colon + 1)]);
  }
  return files;
}

function kernelFacts(text: FactText): Facts {
  const [system = '', nodename = '', kernel = '', ...rest] = text.section('uname').split(' ');
  const architecture = rest.at(-1) ?? '';
  const fqdn = text.section('fqdn') || nodename;
  return {
    system,
    kernel,
    kernel_version: rest.slice(0, -1).join(' '),
    architecture,
    machine: architecture,
    nodename,
    hostname: nodename.split('.')[0],
    fqdn,
    domain: fqdn.split('.').slice(1).join('.'),
    machine_id: text.file('/etc/machine-id') ?? '',
    boot_id: text.file('/proc/sys/kernel/random/boot_id') ?? '',
    cmdline: cmdlineOf(text.file('/proc/cmdline') ?? ''),
    proc_cmdline: cmdlineOf(text.file('/proc/cmdline') ?? ''),
    uptime_seconds: Math.floor(Number.parseFloat(text.file('/proc/uptime') ?? '0')),
  };
}

function cmdlineOf(line: string): Facts {
  const words = line.split(/\s+/).filter(Boolean);
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      return equals < 0 ? [word, true] : [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}

function processorFacts(text: FactText): Facts {
  const pairs = text.lines('cpu').map((line) => line.split(/\s*:\s*/, 2) as [string, string?]);
  const valuesOf = (key: string): readonly string[] =>
    pairs.filter(([name]) => name === key).map(([, value = '']) => value);
  const threads = valuesOf('processor').length;
  const sockets = new Set(valuesOf('physical id')).size || 1;
  const cores = Number(valuesOf('cpu cores')[0] ?? threads / sockets);
  return {
    processor: valuesOf('model name'),
    processor_count: sockets,
    processor_cores: cores,
    processor_vcpus: threads,
    processor_nproc: threads,
    processor_threads_per_core: Math.max(1, Math.round(threads / (sockets * cores))),
  };
}

function userFacts(text: FactText): Facts {
  const [name = '', uid, gid] = text.lines('id');
  const number = Number(uid);
  const [, , , , gecos = '', dir = '', shell = ''] = (text.lines('passwd')[0] ?? '').split(':');
  const environment = text
    .lines('env')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return {
    user_id: name,
    user_uid: number,
    effective_user_id: number,
    real_user_id: number,
    ...(gid !== undefined && { user_gid: Number(gid), effective_group_id: Number(gid), real_group_id: Number(gid) }),
    ...(dir !== '' && { user_gecos: gecos, user_dir: dir, user_shell: shell }),
    env: Object.fromEntries(environment),
  };
}

function hardwareFacts(text: FactText): Facts {
  const dmi = (name: string): string => text.file(`/sys/class/dmi/id/${name}`)?.trim() || 'NA';
  const type = text.section('virt') || 'none';
  return {
    product_name: dmi('product_name'),
    product_version: dmi('product_version'),
    product_serial: dmi('product_serial'),
    product_uuid: dmi('product_uuid'),
    system_vendor: dmi('sys_vendor'),
    board_name: dmi('board_name'),
    bios_version: dmi('bios_version'),
    bios_date: dmi('bios_date'),
    virtualization_type: type === 'none' ? 'NA' : type,
    virtualization_role: type === 'none' ? 'NA' : 'guest',
    selinux: selinuxOf(text.section('selinux')),
  };
}

function selinuxOf(mode: string): Facts {
  return mode === '' ? { status: 'disabled' } : { status: 'enabled', mode: mode === '1' ? 'enforcing' : 'permissive' };
}
