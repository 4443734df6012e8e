import { join } from 'node:path';
import { labCommand } from '../../lab/command.ts';
import { defaultHosts, type Fault, type HostOptions } from '../../lab/options.ts';
import { runningLab } from '../../lab/pid-file.ts';
import { MACHINE_START_MS, startLabMachine } from '../../lab/vm/lab-machine.ts';
import { suggest } from '../../language/suggest.ts';

export interface LabVerbOptions {
  readonly detach?: boolean;
  readonly state: string;
  readonly fault: readonly string[];
  readonly bootSeconds?: number;
  readonly vm?: boolean;
}

const ACTIONS = ['start', 'stop', 'status'] as const;

/** What can be ordered on the command line, with an example of the value it takes. */
export const FAULTS: Readonly<Record<Fault['kind'], (value: string) => Fault>> = {
  'never-returns': () => ({ kind: 'never-returns' }),
  'new-host-key': () => ({ kind: 'new-host-key' }),
  'same-boot-id': () => ({ kind: 'same-boot-id' }),
  'hang-unbind': (value) => ({ kind: 'hang-unbind', ...(value ? { bdf: value } : {}) }),
  'full-boot': () => ({ kind: 'full-boot' }),
  'slow-link': (value) => ({ kind: 'slow-link', delayMs: Number(value || 100) }),
  'drop-after-bytes': (value) => ({ kind: 'drop-after-bytes', bytes: Number(value || 20_000) }),
  noise: (value) => ({ kind: 'noise', ...(value ? { text: value } : {}) }),
  'wrong-machine-id': () => ({ kind: 'wrong-machine-id' }),
  'second-reboot': (value) => ({ kind: 'second-reboot', afterMs: Number(value || 3000) }),
};

/** `tsplay lab`. */
export async function lab(action: string, options: LabVerbOptions): Promise<number> {
  const known = ACTIONS.find((one) => one === action);
  if (!known) throw new Error(`lab ${action}: use start, stop or status`);
  if (options.vm) return machine(known, options);
  if (known === 'stop' && (await isOnlyMachine(options.state))) return machine(known, options);
  const hosts = withFaults(options.fault);
  const again = ['lab', 'start', '--state', options.state, ...options.fault.flatMap((fault) => ['--fault', fault])];
  return labCommand({
    action: known,
    detach: options.detach,
    foreground: [process.execPath, process.argv[1] ?? '', ...again],
    lab: { directory: options.state, hosts },
    print: (line) => console.log(line),
  });
}

/** Whether the virtual machine runs from here and no simulated hosts do: then it is what "stop" means. */
async function isOnlyMachine(state: string): Promise<boolean> {
  const [simulated, virtual] = await Promise.all([runningLab(state), runningLab(join(state, 'vm'))]);
  return simulated === undefined && virtual !== undefined;
}

/** One virtual machine instead of simulated hosts. It runs beside them, in a directory of its own. */
async function machine(action: (typeof ACTIONS)[number], { detach, state, fault }: LabVerbOptions): Promise<number> {
  if (fault.length > 0) throw new Error('--fault is for simulated hosts; a virtual machine has faults of its own');
  return labCommand({
    action,
    detach,
    foreground: [process.execPath, process.argv[1] ?? '', 'lab', 'start', '--vm', '--state', state],
    lab: { directory: join(state, 'vm') },
    start: (directory) => startLabMachine(directory, (line) => console.log(line)),
    startDeadlineMs: MACHINE_START_MS,
    print: (line) => console.log(line),
  });
}

function withFaults(orders: readonly string[]): readonly HostOptions[] {
  const faults = orders.map(parseFault);
  return defaultHosts.map((host) => ({
    ...host,
    faults: faults.filter(({ name }) => name === host.name).map(({ fault }) => fault),
  }));
}

function parseFault(order: string): { readonly name: string; readonly fault: Fault } {
  const [, name, kind = '', value = ''] = /^([^=]+)=([a-z-]+)(?::(.*))?$/.exec(order) ?? [];
  const names = defaultHosts.map((host) => host.name);
  if (name === undefined || !names.includes(name))
    throw new Error(`--fault ${order}: write host=fault; hosts are ${names.join(', ')}`);
  if (!isFault(kind))
    throw new Error(
      `--fault ${order}: no fault is named ${kind}${hint(kind)}; faults are ${Object.keys(FAULTS).join(', ')}`,
    );
  return { name, fault: FAULTS[kind](value) };
}

function isFault(kind: string): kind is Fault['kind'] {
  return Object.hasOwn(FAULTS, kind);
}

function hint(kind: string): string {
  const similar = suggest(kind, Object.keys(FAULTS));
  return similar ? ` (did you mean ${similar}?)` : '';
}
