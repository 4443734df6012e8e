import { z } from 'zod';
import type { Change } from '../contract/change.ts';
import type { Resource } from '../contract/resource.ts';
import { defineModule, type TaskView } from '../contract/module.ts';
import { runCommand } from '../changes/run-command.ts';
import { TaskError } from '../contract/task-error.ts';
import { serviceResource, type UnitState, unitName, unitState } from '../probes/service.ts';

const args = z
  .strictObject({
    name: z.string().min(1).optional().describe('Unit; a name without a type is a service'),
    state: z.enum(['started', 'stopped', 'restarted', 'reloaded']).optional().describe('What it must be doing'),
    enabled: z.boolean().optional().describe('Whether it starts at boot'),
    masked: z.boolean().optional().describe('Whether it cannot be started at all'),
    daemon_reload: z.boolean().default(false).describe('Let systemd read changed unit files first'),
    no_block: z.boolean().default(false).describe('Do not wait until it has started or stopped'),
  })
  .refine(({ name, daemon_reload }) => name !== undefined || daemon_reload, { error: 'needs name, or daemon_reload' })
  .refine(({ name, state, enabled, masked }) => name !== undefined || (state ?? enabled ?? masked) === undefined, {
    error: 'needs name, the unit that is meant',
    path: ['name'],
  });

type Args = z.output<typeof args>;

interface Current {
  readonly unit: UnitState | undefined;
  /** The task has given its order already; now it is only looked whether the unit took it well. */
  readonly isDone: boolean;
}

/** A starting unit may load modules and bind devices (systemd-modules-load.service does). */
const TOUCHES: readonly Resource[] = [
  'service:/',
  'kernel:/',
  'module:/',
  'pci:/',
  'path:/run',
  'path:/proc',
  'path:/sys',
];

export default defineModule<Args, Current>({
  name: 'systemd_service',
  aliases: ['systemd', 'service'],
  summary: 'Start, stop, restart, enable or mask a systemd unit',
  description: 'A unit that fails right after it was started is a failure of the task. Only systemd is supported.',
  args,
  argAliases: { service: 'name', unit: 'name', 'daemon-reload': 'daemon_reload' },
  async observe({ name }, read, task) {
    const unit = name === undefined ? undefined : await read(unitState(name));
    // "Restarted" is no state a host can be found in; a task that looks again has done it.
    return { unit, isDone: task.isVerifying };
  },
  plan(wanted, current) {
    const reload = needsReload(wanted, current) ? [order(['daemon-reload'], wanted, {})] : [];
    const { unit } = current;
    if (!unit) return reload;
    refuseMissing(wanted, current, reload.length > 0);
    return [
      ...maskChanges(wanted, unit),
      ...reload,
      ...enableChanges(wanted, unit),
      ...stateChanges(wanted, unit, current.isDone),
    ];
  },
  result: ({ name, state, enabled }, { unit }) => ({
    ...(name && { name }),
    ...(state && { state }),
    ...(enabled !== undefined && { enabled }),
    status: statusOf(unit),
  }),
  examples: [
    {
      title: 'Running, now and after a boot',
      task: 'systemd_service:\n  name: nova-compute\n  state: started\n  enabled: true',
    },
    { title: 'A handler', task: 'service:\n  name: nova-api\n  state: restarted' },
  ],
});

function statusOf(unit: UnitState | undefined): Readonly<Record<string, unknown>> {
  return unit
    ? {
        ActiveState: unit.active,
        SubState: unit.sub,
        LoadState: unit.load,
        UnitFileState: unit.unitFile,
        MainPID: unit.mainPid,
      }
    : {};
}

function needsReload({ daemon_reload, name }: Args, { unit, isDone }: Current): boolean {
  if (!daemon_reload || isDone) return false;
  return name === undefined || unit?.needsDaemonReload === true || unit?.load === 'not-found';
}

/** Stopping or disabling what does not exist is done already; anything else cannot be. */
function refuseMissing(wanted: Args, { unit }: Current, isReloading: boolean): void {
  if (unit?.load !== 'not-found' || isReloading) return;
  const isGone =
    (wanted.state === undefined || wanted.state === 'stopped') &&
    wanted.enabled !== true &&
    wanted.masked === undefined;
  if (!isGone)
    throw new TaskError(
      `the unit ${unit.unit} does not exist on this host: is its package installed, and its name right for this distribution?`,
    );
}

function maskChanges({ masked, ...wanted }: Args, unit: UnitState): readonly Change[] {
  const isMasked = unit.load === 'masked' || unit.unitFile.startsWith('masked');
  if (masked === undefined || masked === isMasked) return [];
  const after = masked ? { load: 'masked', unitFile: 'masked' } : { load: 'loaded', unitFile: 'disabled' };
  return [order([masked ? 'mask' : 'unmask', unit.unit], wanted, { ...unit, ...after })];
}

/** Units that are static, generated or aliases have nothing that could be enabled. */
const CANNOT_BE_ENABLED = new Set([
  'enabled',
  'enabled-runtime',
  'alias',
  'static',
  'indirect',
  'generated',
  'transient',
]);

function enableChanges({ enabled, ...wanted }: Args, unit: UnitState): readonly Change[] {
  if (enabled === true && !CANNOT_BE_ENABLED.has(unit.unitFile))
    return [order(['enable', unit.unit], wanted, { ...unit, unitFile: 'enabled' })];
  if (enabled === false && unit.unitFile.startsWith('enabled'))
    return [order(['disable', unit.unit], wanted, { ...unit, unitFile: 'disabled' })];
  return [];
}

function stateChanges(wanted: Args, unit: UnitState, isDone: boolean): readonly Change[] {
  const { state, masked } = wanted;
  if (state === undefined) return [];
  if (state === 'stopped')
    return isStopped(unit) ? [] : [order(['stop', unit.unit], wanted, { ...unit, active: 'inactive' })];
  if (isDone && unit.active === 'failed')
    throw new TaskError(
      `${unit.unit} was ${state}, but it has failed (${unit.result}): see journalctl -u ${unit.unit}`,
    );
  if (unit.load === 'masked' && masked !== false)
    throw new TaskError(`${unit.unit} is masked and cannot be ${state}; masked: false allows it`);
  const running = { ...unit, active: 'active' };
  // A one-shot unit has done its work when it is inactive again.
  if (state === 'started')
    return isRunning(unit) || (isDone && unit.type === 'oneshot') ? [] : [order(['start', unit.unit], wanted, running)];
  if (isDone) return [];
  return [order([state === 'reloaded' && isRunning(unit) ? 'reload' : 'restart', unit.unit], wanted, running)];
}

function isRunning({ active }: UnitState): boolean {
  return active === 'active' || active === 'reloading' || active === 'activating';
}

function isStopped({ active }: UnitState): boolean {
  return active === 'inactive' || active === 'failed';
}

function order(
  words: readonly [string, ...string[]],
  { no_block }: Pick<Args, 'no_block'>,
  after: UnitState | Readonly<Record<string, never>>,
): Change {
  const predicts = 'unit' in after ? [{ resource: serviceResource(unitName(after.unit)), value: after }] : [];
  return runCommand(['systemctl', ...(no_block ? ['--no-block'] : []), ...words], { touches: TOUCHES, predicts });
}
