import { type Output, script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading, UNKNOWN } from '../contract/probe.ts';
import type { Resource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';
import { failed, fuse, succeeded } from './fuse.ts';

/** What systemd knows of a unit; the words are those of systemctl(1) and org.freedesktop.systemd1(5). */
export interface UnitState {
  readonly unit: string;
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error` */
  readonly load: string;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating` */
  readonly active: string;
  readonly sub: string;
  /** `enabled`, `disabled`, `static`, `masked`, …; empty when there is no unit file. */
  readonly unitFile: string;
  readonly needsDaemonReload: boolean;
  readonly mainPid: number;
  /** The result of the last run: `success`, `exit-code`, `signal`, … */
  readonly result: string;
  /** `simple`, `notify`, `oneshot`, …; empty for units that are no services. */
  readonly type?: string;
}

const PROPERTIES = 'Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,MainPID,Result,Type';

const SCRIPT = `command -v systemctl >/dev/null || { echo 'this host has no systemd' >&2; exit 127; }
systemctl show --no-pager -p ${PROPERTIES} -- "$@"`;

const kind: ProbeKind<string, UnitState> = {
  name: 'unit-state',
  ...fuse({
    group: () => '',
    size: 200,
    command: (units: readonly string[]) => script(SCRIPT, units),
    parse: parseUnits,
  }),
  predict: (unit, _value, overlay) => {
    const planned = overlay.fact(serviceResource(unit));
    return isUnitState(planned) ? planned : UNKNOWN;
  },
};

/**
 * The state of a systemd unit; a unit that does not exist has `load: 'not-found'`.
 * @throws {TaskError} for what cannot be a unit name
 * @example await read(unitState('ssh')) // { unit: 'ssh.service', load: 'loaded', active: 'active', … }
 */
export function unitState(name: string): Probe<UnitState> {
  const unit = unitName(name);
  return probe(kind, unit, [serviceResource(unit), 'path:/etc/systemd', 'path:/usr/lib/systemd', 'path:/run/systemd']);
}

/** systemd.unit(5): a name without a type is a service. */
export function unitName(name: string): string {
  if (!/^[\w:.\\@-]+$/.test(name) || name.startsWith('-')) throw new TaskError(`'${name}' is no unit name`);
  return /\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(name)
    ? name
    : `${name}.service`;
}

export function serviceResource(unit: string): Resource {
  return `service:/${unit}`;
}

function isUnitState(value: unknown): value is UnitState {
  return typeof value === 'object' && value !== null && 'active' in value;
}

/** Blocks of `Name=value` lines with a blank line between, in the order of the units asked for. */
export function parseUnits(units: readonly string[], output: Output): readonly Reading<UnitState>[] {
  if (output.code !== 0)
    return units.map(() => failed(Buffer.from(output.stderr).toString().trim() || 'systemctl failed'));
  const blocks = Buffer.from(output.stdout).toString().trim().split(/\n\n+/);
  if (blocks.length !== units.length) return units.map(() => failed('systemctl answered for another number of units'));
  return units.map((unit, index) => succeeded(unitOf(unit, blocks[index] ?? '')));
}

function unitOf(unit: string, block: string): UnitState {
  const lines = block
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  const values = new Map(lines);
  const value = (name: string): string => values.get(name) ?? '';
  return {
    unit,
    load: value('LoadState'),
    active: value('ActiveState'),
    sub: value('SubState'),
    unitFile: value('UnitFileState'),
    needsDaemonReload: value('NeedDaemonReload') === 'yes',
    mainPid: Number(value('MainPID') || 0),
    result: value('Result'),
    type: value('Type'),
  };
}
