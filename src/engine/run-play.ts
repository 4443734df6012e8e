import { TaskError } from '../contract/task-error.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import type { Play } from '../language/playbook/types.ts';
import { Batch } from './batch.ts';
import type { RunContext } from './context.ts';
import { HostRun } from './host-run.ts';
import { playLayers } from './play-layers.ts';
import type { Progress } from './progress.ts';
import { layerOf, VariableScope } from './scope.ts';
import { batchesOf, ordered } from './serial.ts';
import { sharedLayers } from './shared-variables.ts';
import { type Stage, stagesOf } from './stages.ts';
import { flushHandlers, walk } from './walk.ts';

export interface PlayOptions {
  readonly id: string;
  readonly limit: ReadonlySet<string> | undefined;
  readonly prompted: Readonly<Record<string, unknown>>;
  /** The statement to begin at, in the play that holds it. */
  readonly startAt?: string;
  /** No play comes after it: a host that is through needs its connection no more. */
  readonly isLast: boolean;
}

/** Runs one play over its batches. Resolves to whether the plays after it may run. */
export async function runPlay(run: RunContext, play: Play, options: PlayOptions): Promise<'go-on' | 'stop'> {
  const written = [layerOf(run.settings.extraVars), layerOf(play.vars)];
  const matched = hostsOf(run, play, options, new VariableScope(written, run.compiler));
  const all = ordered(matched, play.order);
  const scope = new VariableScope([...written, ...sharedLayers(run.inventory, all, play.directory)], run.compiler);
  const name = typeof play.name === 'string' ? nameOf(play.name, scope) : [scope.render(play.hosts)].flat().join(',');
  run.emit({ type: 'play.started', play: options.id, name, hosts: all });
  if (all.length === 0) return finishPlay(run, options.id, 'no hosts to run on');
  const batches = batchesOf(all, scope.render(play.serial));
  for (const [index, hosts] of batches.entries()) {
    if (batches.length > 1)
      run.emit({ type: 'batch.started', play: options.id, number: index + 1, of: batches.length, hosts });
    const batch = makeBatch(run, play, options, { all: matched, hosts, scope });
    await runBatch(batch, options.isLast);
    const reason = whyStop(batch, batches.slice(index + 1));
    if (reason !== undefined) return finishPlay(run, options.id, reason.text, reason.isEnd ? 'go-on' : 'stop');
  }
  return finishPlay(run, options.id, undefined);
}

/** A name is only for reading: what cannot be rendered stands as it was written. */
function nameOf(name: string, scope: VariableScope): string {
  try {
    return String(scope.render(name));
  } catch {
    return name;
  }
}

function finishPlay(
  run: RunContext,
  play: string,
  reason: string | undefined,
  next: 'go-on' | 'stop' = 'go-on',
): 'go-on' | 'stop' {
  run.emit({ type: 'play.finished', play, reason });
  return run.stop.isRequested ? 'stop' : next;
}

function hostsOf(run: RunContext, play: Play, { limit }: PlayOptions, scope: VariableScope): readonly string[] {
  const pattern = [scope.render(play.hosts)].flat().map(String);
  const matched = matchHosts(pattern, run.inventory);
  return matched.filter((host) => !run.lost.has(host) && (limit === undefined || limit.has(host)));
}

function makeBatch(
  run: RunContext,
  play: Play,
  options: PlayOptions,
  hosts: { readonly all: readonly string[]; readonly hosts: readonly string[]; readonly scope: VariableScope },
): Batch {
  const percentage =
    play.maxFailPercentage === undefined ? undefined : percentOf(hosts.scope.render(play.maxFailPercentage));
  if (percentage !== undefined && !(percentage >= 0 && percentage <= 100))
    throw new TaskError('max_fail_percentage must be 0 to 100');
  const ended = new Set<string>();
  return new Batch({
    run,
    play,
    playId: options.id,
    startAt: options.startAt,
    hosts: hosts.hosts,
    allPlayHosts: hosts.all,
    endedHosts: ended,
    layersOf: playLayers(run, play, { batch: hosts.hosts, all: hosts.all, ended }, options.prompted),
    mayFail: percentage === undefined ? undefined : (percentage / 100) * hosts.hosts.length,
  });
}

/** With or without its sign, as Ansible takes it. */
function percentOf(value: unknown): number {
  return Number(String(value).trim().replace(/%$/, ''));
}

async function runBatch(batch: Batch, isLast: boolean): Promise<void> {
  const stages = stagesOf(batch);
  const statements = stages.flatMap((stage) => stage.statements);
  // Pinned, a host goes through the whole play before another takes its place.
  const isPinned = batch.play.strategy === 'host_pinned';
  const places = batch.run.queueOf(isPinned ? batch.run.settings.forks : batch.hosts.length);
  const goThrough = async (name: string) => {
    batch.run.recap.take(name);
    const host = new HostRun(name, batch, statements);
    host.finish(await runStages(host, stages).catch((error: unknown) => host.crash(error)));
    if (isLast) await batch.run.links.reset(name);
  };
  await Promise.all(batch.hosts.map((name) => places.add(() => goThrough(name))));
}

async function runStages(host: HostRun, stages: readonly Stage[]): Promise<Progress> {
  for (const [index, { statements, flush }] of stages.entries()) {
    const progress = await walk(host, statements, [index * 2]);
    // Gathering facts, the first stage, is no task one could start after.
    if (index === 0) host.skipTo(host.batch.startAt);
    const isForced = progress === 'failed' && host.forcesHandlers();
    if (progress === 'left' || (progress === 'failed' && !isForced)) return progress;
    const flushed = flush || isForced ? await flushHandlers(host, [index * 2 + 1]) : 'done';
    if (progress === 'failed' || flushed !== 'done') return progress === 'failed' ? progress : flushed;
  }
  return 'done';
}

/** Why no later batch may start, if so. */
function whyStop(
  batch: Batch,
  later: readonly (readonly string[])[],
): { readonly text: string; readonly isEnd: boolean } | undefined {
  const left = later.length;
  if (batch.run.stop.isRequested)
    return { text: `stopped by request${left > 0 ? `; not begun: ${later.flat().join(', ')}` : ''}`, isEnd: false };
  if (batch.mustStop) {
    const rest = left > 0 ? `; the remaining ${left} ${left === 1 ? 'batch was' : 'batches were'} not started` : '';
    return { text: `${batch.failed.size} of ${batch.hosts.length} hosts failed${rest}`, isEnd: false };
  }
  return batch.ended === 'play' ? { text: 'ended by meta: end_play', isEnd: true } : undefined;
}
