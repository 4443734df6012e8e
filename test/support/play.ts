import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { compose, runInput } from '../../src/cli/compose.ts';
import type { PlayOptions } from '../../src/cli/options.ts';
import type { Event, HostRecap } from '../../src/contract/event.ts';
import type { Problem } from '../../src/contract/problem.ts';
import type { Result } from '../../src/contract/result.ts';
import { run } from '../../src/engine/run.ts';
import type { Stop } from '../../src/engine/stop.ts';

/** A directory of its own for one test, gone when the test is. */
export function workspace(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

export interface Played {
  readonly exitCode: number;
  readonly problems: readonly Problem[];
  readonly events: readonly Event[];
  readonly recap: ReadonlyMap<string, HostRecap>;
  readonly frames: number;
  /** Final results by task name and host, in the order they came. */
  results(task: string): ReadonlyMap<string, Result>;
  /** `task@host status` lines in the order they came. */
  readonly log: readonly string[];
}

export interface PlayCall extends Partial<PlayOptions> {
  readonly mode?: 'run' | 'check';
  readonly onEvent?: (event: Event, stop: Stop) => void;
}

export const DEFAULTS: PlayOptions = {
  inventory: [],
  extraVars: [],
  tags: [],
  skipTags: [],
  forks: 500,
  // Containers and virtual machines share two processors with what is built for them.
  timeout: process.env.TSPLAY_TEST_MACHINES === '1' ? 60 : 5,
  taskTimeout: 60,
  vaultPasswordFile: [],
  vaultId: [],
  verbose: 0,
};

/** Runs a playbook as the command line would, on real shells, and gives back everything it reported. */
export async function play(playbook: string, call: PlayCall): Promise<Played> {
  const { mode = 'run', onEvent, ...options } = call;
  const settings: PlayOptions = { ...DEFAULTS, ...options };
  const composition = await compose(settings);
  const input = await runInput(composition, [playbook], mode, settings);
  const events: Event[] = [];
  const reporter = {
    on: (event: Event) => {
      events.push(event);
      onEvent?.(event, input.stop);
    },
    close: async () => {},
  };
  const exitCode = composition.problems.hasErrors ? 1 : await run({ ...input, reporters: [reporter] });
  return played(exitCode, composition.problems.list, events);
}

function played(exitCode: number, problems: readonly Problem[], events: readonly Event[]): Played {
  const finished = events.filter((event) => event.type === 'task.finished');
  const end = events.find((event) => event.type === 'run.finished');
  return {
    exitCode,
    problems,
    events,
    recap: new Map((end?.recap ?? []).map((host) => [host.host, host])),
    frames: end?.frames ?? 0,
    results: (task) =>
      new Map(finished.filter((event) => event.task.name === task).map((event) => [event.host, event.result])),
    log: finished
      .filter(({ result }) => !result.isCopy)
      .map(({ task, host, result }) => `${task.name}@${host} ${result.status}`),
  };
}

/** Runs playbook text on hosts that are all this machine, through the local connection. */
export async function playText(
  text: string,
  call: PlayCall & { readonly hosts?: readonly string[]; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<Played & { readonly directory: string }> {
  const { hosts = ['h1'], files = {}, ...rest } = call;
  const directory = workspace({ ...files, 'site.yaml': text });
  const result = await play(join(directory, 'site.yaml'), {
    inventory: [`${hosts.join(',')},`],
    connection: 'local',
    ...rest,
  });
  return { ...result, directory };
}
