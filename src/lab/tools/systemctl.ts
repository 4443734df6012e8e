import { execStart, settings, type UnitFile, unitName, type UnitState } from '../units.ts';
import { rebootNow } from './power.ts';
import { type Answer, parseWords, quoted, type Tool, type ToolHost, type Words } from './tool.ts';

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
const wants = '/etc/systemd/system';

type Verb = (host: ToolHost, units: readonly string[], words: Words) => Promise<Answer> | Answer;

const missing = (unit: string): Answer => ({ err: `Unit ${unit} could not be found.\n`, code: 4 });

const failed = (unit: string): string =>
  `Job for ${unit} failed because the control process exited with error code.\nSee "systemctl status ${unit}" and "journalctl -xeu ${unit}" for details.\n`;

async function isMasked(host: ToolHost, unit: string): Promise<boolean> {
  return (await host.files([`${wants}/.masked/${unit}`])).size > 0;
}

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

async function enabledState(host: ToolHost, unit: string): Promise<string | undefined> {
  const file = await host.units.file(unit);
  if (await isMasked(host, unit)) return 'masked';
  if (!file) return undefined;
  const targets = settings(file, 'WantedBy').flatMap((value) => value.split(/\s+/));
  if (targets.length === 0) return 'static';
  const links = await host.files(targets.map((target) => `${wants}/${target}.wants/${unit}`));
  return links.size > 0 ? 'enabled' : 'disabled';
}

async function linkEach(host: ToolHost, units: readonly string[], on: boolean): Promise<Answer> {
  const lines: string[] = [];
  for (const unit of units) {
    const file = await host.units.file(unit);
    if (!file)
      return { err: `Failed to ${on ? 'enable' : 'disable'} unit: Unit file ${unit} does not exist.\n`, code: 1 };
    for (const target of settings(file, 'WantedBy').flatMap((value) => value.split(/\s+/))) {
      const link = quoted(`${wants}/${target}.wants/${unit}`);
      const make = `mkdir -p ${quoted(`${wants}/${target}.wants`)}; [ -L ${link} ] || echo Created symlink ${link} '→' ${file.path}. >&2; ln -sf ${file.path} ${link}`;
      lines.push(on ? make : `[ ! -L ${link} ] || { rm -f ${link}; echo Removed ${link}. >&2; }`);
    }
  }
  return { script: lines.join('\n') };
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

/** Masks are kept beside the links, in a directory of the lab's own: a link to /dev/null has no bytes to be seen by. */
const masked =
  (on: boolean): Verb =>
  (_host, units) => ({
    script: units
      .map((unit) => {
        const [mark, link] = [`${wants}/.masked/${unit}`, `${wants}/${unit}`].map(quoted);
        if (on) return `mkdir -p ${wants}/.masked; echo masked > ${mark}; [ -e ${link} ] || ln -s /dev/null ${link}`;
        return `rm -f ${mark}; [ "$(readlink ${link})" != /dev/null ] || rm -f ${link}`;
      })
      .join('\n'),
  });

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

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The styles of `--timestamp=`; the lab's hosts live in UTC. */
function timestamp(date: Date | undefined, style: string): string {
  if (!date) return style === 'unix' ? '@0' : '';
  if (style === 'unix') return `@${Math.floor(date.getTime() / 1000)}`;
  const [day = '', time = ''] = date.toISOString().split('T');
  const fraction = style.startsWith('us') || style.startsWith('µs') ? `.${time.slice(9, 12)}000` : '';
  return `${days[date.getUTCDay()]} ${day} ${time.slice(0, 8)}${fraction} UTC`;
}

const subStates = { active: 'running', inactive: 'dead', failed: 'failed' } as const;

async function properties(host: ToolHost, unit: string, style: string): Promise<Readonly<Record<string, string>>> {
  const state = host.units.state(unit);
  const file = await host.units.file(unit);
  const load = (await isMasked(host, unit)) ? 'masked' : file ? 'loaded' : 'not-found';
  return {
    Type: (file && settings(file, 'Type').at(-1)) || 'simple',
    Restart: (file && settings(file, 'Restart').at(-1)) || 'no',
    MainPID: String(state.pid),
    Result: state.active === 'failed' ? 'exit-code' : 'success',
    ExecMainStatus: state.active === 'failed' ? '1' : '0',
    ...(file ? { ExecStart: execLine(file) } : {}),
    Id: unit,
    Names: unit,
    Description: (file && settings(file, 'Description').at(-1)) || unit,
    LoadState: load,
    ActiveState: state.active,
    SubState: subStates[state.active],
    ...(file ? { FragmentPath: file.path } : {}),
    UnitFileState: (await enabledState(host, unit)) ?? '',
    ActiveEnterTimestamp: timestamp(state.since, style),
    ActiveEnterTimestampMonotonic: String((state.since?.getTime() ?? 0) * 1000),
    ExecMainStartTimestamp: timestamp(state.since, style),
    NeedDaemonReload: 'no',
  };
}

const execLine = (file: UnitFile): string => {
  const command = execStart(file);
  return `{ path=${command.split(' ')[0]} ; argv[]=${command} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }`;
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
  mask: masked(true),
  unmask: masked(false),
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
