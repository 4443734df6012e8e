import type { ConfigFiles } from './kernel/modprobe-config.ts';
import { novaRefusal } from './nova-config.ts';

export type ActiveState = 'active' | 'inactive' | 'failed';

export interface UnitState {
  readonly active: ActiveState;
  /** When it last became active. */
  readonly since: Date | undefined;
  readonly pid: number;
  readonly journal: readonly string[];
}

export interface UnitFile {
  readonly path: string;
  readonly text: string;
  readonly dropIns: readonly string[];
}

const directories = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
] as const;
const never: UnitState = { active: 'inactive', since: undefined, pid: 0, journal: [] };

export const unitName = (name: string): string => (/\.[a-z]+$/.test(name) ? name : `${name}.service`);

/** What the service manager of one boot knows: which units run, and since when. */
export class Units {
  readonly #states = new Map<string, UnitState>();
  readonly #files: (paths: readonly string[]) => Promise<ConfigFiles>;
  // Beyond any pid_max: no process answers to it, so none can be mistaken for the service.
  #nextPid = 5_000_001;

  constructor(files: (paths: readonly string[]) => Promise<ConfigFiles>) {
    this.#files = files;
  }

  state(name: string): UnitState {
    return this.#states.get(unitName(name)) ?? never;
  }

  all(): readonly (readonly [string, UnitState])[] {
    return [...this.#states];
  }

  async file(name: string): Promise<UnitFile | undefined> {
    const unit = unitName(name);
    const paths = directories.map((directory) => `${directory}/${unit}`);
    const found = await this.#files([...paths, ...paths.map((path) => `${path}.d`)]);
    const path = paths.find((each) => found.has(each));
    if (path === undefined) return undefined;
    const dropIns = [...found].filter(([each]) => each.includes(`${unit}.d/`)).map(([, text]) => text);
    return { path, text: found.get(path) ?? '', dropIns };
  }

  /** False when the unit's program refuses its configuration. A unit that runs already is left alone. */
  async start(name: string): Promise<boolean> {
    const unit = unitName(name);
    if (this.state(unit).active === 'active') return true;
    const file = await this.file(unit);
    const refusal = file ? await this.#refusal(unit, file) : undefined;
    const { journal } = this.state(unit);
    if (refusal) this.#states.set(unit, { ...never, active: 'failed', journal: [...journal, refusal] });
    else this.#states.set(unit, { active: 'active', since: new Date(), pid: this.#nextPid++, journal });
    return refusal === undefined;
  }

  stop(name: string): void {
    const unit = unitName(name);
    const before = this.state(unit);
    if (before.active !== 'inactive') this.#states.set(unit, { ...before, active: 'inactive', pid: 0 });
  }

  async #refusal(unit: string, file: UnitFile): Promise<string | undefined> {
    const service = unit.replace(/\.service$/, '');
    if (!service.includes('nova-')) return undefined;
    return novaRefusal(service, await this.#files(configFiles(execStart(file))));
  }
}

const configFiles = (command: string): readonly string[] =>
  [...command.matchAll(/--config-(?:file|dir)[= ](\S+)/g)].map(([, path = '']) => path);

/** A setting of a section; what a drop-in says comes after what the unit says. */
export function settings(file: UnitFile, key: string): readonly string[] {
  return [file.text, ...file.dropIns].flatMap((text) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value.trim()),
  );
}

/** An empty assignment resets the list (systemd.service(5)). */
export function execStart(file: UnitFile): string {
  return settings(file, 'ExecStart').at(-1) ?? '';
}

const wants = '/etc/systemd/system/multi-user.target.wants';

/** What multi-user.target pulls in. A unit that refuses its configuration stays failed, and the boot goes on. */
export async function startEnabledUnits(
  units: Units,
  files: (paths: readonly string[]) => Promise<ConfigFiles>,
): Promise<void> {
  const enabled = [...(await files([wants])).keys()].map((path) => path.slice(wants.length + 1));
  for (const unit of enabled.filter((name) => !name.includes('/'))) await units.start(unit);
}
