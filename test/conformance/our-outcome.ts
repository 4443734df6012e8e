import { join } from 'node:path';
import type { Event } from '../../src/contract/event.ts';
import type { Result } from '../../src/contract/result.ts';
import { type PlayCall, type Played, play, workspace } from '../support/play.ts';
import { type Case, withInventory } from './case.ts';
import { filesBelow, line, type Outcome, recapLine } from './outcome.ts';

/** Runs a case with our engine, in this process and on real shells. */
export async function runCase(one: Case): Promise<Outcome> {
  const directory = workspace(one.files);
  const call = callOf(withInventory(one), directory);
  const played = await play(join(directory, 'site.yml'), { connection: 'local', ...call });
  return outcomeOf(played, directory);
}

/** The few options that cases use, as the command line would read them. */
function callOf(words: readonly string[], directory: string): PlayCall {
  const after = (flag: string) => words.flatMap((word, index) => (words[index - 1] === flag ? [word] : []));
  const [startAtTask] = after('--start-at-task');
  return {
    mode: words.includes('--check') ? 'check' : 'run',
    inventory: after('-i').map((source) => (source.includes(',') ? source : join(directory, source))),
    extraVars: after('-e'),
    tags: after('--tags').flatMap((tags) => tags.split(',')),
    skipTags: after('--skip-tags').flatMap((tags) => tags.split(',')),
    ...(startAtTask === undefined ? {} : { startAtTask }),
  };
}

function outcomeOf(played: Played, directory: string): Outcome {
  const hosts: Record<string, string[]> = {};
  for (const event of played.events) if (isShown(event)) (hosts[event.host] ??= []).push(lineOf(event));
  // A host that did nothing is not listed by Ansible.
  const recap = [...played.recap]
    .map(([host, counts]): [string, string] => [host, recapLine(counts)])
    .filter(([, text]) => text !== '');
  const problems = played.problems.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  if (problems.length > 0) hosts.problems = problems;
  return { exit: played.exitCode, hosts, recap: Object.fromEntries(recap), files: filesBelow(directory) };
}

type Finished = Extract<Event, { type: 'task.finished' }>;

function isShown(event: Event): event is Finished {
  if (event.type !== 'task.finished' || event.result.isCopy) return false;
  return !(
    event.task.module.startsWith('include_') &&
    event.task.module !== 'include_vars' &&
    event.result.status === 'ok'
  );
}

function lineOf({ task, result }: Finished): string {
  const name = task.role === undefined ? task.name : `${task.role} : ${task.name}`;
  return line(name, result.status, task.module === 'debug' ? messageOf(result) : undefined);
}

function messageOf(result: Result): unknown {
  if (result.status === 'failed' || result.status === 'skipped') return undefined;
  if (!result.items) return result.values.msg;
  return result.items.map((item) => (['failed', 'skipped'].includes(item.status) ? null : (item.values.msg ?? null)));
}
