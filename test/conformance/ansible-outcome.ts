import { line, type Outcome, recapLine } from './outcome.ts';

/** The parts of the json stdout callback's document that are compared. */
export interface AnsibleReport {
  readonly plays: readonly { readonly tasks: readonly AnsibleTask[] }[];
  readonly stats: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

interface AnsibleTask {
  readonly task: { readonly name: string };
  readonly hosts: Readonly<Record<string, AnsibleResult>>;
}

interface AnsibleResult {
  readonly action?: string;
  readonly changed?: boolean;
  readonly failed?: boolean;
  readonly skipped?: boolean;
  readonly unreachable?: boolean;
  readonly msg?: unknown;
  readonly results?: readonly AnsibleResult[];
}

export function fromAnsible(report: AnsibleReport, exit: number, files: Outcome['files']): Outcome {
  const hosts: Record<string, string[]> = Object.fromEntries(Object.keys(report.stats).map((host) => [host, []]));
  for (const { task, hosts: results } of report.plays.flatMap((play) => play.tasks))
    for (const [host, result] of Object.entries(results)) {
      if (result.action === 'meta' || (isInclude(result) && statusOf(result) === 'ok')) continue;
      (hosts[host] ??= []).push(line(task.name, statusOf(result), messageOf(result)));
    }
  const recap = Object.entries(report.stats).map(([host, stats]) => [host, recapOf(stats)]);
  return { exit, hosts, recap: Object.fromEntries(recap), files };
}

/** A successful include is an event of its own in one program and a result in the other. */
function isInclude({ action }: AnsibleResult): boolean {
  return action === 'include_tasks' || action === 'include_role';
}

function statusOf(result: AnsibleResult): string {
  if (result.unreachable) return 'unreachable';
  if (result.failed) return 'failed';
  if (result.skipped) return 'skipped';
  return result.changed ? 'changed' : 'ok';
}

function messageOf(result: AnsibleResult): unknown {
  if (result.action !== 'debug' || result.failed || result.skipped) return undefined;
  return result.results
    ? result.results.map((item) => (item.skipped || item.failed ? null : (item.msg ?? null)))
    : result.msg;
}

function recapOf(stats: Readonly<Record<string, number>>): string {
  const count = (name: string) => stats[name] ?? 0;
  return recapLine({
    ok: count('ok'),
    changed: count('changed'),
    unreachable: count('unreachable'),
    failed: count('failures'),
    skipped: count('skipped'),
    rescued: count('rescued'),
    ignored: count('ignored'),
  });
}
