import { randomBytes } from 'node:crypto';
import PQueue from 'p-queue';
import type { Change, ChangeKind } from '../contract/change.ts';
import type { Transport } from '../contract/connection.ts';
import type { HostRecap, Reporter } from '../contract/event.ts';
import type { SecretRegistry } from '../contract/secret.ts';
import { TaskError } from '../contract/task-error.ts';
import { extendInventory } from '../language/inventory/assemble.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { type Environment, TemplateError, UndefinedError } from '../language/jinja/types.ts';
import type { PlaybookLoader } from '../language/playbook/loader.ts';
import { findStart, type Start } from '../language/playbook/start-at.ts';
import type { Play, Playbook } from '../language/playbook/types.ts';
import type { Compiler, Emit, RunContext, RunSettings } from './context.ts';
import { Exclusive } from './exclusive.ts';
import { HostVariables } from './host-variables.ts';
import { LinkPool } from './link-pool.ts';
import { Recap } from './recap.ts';
import type { Registry } from './registry.ts';
import { runPlay } from './run-play.ts';
import type { Stop } from './stop.ts';
import { type Decrypt, VarsFiles } from './vars-files.ts';

/** Everything a run is given; the engine makes the rest. */
export interface RunInput {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly limit: ReadonlySet<string> | undefined;
  readonly registry: Registry;
  readonly loader: PlaybookLoader;
  readonly compiler: Compiler;
  readonly environment: Environment;
  readonly transport: Transport;
  readonly kindOf: (change: Change) => ChangeKind<Change>;
  readonly secrets: SecretRegistry;
  readonly reporters: readonly Reporter[];
  readonly settings: RunSettings;
  readonly prompted: Readonly<Record<string, unknown>>;
  readonly decrypt: Decrypt;
  readonly stop: Stop;
}

export const EXIT = { converged: 0, invalid: 1, failed: 2, drift: 3, unreachable: 4, interrupted: 130 } as const;

/** Runs validated playbooks and resolves to the exit code. Never rejects for what hosts do. */
export async function run(input: RunInput): Promise<number> {
  const startedAt = performance.now();
  const emit: Emit = (event) => {
    const stamped = { ...event, at: performance.now() - startedAt };
    for (const reporter of input.reporters) reporter.on(stamped);
  };
  const context = contextOf(input, emit, startedAt);
  const hosts = input.limit?.size ?? input.inventory.hosts.size;
  emit({
    type: 'run.started',
    run: runId(),
    mode: input.settings.mode,
    playbooks: input.playbooks.map(({ file }) => file),
    hosts,
    showDiff: input.settings.showDiff,
  });
  let isInvalid = false;
  try {
    await runPlays(context, input);
  } catch (error) {
    // A keyword of a play that cannot be used: what ran before still gets its recap.
    if (!isUsersMistake(error)) throw error;
    isInvalid = true;
    emit({ type: 'notice', severity: 'warning', text: error.message });
  } finally {
    await context.links.close();
  }
  const recap = context.recap.hosts;
  const outcome = exitCodeOf(recap, context.lost, input);
  const exitCode = isInvalid && (outcome === EXIT.converged || outcome === EXIT.drift) ? EXIT.invalid : outcome;
  const elapsedMs = performance.now() - startedAt;
  emit({
    type: 'run.finished',
    recap,
    exitCode,
    elapsedMs,
    frames: context.links.frames,
    hint: hintFor(exitCode, recap),
  });
  return exitCode;
}

function isUsersMistake(error: unknown): error is Error {
  return error instanceof TaskError || error instanceof TemplateError || error instanceof UndefinedError;
}

function contextOf(input: RunInput, emit: Emit, startedAt: number): RunContext {
  const variables = new Map<string, HostVariables>();
  const variablesOf = (host: string) => {
    const known = variables.get(host) ?? new HostVariables();
    variables.set(host, known);
    return known;
  };
  const links = new LinkPool({
    transport: input.transport,
    signal: input.stop.signal,
    onConnected: (host, elapsedMs) => emit({ type: 'host.connected', host, elapsedMs }),
  });
  let inventory = input.inventory;
  const queueOf = (concurrency: number) => new PQueue({ concurrency });
  return {
    ...input,
    get inventory() {
      return inventory;
    },
    extendInventory: (additions, problems) => {
      inventory = extendInventory(inventory, additions, problems);
    },
    varsFiles: new VarsFiles(input.decrypt, input.loader),
    emit,
    queue: queueOf(input.settings.forks),
    queueOf,
    links,
    delegates: new Exclusive(),
    controller: { version: 0 },
    recap: new Recap(),
    variablesOf,
    lost: new Map(),
    startedAt,
  };
}

async function runPlays(context: RunContext, input: RunInput): Promise<void> {
  const plays = input.playbooks.flatMap((playbook) => playbook.plays);
  const start = startOf(plays, input);
  for (const [index, play] of plays.entries()) {
    if (start && index < start.play) continue;
    const next = await runPlay(context, play, {
      id: `play-${index + 1}`,
      limit: input.limit,
      prompted: input.prompted,
      isLast: index === plays.length - 1,
      ...(start?.play === index ? { startAt: start.statement } : {}),
    });
    if (next === 'stop') return;
  }
}

/** An unmatched name is reported before the run; here it must not turn into a run of everything. */
function startOf(plays: readonly Play[], { settings }: RunInput): Start | undefined {
  if (settings.startAtTask === undefined) return undefined;
  return findStart(plays, settings.startAtTask, settings) ?? { play: plays.length, statement: '' };
}

function exitCodeOf(recap: readonly HostRecap[], lost: RunContext['lost'], { settings, stop }: RunInput): number {
  const losses = [...lost.values()];
  if (stop.isRequested) return EXIT.interrupted;
  if (losses.includes('unreachable')) return EXIT.unreachable;
  if (losses.includes('failed') || recap.some((host) => host.stoppedAt !== undefined)) return EXIT.failed;
  const hasDrift = recap.some((host) => host.changed > 0 || host.unknown > 0);
  return settings.mode === 'check' && hasDrift ? EXIT.drift : EXIT.converged;
}

function hintFor(exitCode: number, recap: readonly HostRecap[]): string | undefined {
  switch (exitCode) {
    case EXIT.drift:
      return recap.some(({ changed }) => changed > 0)
        ? 'run the same playbook with `tsplay run` to repair what drifted'
        : 'nothing is known to have drifted, and the rest only a real run can tell; a command that only reads may say `check_mode: false`';
    case EXIT.unreachable:
      return 'hosts that could not be reached were left as they are; run again with --limit to reach only them';
    case EXIT.failed:
      return 'mend the cause and run again: what is done already is not done twice';
    case EXIT.interrupted:
      return 'run again to go on: what is done already is not done twice';
    default:
      return undefined;
  }
}

function runId(): string {
  return `${new Date().toISOString().replace(/[-:]|\..*/g, '')}-${randomBytes(3).toString('hex')}`;
}
