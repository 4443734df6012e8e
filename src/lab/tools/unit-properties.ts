import { execStart, settings, type UnitFile } from '../units.ts';
import type { ToolHost } from './tool.ts';
import { enabledState, isMasked } from './unit-links.ts';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The styles of `--timestamp=`; the lab's hosts live in UTC. */
export function timestamp(date: Date | undefined, style: string): string {
  if (!date) return style === 'unix' ? '@0' : '';
  if (style === 'unix') return `@${Math.floor(date.getTime() / 1000)}`;
  const [day = '', time = ''] = date.toISOString().split('T');
  const fraction = style.startsWith('us') || style.startsWith('µs') ? `.${time.slice(9, 12)}000` : '';
  return `${days[date.getUTCDay()]} ${day} ${time.slice(0, 8)}${fraction} UTC`;
}

export const subStates = { active: 'running', inactive: 'dead', failed: 'failed' } as const;

/** What `show` prints of a unit, in systemctl's order as far as anybody relies on it. */
export async function properties(
  host: ToolHost,
  unit: string,
  style: string,
): Promise<Readonly<Record<string, string>>> {
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
