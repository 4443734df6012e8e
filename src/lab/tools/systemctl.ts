import { unitName, type UnitState } from '../units.ts';
import { rebootNow } from './power.ts';
import { type Answer, parseWords, type Tool, type ToolHost, type Words } from './tool.ts';
import { enabledState, isMasked, linkEach, maskEach } from './unit-links.ts';
import { properties, subStates, timestamp } from './unit-properties.ts';

const valued = [
  '-p',
  '--property',
  '-P',
  '-t',
  '--type',
  '--state',
  '-n',
  '--lines',
  '-o',
  '--output',
  '-M',
  '-H',
  '--timestamp',
  '--root',
  '--when',
];

type Verb = (host: ToolHost, units: readonly string[], words: Words) => Promise<Answer> | Answer;

const missing = (unit: string): Answer => ({ err: `Unit ${unit} could not be found.\n`, code: 4 });

const failed = (unit: string): string =>
  `Job for ${unit} failed because the control process exited with error code.\nSee "systemctl status ${unit}" and "journalctl -xeu ${unit}" for details.\n`;

async function startEach(host: ToolHost, units: readonly string[], stopFirst: boolean): Promise<Answer> {
  let err = '';
  let code = 0;
  for (const unit of units) {
    if (!(await host.units.file(unit))) {
      err += `Failed to ${stopFirst ? 'restart' : 'start'} ${unit}: Unit ${unit} not found.\n`;
      code = 5;
    } else if (await isMasked(host, unit)) {
      err += `Failed to ${stopFirst ? 'restart' : 'start'} ${unit}: Unit ${unit} is masked.\n`;
      code = 1;
    } else {
      if (stopFirst) host.units.stop(unit);
      if (await host.units.start(unit)) continue;
      err += failed(unit);
      code = 1;
    }
  }
  return { err, code };
}

/** `--now` starts or stops as well. */
const switched =
  (on: boolean): Verb =>
  async (host, units, { flags }) => {
    const linked = await linkEach(host, units, on);
    if (linked.code || !flags.has('--now')) return linked;
    if (!on) for (const unit of units) host.units.stop(unit);
    return { ...linked, ...(on ? await startEach(host, units, false) : {}) };
  };

const states = async (
  host: ToolHost,
  units: readonly string[],
  of: (state: UnitState, unit: string) => Promise<readonly [string, boolean]> | readonly [string, boolean],
): Promise<{ readonly out: string; readonly good: readonly boolean[] }> => {
  const all = await Promise.all(units.map(async (unit) => of(host.units.state(unit), unit)));
  return { out: all.map(([text]) => `${text}\n`).join(''), good: all.map(([, good]) => good) };
};

const isActive: Verb = async (host, units, { flags }) => {
  const { out, good } = await states(host, units, ({ active }) => [active, active === 'active']);
  return { ...(quiet(flags) ? {} : { out }), code: good.includes(true) ? 0 : 3 };
};

const isFailed: Verb = async (host, units) => {
  const { out, good } = await states(host, units, ({ active }) => [active, active === 'failed']);
  return { out, code: good.includes(true) ? 0 : 1 };
};

const quiet = (flags: ReadonlySet<string>): boolean => flags.has('-q') || flags.has('--quiet');

const isEnabled: Verb = async (host, units, { flags }) => {
  let [out, err, code] = ['', '', 1];
  for (const unit of units) {
    const state = await enabledState(host, unit);
    if (state === undefined) err += `Failed to get unit file state for ${unit}: No such file or directory\n`;
    else out += `${state}\n`;
    if (state === 'enabled' || state === 'static') code = 0;
  }
  return quiet(flags) ? { code } : { out, err, code };
};

const show: Verb = async (host, units, { flags, values }) => {
  const style = values.get('--timestamp') ?? 'pretty';
  const only = (values.get('-p') ?? values.get('--property') ?? values.get('-P'))?.split(',');
  const bare = flags.has('--value') || values.has('-P');
  const blocks = await Promise.all(
    units.map(async (unit) => {
      const all = Object.entries(await properties(host, unit, style));
      const chosen = all.filter(([key]) => only === undefined || only.includes(key));
      return chosen.map(([key, value]) => (bare ? `${value}\n` : `${key}=${value}\n`)).join('');
    }),
  );
  return { out: blocks.join('\n') };
};

const cat: Verb = async (host, units) => {
  let out = '';
  for (const unit of units) {
    const file = await host.units.file(unit);
    if (!file) return { err: `No files found for ${unit}.\n`, code: 1 };
    out += [`# ${file.path}\n${file.text}`, ...file.dropIns.map((text) => `# ${file.path}.d\n${text}`)].join('\n');
  }
  return { out };
};

const status: Verb = async (host, [unit = '']) => {
  const file = await host.units.file(unit);
  if (!file) return missing(unit);
  const { active, since, journal } = host.units.state(unit);
  const lines = [
    `● ${unit}`,
    `     Loaded: loaded (${file.path})`,
    `     Active: ${active} since ${timestamp(since, 'pretty')}`,
    ...journal,
  ];
  return { out: `${lines.join('\n')}\n`, code: active === 'active' ? 0 : 3 };
};

const listUnits: Verb = (host) => ({
  out: host.units
    .all()
    .map(([name, { active }]) => `${name} loaded ${active} ${subStates[active]}\n`)
    .join(''),
});

const stopEach: Verb = (host, units) => {
  for (const unit of units) host.units.stop(unit);
  return {};
};

const tryRestart: Verb = (host, units) =>
  startEach(
    host,
    units.filter((unit) => host.units.state(unit).active === 'active'),
    true,
  );

const verbs: Readonly<Record<string, Verb>> = {
  show,
  cat,
  status,
  start: (host, units) => startEach(host, units, false),
  stop: stopEach,
  restart: (host, units) => startEach(host, units, true),
  'try-restart': tryRestart,
  reload: (host, units) => startEach(host, units, false),
  'reload-or-restart': (host, units) => startEach(host, units, true),
  enable: switched(true),
  disable: switched(false),
  mask: (_host, units) => maskEach(units, true),
  unmask: (_host, units) => maskEach(units, false),
  'is-active': isActive,
  'is-failed': isFailed,
  'is-enabled': isEnabled,
  'is-system-running': () => ({ out: 'running\n' }),
  'list-units': listUnits,
  'list-jobs': () => ({ out: 'No jobs running.\n' }),
  'daemon-reload': () => ({}),
  'reset-failed': () => ({}),
  reboot: (host) => rebootNow(host),
};

export const systemctl: Tool = async (host, args) => {
  const words = parseWords(args, valued);
  const [verb = 'list-units', ...units] = words.rest;
  if (words.flags.has('--version')) return { out: 'systemd 252 (252.39-1~deb12u1)\n' };
  const perform = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  return perform ? perform(host, units.map(unitName), words) : { err: `Unknown command verb ${verb}.\n`, code: 1 };
};
