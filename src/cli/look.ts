import { kindOf } from '../changes/kinds.ts';
import type { Event, Reporter } from '../contract/event.ts';
import type { AnyModule } from '../contract/module.ts';
import { Registry } from '../engine/registry.ts';
import { run } from '../engine/run.ts';
import { Stop } from '../engine/stop.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import { NO_KEYWORDS } from '../language/playbook/keywords.ts';
import type { Playbook, Task } from '../language/playbook/types.ts';
import { createTransport } from '../transport/transport.ts';
import { type Composition, limitOf, loadPlaybooks, settings } from './compose.ts';
import { checkConnections } from './connection-problems.ts';
import { fitHeapTo } from './heap.ts';
import { interruptible } from './interrupt.ts';
import { requireOpenFiles } from './open-files.ts';
import type { HostOptions } from './options.ts';
import { readVariableFiles } from './variable-files.ts';

/** What one host answered. */
export type Answer =
  | { readonly kind: 'seen'; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unreachable' | 'failed'; readonly message: string };

export interface Look {
  /** In the order of the pattern. Hosts that were not asked any more, after an interruption, are not among them. */
  readonly answers: ReadonlyMap<string, Answer>;
  readonly isInterrupted: boolean;
  /** Round trips to all hosts. */
  readonly frames: number;
}

export interface Question {
  readonly pattern: string;
  /** Must plan nothing: it is run in check mode besides, which writes nothing. */
  readonly module: AnyModule;
  /** Values may be templates over each host's variables. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Called after each host. */
  readonly onAnswer: (done: number, of: number) => void;
}

/**
 * Asks many hosts one question, with the inventory, connections and read-ahead of a run. What is wrong with the pattern
 * is left in the composition's problems, and then no host is asked.
 */
export async function look(composition: Composition, question: Question, options: HostOptions): Promise<Look> {
  const limit = limitOf(composition, options.limit);
  const playbooks = [playbookOf(question)];
  const hosts = hostsFor(composition, question, limit);
  readVariableFiles(composition.inventory, playbooks, limit);
  checkConnections(
    { ...composition, playbooks, limit, options, hasKeys: true, worksHere: false },
    composition.problems,
  );
  const heard = { answers: new Map<string, Answer>(), frames: 0 };
  if (composition.problems.hasErrors) return { ...heard, isInterrupted: false };
  fitHeapTo(hosts.length);
  const input = { ...(await inputOf(composition, options)), playbooks, limit };
  const stop = new Stop();
  const reporter = listener(hosts.length, question, heard);
  const release = interruptible(stop, reporter);
  await run({ ...input, stop, registry: new Registry([question.module]), reporters: [reporter] }).finally(release);
  const ordered = hosts.flatMap((host): readonly (readonly [string, Answer])[] => {
    const answer = heard.answers.get(host);
    return answer ? [[host, answer]] : [];
  });
  return { answers: new Map(ordered), isInterrupted: stop.isRequested, frames: heard.frames };
}

/** The hosts that will be asked; what is wrong with them is said before any is. */
function hostsFor(
  { inventory, problems }: Composition,
  { pattern }: Question,
  limit: ReadonlySet<string> | undefined,
): readonly string[] {
  const hosts = matchHosts(pattern, inventory, problems).filter((host) => limit?.has(host) ?? true);
  if (hosts.length === 0 && !problems.hasErrors) problems.error(`${pattern} matches no host`);
  requireOpenFiles(hosts.length, problems);
  return hosts;
}

async function inputOf(composition: Composition, options: HostOptions) {
  const { inventory, compiler, environment, secrets, vault } = composition;
  return {
    inventory,
    compiler,
    environment,
    secrets,
    loader: loadPlaybooks(composition, []).loader,
    transport: createTransport(),
    kindOf,
    settings: await settings(composition, 'check', { ...options, tags: [], skipTags: [], verbose: 0 }),
    prompted: {},
    decrypt: (text: string) => vault.decrypt(text),
  };
}

/** A playbook of one task, as `tsplay run` would have read it. */
function playbookOf({ pattern, module, args }: Question): Playbook {
  const position = { file: 'command line', line: 1, column: 1 };
  const task: Task = {
    kind: 'task',
    id: module.name,
    name: module.summary,
    keywords: NO_KEYWORDS,
    position,
    path: 'plays[0].tasks[0]',
    module: module.name,
    moduleKey: module.name,
    args,
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    notify: [],
    listen: [],
  };
  const play = {
    name: module.summary,
    hosts: pattern,
    position,
    path: 'plays[0]',
    // Ansible's ad hoc commands take group_vars of the working directory too.
    directory: process.cwd(),
    keywords: NO_KEYWORDS,
    gatherFacts: false,
    vars: {},
    varsFiles: [],
    varsPrompt: [],
    roles: [],
    sections: [{ name: 'tasks' as const, statements: [task] }],
    handlers: [],
  };
  return { file: position.file, plays: [play] };
}

/** It is said beside the message anyway, and what many hosts say alike is said once. */
function withoutHost(message: string, host: string): string {
  return message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}

function listener(
  of: number,
  { onAnswer }: Question,
  seen: { readonly answers: Map<string, Answer>; frames: number },
): Reporter {
  return {
    on(event: Event) {
      if (event.type === 'run.finished') seen.frames = event.frames;
      if (event.type !== 'task.finished') return;
      const { status, message = 'no reason was given', values } = event.result;
      const isLost = status === 'failed' || status === 'unreachable';
      const lost = (kind: 'failed' | 'unreachable') => ({ kind, message: withoutHost(message, event.host) });
      seen.answers.set(event.host, isLost ? lost(status) : { kind: 'seen', values });
      onAnswer(seen.answers.size, of);
    },
    close: async () => {},
  };
}
