import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Played, play, workspace } from '../support/play.ts';

/** No name that leads through a link of the host to what another name is: a run too notices that only as it writes. */
const name = fc.constantFrom('f', 'g', 'd', 'd/f', 'd/e', 'd/e/f', 'l', 'new', 'new/f');
const mode = fc.constantFrom('0600', '0755', 'u+x');
const task = fc.oneof(
  fc.record({ dest: name, content: fc.constantFrom('a', 'b') }).map((args) => ({ copy: args })),
  fc.record({ dest: name, content: fc.constant('a'), mode }).map((args) => ({ copy: args })),
  fc.record({ path: name, state: fc.constantFrom('directory', 'touch', 'absent', 'file') }).map(fileTask),
  fc.record({ path: name, mode, state: fc.constantFrom('directory', 'file') }).map(fileTask),
  fc.record({ path: name, src: name, state: fc.constantFrom('link', 'hard'), force: fc.boolean() }).map(fileTask),
  fc
    .record({ path: name, line: fc.constantFrom('a', 'c'), create: fc.boolean() })
    .map((args) => ({ lineinfile: args })),
);

function fileTask(args: Readonly<Record<string, unknown>>) {
  return { file: args };
}

type Args = Readonly<Record<string, unknown>>;

/** Every path below one directory; whatever fails, the others follow. */
function playbook(tasks: readonly Readonly<Record<string, Args>>[]): string {
  const inDirectory = ([key, value]: [string, unknown]) =>
    ['dest', 'path', 'src'].includes(key) ? [key, `{{ playbook_dir }}/out/${String(value)}`] : [key, value];
  const written = tasks.flatMap((one, index) =>
    Object.entries(one).map(([module, args]) => ({
      name: `${index} ${module}`,
      [module]: Object.fromEntries(Object.entries(args).map(inDirectory)),
      ignore_errors: true,
    })),
  );
  return JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: written }]);
}

function prepared(text: string): string {
  const directory = workspace({ 'site.yaml': text, 'out/f': 'a\n', 'out/d/f': 'a' });
  mkdirSync(join(directory, 'out/d/e'));
  symlinkSync('d', join(directory, 'out/l'));
  writeFileSync(join(directory, 'out/g'), 'b', { mode: 0o600 });
  return join(directory, 'site.yaml');
}

/** Each task and how it went, up to what nobody could know. */
function told({ events }: Played): readonly string[] {
  const lines = events.flatMap((event) =>
    event.type === 'task.finished' ? [`${event.task.name} ${event.result.status} ${event.result.actions.join()}`] : [],
  );
  const unknown = lines.findIndex((line) => / unknown /.test(line));
  return unknown < 0 ? lines : lines.slice(0, unknown);
}

test('for 60 generated series of tasks a check says of each what the run says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(task, { minLength: 2, maxLength: 7 }), async (tasks) => {
      const site = prepared(playbook(tasks));
      const call = { inventory: ['h1,'], connection: 'local' } as const;
      const check = told(await play(site, { mode: 'check', ...call }));
      const run = told(await play(site, call)).slice(0, check.length);
      expect(check).toEqual(run);
    }),
    { numRuns: 60, seed: 20261122, endOnFailure: true },
  );
}, 120_000);
