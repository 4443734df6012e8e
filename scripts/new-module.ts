import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyModule } from '../src/contract/module.ts';
import { BLOCK_KEYWORDS, TASK_KEYWORDS } from '../src/language/playbook/keyword-table.ts';
import { LANGUAGE_ACTIONS } from '../src/language/playbook/module-call.ts';
import modules from '../src/modules/index.ts';

/**
 * `npm run new-module swapfile` writes src/modules/swapfile.ts and its test, both of which pass as they are, and brings
 * the index and the docs up to date. Fill in args, observe and plan; add cases to the test.
 */
const root = join(import.meta.dirname, '..');
const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name)) {
  console.error('usage: npm run new-module NAME   (lower case, words joined by - or _, as it will stand in playbooks)');
  process.exit(1);
}
const modulePath = join(root, 'src', 'modules', `${name}.ts`);
const testPath = join(root, 'src', 'modules', `${name}.test.ts`);
const known: readonly AnyModule[] = modules;
const actions: readonly string[] = LANGUAGE_ACTIONS;
const taken = known.find((module) => module.name === name || module.aliases?.includes(name));
if (existsSync(modulePath) || taken) {
  console.error(
    `there is a module ${name} already: ${taken ? `${taken.name}, in src/modules/${taken.name}.ts` : modulePath}`,
  );
  process.exit(1);
}
if (TASK_KEYWORDS.has(name) || BLOCK_KEYWORDS.has(name) || actions.includes(name)) {
  console.error(`${name} means something else in a task: choose another name`);
  process.exit(1);
}

writeFileSync(
  modulePath,
  `import { z } from 'zod';
import { replaceContent } from '../changes/write-file.ts';
import type { FileContent } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { fileContent } from '../probes/file.ts';

const args = z.strictObject({
  path: z.string().startsWith('/').describe('File whose whole content this is. Say what users must know of it.'),
  content: z.string().describe('What the file holds.'),
});

export default defineModule<z.infer<typeof args>, FileContent>({
  name: '${name}',
  summary: 'Say in one line what state this module brings a host to',
  description: 'Name the sources the behaviour rests on: man pages, kernel documents.',
  args,
  // Reads only. Whatever is asked for together travels together.
  observe: ({ path }, read) => read(fileContent(path)),
  // Pure: from what was asked and what was observed to the changes that are missing. None: converged.
  plan({ content }, current) {
    if (current.kind !== 'file' && current.kind !== 'absent')
      throw new TaskError(\`\${current.path} is not a regular file\`);
    const bytes = new TextEncoder().encode(content);
    if (current.kind === 'file' && Buffer.compare(current.bytes, bytes) === 0) return [];
    return [replaceContent(current, bytes)];
  },
  examples: [{ title: 'A first example', task: '${name}:\\n  path: /etc/example\\n  content: hello' }],
});
`,
);
writeFileSync(
  testPath,
  `import { expect, test } from 'vitest';
import type { FileContent } from '../contract/file-state.ts';
import module from './${name}.ts';

const absent: FileContent = { kind: 'absent', path: '/etc/example', realPath: '/etc/example' };

function found(text: string): FileContent {
  const bytes = new TextEncoder().encode(text);
  const attributes = { mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root', mtime: 0, links: 1 };
  const state = { ...attributes, kind: 'file' as const, path: '/etc/example', size: bytes.length, version: '1' };
  return { kind: 'file', path: '/etc/example', realPath: '/etc/example', state, bytes };
}

test.each([
  ['creates what is missing', absent, ['write-file']],
  ['replaces what differs', found('other'), ['write-file']],
  ['leaves what is right', found('hello'), []],
])('%s', (_, current, changes) => {
  const planned = module.plan({ path: '/etc/example', content: 'hello' }, current);
  expect(planned.map((change) => change.kind)).toEqual(changes);
});
`,
);
execFileSync(process.execPath, [join(root, 'scripts', 'generate.ts')], { stdio: 'inherit' });
console.log(
  `wrote src/modules/${name}.ts and src/modules/${name}.test.ts; try: npx vitest run src/modules/${name}.test.ts`,
);
