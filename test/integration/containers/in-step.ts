import { join } from 'node:path';
import { expect } from 'vitest';
import type { Diff } from '../../../src/contract/change.ts';
import { type Container, inventoryOf } from '../../support/containers.ts';
import { play, type Played, workspace } from '../../support/play.ts';
import { complaints, tasksOf } from '../support/look.ts';
import { diskTree, leftovers } from './look.ts';

/** @param tasks YAML, each a list item */
export function playTasks(host: Container, tasks: string, mode: 'run' | 'check' = 'run'): Promise<Played> {
  const site = `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.trim().replaceAll(/^/gm, '    ')}\n`;
  const inventory = [inventoryOf({ h1: host })];
  return play(join(workspace({ 'site.yaml': site }), 'site.yaml'), { inventory, mode, timeout: 60, taskTimeout: 300 });
}

/** The diffs of every task in their order. */
export function diffsOf(played: Played): readonly Diff[] {
  return played.events.flatMap((event) => (event.type === 'task.finished' ? event.result.diffs : []));
}

/** What the last diff of each file leaves there. */
function textsOf(played: Played): ReadonlyMap<string, string> {
  const texts = diffsOf(played).flatMap((diff) => (diff.kind === 'text' ? [[diff.path, diff.after] as const] : []));
  return new Map([...new Map(texts)].flatMap(([path, text]) => (text === null ? [] : [[path, text] as const])));
}

/**
 * What a user relies on: check changes nothing and foretells the very diffs of the run, the run leaves what its diffs say,
 * a second run and a second check find nothing. Gives back the run.
 */
export async function expectForetold(host: Container, tasks: string): Promise<Played> {
  const before = await diskTree(host);
  const checked = await playTasks(host, tasks, 'check');
  expect(await diskTree(host), 'check writes nothing').toEqual(before);
  const run = await playTasks(host, tasks);
  expect(complaints(run)).toEqual(new Map());
  expect(diffsOf(checked), 'check foretells what run does').toEqual(diffsOf(run));
  for (const [path, text] of textsOf(run)) expect(await host.look(['cat', path]), path).toBe(text);
  await expectSettled(host, tasks);
  return run;
}

async function expectSettled(host: Container, tasks: string): Promise<void> {
  const before = await diskTree(host);
  expect(tasksOf(await playTasks(host, tasks), 'changed'), 'a second run').toEqual(new Map());
  expect((await playTasks(host, tasks, 'check')).exitCode, 'a second check').toBe(0);
  expect(await diskTree(host)).toEqual(before);
  expect(await leftovers(host)).toBe('');
}

/** Refused by check and by run in the same words, and nothing on the disk has changed. Gives back those words. */
export async function expectRefused(host: Container, tasks: string): Promise<string> {
  const before = await diskTree(host);
  const said = complaints(await playTasks(host, tasks, 'check')).get('h1');
  expect(complaints(await playTasks(host, tasks)).get('h1')).toBe(said);
  expect(await diskTree(host)).toEqual(before);
  expect(said).toBeDefined();
  return said ?? '';
}
