import type { Change, RunCommand, WriteFile } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import { runCommand } from '../../changes/run-command.ts';
import { writeFileKind } from '../../changes/write-file.ts';
import { restartedUnit, type ServiceUnit } from '../../probes/nova/service-unit.ts';
import { serviceResource, unitName } from '../../probes/service.ts';
import { RESTART_SCRIPT } from './restart-script.ts';

/** Beyond the time to settle: how long a service may take to stop and start. */
const RESTART_MS = 300_000;

export interface RestartQuestion {
  readonly units: readonly ServiceUnit[];
  readonly files: readonly FileContent[];
  /** What is written before the restarts. */
  readonly writes: readonly WriteFile[];
  /** Seconds. */
  readonly settle: number;
  /** What the logs of the units must not tell; asked only where one is restarted. */
  readonly secrets: () => readonly string[];
}

/**
 * Restarts of the units that run, or failed, with other configuration than the files hold. A run that died between
 * writing and restarting is finished by the next one, because the unit is then older than its files. Where a unit that
 * ran before does not come up with what was written, the old files come back, and the units restarted so far with them.
 */
export function restartsFor(question: RestartQuestion): readonly RunCommand[] {
  const { units, files, writes } = question;
  const due = units.filter((unit) => unit.isLoaded && isDue(unit, files, writes.length > 0));
  const secrets = due.length > 0 ? question.secrets() : [];
  const plain = due.map((unit) => ({ ...restart(unit, question), secrets }));
  return plain.map((command, index) =>
    due[index]?.activeState === 'active' && writes.length > 0
      ? { ...command, onFailure: [...undone(writes), ...plain.slice(0, index + 1)] }
      : command,
  );
}

function undone(writes: readonly WriteFile[]): readonly Change[] {
  return writes.toReversed().flatMap((write) => writeFileKind.undo(write) ?? []);
}

/** A unit that was stopped stays stopped: it reads its files when somebody starts it. */
function isDue(unit: ServiceUnit, files: readonly FileContent[], isWriting: boolean): boolean {
  if (unit.activeState === 'inactive' || unit.activeState === 'unknown') return false;
  return isWriting || unit.activeState === 'failed' || isStale(unit, files);
}

/**
 * Started before, or within, the second in which a file was last modified. A file from the future (a clock set back)
 * proves nothing and no restart would cure it.
 */
function isStale({ startedAt, now }: ServiceUnit, files: readonly FileContent[]): boolean {
  if (startedAt === null) return false;
  const times = files.flatMap((file) => (file.kind === 'file' ? [Math.floor(file.state.mtime)] : []));
  return times.some((time) => time <= now && Math.floor(startedAt) <= time);
}

function restart(unit: ServiceUnit, { files, settle }: RestartQuestion): RunCommand {
  const paths = files.flatMap((file) => (file.kind === 'file' ? [file.realPath] : []));
  return runCommand(['sh', '-s', '--', unit.name, String(settle), ...paths], {
    purpose: `restart ${unit.name}`,
    stdin: RESTART_SCRIPT,
    deadlineMs: RESTART_MS + settle * 1000,
    touches: [serviceResource(unitName(unit.name)), 'path:/var/log'],
    predicts: [restartedUnit(unit)],
  });
}

/** @throws {TaskError} naming units that the task restarts and the host does not have */
export function requireUnits(wanted: readonly string[], found: readonly ServiceUnit[]): void {
  const missing = wanted.filter((name) => !found.some((unit) => unit.isLoaded && isUnit(unit.name, name)));
  if (missing.length === 0) return;
  throw new TaskError(
    `this host has no unit ${missing.join(', ')} to restart; name units it may lack under \`restart_if_present\``,
  );
}

/** Red Hat's packages prefix the units. */
export function unitNames(name: string): readonly string[] {
  const plain = name.replace(/\.service$/, '');
  return plain.startsWith('nova-') ? [plain, `openstack-${plain}`] : [plain];
}

function isUnit(found: string, wanted: string): boolean {
  return unitNames(wanted).includes(found);
}
