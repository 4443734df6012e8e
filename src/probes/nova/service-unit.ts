import type { PredictedFact } from '../../contract/change.ts';
import { script } from '../../contract/command.ts';
import { type Overlay, type Probe, type ProbeKind, probe, UNKNOWN } from '../../contract/probe.ts';
import { fuse, succeeded } from '../fuse.ts';
import { serviceResource, type UnitState, unitName } from '../service.ts';

/** One systemd unit as far as restarting it after a change of its configuration needs it. */
export interface ServiceUnit {
  readonly name: string;
  /** False also where there is no systemd. */
  readonly isLoaded: boolean;
  /** systemd's ActiveState: active, inactive, failed, activating, … */
  readonly activeState: string;
  /**
   * Seconds since the epoch at which the running main process was started, which is before it read any configuration;
   * the unit's own activation where systemd does not say; null when neither can be read.
   */
  readonly startedAt: number | null;
  /** Words of the running main process; empty when none runs or it may not be seen. */
  readonly commandLine: readonly string[];
  /** Words of ExecStart. */
  readonly execStart: readonly string[];
  readonly unitFile: string;
  /**
   * OS_NOVA_CONFIG_* of the running process, by which an API inside a web server finds its files; and, without their values,
   * the variables by which it sets options: `OS_PCI__ALIAS` (oslo.config `sources/_environment.py`).
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** The host's clock when this was read, in seconds. */
  readonly now: number;
}

// TZ makes the timestamps readable where --timestamp (systemd 247) is unknown. A cat of cmdline shows only own processes
// to users without rights, hence the test.
const ASK = `
TZ=UTC; export TZ
for unit do
  printf '@@ %s\\nNow=%s\\n' "$unit" "$(date +%s)"
  props=LoadState,ActiveState,UnitFileState,MainPID,ActiveEnterTimestamp,ExecMainStartTimestamp,ExecStart
  shown=$(systemctl show --timestamp=us+utc -p "$props" -- "$unit" 2>/dev/null) ||
    shown=$(systemctl show -p "$props" -- "$unit" 2>/dev/null) || continue
  printf '%s\\n' "$shown"
  pid=$(printf '%s\\n' "$shown" | sed -n 's/^MainPID=//p')
  case $pid in ''|0) continue;; esac
  [ -r "/proc/$pid/cmdline" ] && tr '\\000\\n' '\\n ' <"/proc/$pid/cmdline" | sed 's/^/Word=/'
  [ -r "/proc/$pid/environ" ] && tr '\\000\\n' '\\n ' <"/proc/$pid/environ" | sed -n -e 's/^OS_NOVA_CONFIG_/Env=&/p' -e 's/^\\(OS_[A-Za-z0-9_]*__[A-Za-z0-9_]*=\\).*/Env=\\1/p'
done
exit 0`;

const kind: ProbeKind<string, ServiceUnit> = {
  name: 'nova-service-unit',
  ...fuse({
    group: () => '',
    size: 32,
    command: (units: readonly string[]) => script(ASK, units),
    parse: (units, output) => {
      const blocks = blocksOf(Buffer.from(output.stdout).toString('utf8'));
      return units.map((unit) => succeeded(parseUnit(unit, blocks.get(unit) ?? [])));
    },
  }),
  predict,
};

/**
 * State, start time and command line of a systemd unit. A unit that does not exist is `isLoaded: false`.
 *
 * Source: systemctl(1) `show`, org.freedesktop.systemd1(5).
 */
export function serviceUnit(name: string): Probe<ServiceUnit> {
  return probe(kind, name, [serviceResource(unitName(name))]);
}

/** What check mode knows of a unit after a planned restart; `service` tasks read the same fact. */
export function restartedUnit({ name, unitFile }: ServiceUnit): PredictedFact {
  const unit = unitName(name);
  const value: UnitState = {
    unit,
    load: 'loaded',
    active: 'active',
    sub: 'running',
    unitFile,
    needsDaemonReload: false,
    mainPid: 0,
    result: 'success',
  };
  return { resource: serviceResource(unit), value: { ...value, isRestarted: true } };
}

/** A unit that a planned installation may bring cannot be known; one that is there stays as it is, unless planned otherwise. */
function predict(name: string, value: ServiceUnit, overlay: Overlay): ServiceUnit | typeof UNKNOWN {
  const planned = plannedState(overlay.fact(serviceResource(unitName(name))));
  if (!planned) return value.isLoaded ? value : UNKNOWN;
  const isFresh = planned.isRestarted === true || (planned.active === 'active' && value.activeState !== 'active');
  return { ...value, isLoaded: true, activeState: planned.active, startedAt: isFresh ? Infinity : value.startedAt };
}

function plannedState(fact: unknown): { readonly active: string; readonly isRestarted?: unknown } | undefined {
  if (typeof fact !== 'object' || fact === null || !('active' in fact) || typeof fact.active !== 'string')
    return undefined;
  return { active: fact.active, ...('isRestarted' in fact && { isRestarted: fact.isRestarted }) };
}

function blocksOf(text: string): ReadonlyMap<string, readonly string[]> {
  const blocks = new Map<string, string[]>();
  let block: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('@@ ')) blocks.set(line.slice(3), (block = []));
    else block.push(line);
  }
  return blocks;
}

function parseUnit(name: string, lines: readonly string[]): ServiceUnit {
  const properties = new Map(lines.map((line) => splitAt(line, line.indexOf('='))));
  const main = secondsOf(properties.get('ExecMainStartTimestamp'));
  return {
    name,
    isLoaded: properties.get('LoadState') === 'loaded',
    activeState: properties.get('ActiveState') ?? 'unknown',
    startedAt: main ?? secondsOf(properties.get('ActiveEnterTimestamp')),
    commandLine: lines.filter((line) => line.startsWith('Word=')).map((line) => line.slice(5)),
    execStart: execWords(properties.get('ExecStart') ?? ''),
    unitFile: properties.get('UnitFileState') ?? '',
    ...environmentOf(lines),
    now: Number(properties.get('Now') ?? 0),
  };
}

function environmentOf(lines: readonly string[]): Pick<ServiceUnit, 'environment'> {
  const set = lines.filter((line) => line.startsWith('Env=')).map((line) => line.slice(4));
  return set.length === 0 ? {} : { environment: Object.fromEntries(set.map((one) => splitAt(one, one.indexOf('=')))) };
}

function splitAt(line: string, at: number): readonly [string, string] {
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

/** `{ path=/usr/bin/x ; argv[]=/usr/bin/x --config-file=/etc/x ; ignore_errors=no ; … }`; words hold no blanks here. */
function execWords(value: string): readonly string[] {
  const words = /argv\[\]=(.*?) ; /.exec(value)?.[1] ?? '';
  return words.split(' ').filter((word) => word !== '');
}

/**
 * Seconds of `Tue 2024-01-02 03:04:05.123456 UTC` or `@1704164645.123456`; null for any other form, an unknown time zone
 * among them: then nothing may be concluded from it.
 */
export function secondsOf(text: string | undefined): number | null {
  const unix = /^@(\d+(?:\.\d+)?)$/.exec(text ?? '');
  if (unix) return Number(unix[1]);
  const match = /^(?:\w{3} )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? UTC$/.exec(text ?? '');
  if (!match) return null;
  return Date.parse(`${match[1]}T${match[2]}Z`) / 1000 + Number(match[3] ?? 0);
}
