import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { workspace } from '../support/play.ts';
import { Terminal } from '../support/terminal.ts';
import { tsplay, underTerminal } from './program.ts';

/** A second one that came before the first was heard would be the same signal. */
const CTRL_C = { key: '\u0003', after: 'at work' };

const size = { columns: 90, rows: 24 };

function files(tasks: string): string {
  return workspace({ 'site.yaml': `- name: Demo\n  hosts: all\n  gather_facts: false\n  tasks:\n${tasks}` });
}

const QUICK = `    - {name: hello, debug: {msg: "I am {{ inventory_hostname }}"}}\n    - {name: work, command: sleep 0.4}\n`;
const words = (hosts: string) => ['run', 'site.yaml', '-i', hosts, '-c', 'local'];

async function screenOf(text: string): Promise<readonly string[]> {
  const terminal = new Terminal(size.columns, size.rows);
  terminal.write(text);
  return terminal.text();
}

test('on a terminal a run is live and leaves only what it reported', async () => {
  const { code, text } = await underTerminal(tsplay(words('h1,h2,')), { ...size, cwd: files(QUICK) });
  expect(code).toBe(0);
  expect(text).toMatch('at work');
  expect(text).toMatch('\u001b[32m');
  const screen = await screenOf(text);
  expect(screen.slice(0, 6)).toEqual([
    '',
    'PLAY [Demo]  2 hosts',
    'TASK [hello]',
    '  ok: h1: I am h1',
    '  ok: h2: I am h2',
    'TASK [work]',
  ]);
  expect(screen.join('\n')).not.toMatch('at work');
  expect(screen.at(-1)).toBe('2 hosts: 2 changed');
});

test.each([
  ['NO_COLOR keeps it live without colours', { NO_COLOR: '1' }, true, false],
  ['a dumb terminal gets plain lines', { TERM: 'dumb' }, false, false],
  ['a CI system gets plain lines with colours', { CI: 'true' }, false, true],
])('%s', async (_, env, isLive, isColoured) => {
  const { text } = await underTerminal(tsplay(words('h1,')), { ...size, cwd: files(QUICK), env });
  expect(text.includes('at work')).toBe(isLive);
  expect(/\u001b\[\d+m/.test(text)).toBe(isColoured);
  expect(text.includes('\u001b[?2026h')).toBe(isLive);
});

test('Ctrl-C once finishes the task, leaves a clean screen and says how to go on', async () => {
  const cwd = files(`    - {name: slow, command: sleep 2.5}\n    - {name: never, command: touch ran}\n`);
  const { code, text } = await underTerminal(tsplay(words('h1,h2,')), { ...size, cwd, keys: [CTRL_C] });
  expect(code).toBe(130);
  const screen = await screenOf(text);
  expect(screen).toContain('Stopping after the task each host is in. Ctrl-C again stops now.');
  expect(screen).toContain('  changed: h1, h2');
  expect(screen.join('\n')).not.toMatch(/at work|\^C|never\]/);
  expect(screen.at(-1)).toMatch(/^ {2}tsplay run site\.yaml/);
  expect(existsSync(join(cwd, 'ran'))).toBe(false);
});

test('Ctrl-C twice ends at once and blames nobody', async () => {
  const cwd = files('    - {name: slow, command: sleep 60}\n');
  const startedAt = performance.now();
  const { code, text } = await underTerminal(tsplay(words('h1,')), {
    ...size,
    cwd,
    keys: [CTRL_C, { ...CTRL_C, after: 'Stopping' }],
  });
  expect(code).toBe(130);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(text).not.toMatch('internal error');
  expect(text).toMatch('its outcome on the host is unknown');
});

test('a reader that has seen enough does not end the run', async () => {
  const cwd = files(
    `${Array.from({ length: 30 }, (_, index) => `    - {name: t${index}, debug: {msg: ${'x'.repeat(500)}}}\n`).join('')}    - {name: end, copy: {dest: "{{ out }}", content: done}}\n`,
  );
  const out = join(cwd, 'out');
  const command = `${tsplay([...words('h1,'), '-e', `out=${out}`])
    .map((word) => `'${word}'`)
    .join(' ')} | head -2; exit \${PIPESTATUS[0]}`;
  const code = await new Promise((resolve) =>
    spawn('bash', ['-c', command], { cwd, stdio: 'ignore' }).on('close', resolve),
  );
  expect(code).toBe(0);
  expect(readFileSync(out, 'utf8')).toBe('done');
});

/** More than a pipe, a pseudo-terminal and their buffers take. */
const FLOOD = `    - name: flood\n      debug: {msg: "{{ 'x' * 200000 }}"}\n      loop: "{{ range(20) | list }}"\n    - {name: end, copy: {dest: "{{ out }}", content: done}}\n    - {name: quiet, command: sleep 0.1}\n`;

async function appears(path: string): Promise<boolean> {
  for (let waited = 0; waited < 100 && !existsSync(path); waited++) await sleep(100);
  return existsSync(path);
}

test.each(['pipe', 'terminal'])('a stopped reader of a %s does not hold up the run', async (kind) => {
  const cwd = files(FLOOD);
  const out = join(cwd, 'out');
  const argv = tsplay([...words('h1,'), '-e', `out=${out}`]);
  const quoted = argv.map((word) => `'${word}'`).join(' ');
  const child =
    kind === 'pipe'
      ? spawn(argv[0], argv.slice(1), { cwd, stdio: ['ignore', 'pipe', 'ignore'] })
      : spawn('script', ['-qec', quoted, '/dev/null'], {
          cwd,
          stdio: ['pipe', 'pipe', 'ignore'],
          env: { ...process.env, TERM: 'xterm', CI: '' },
        });
  // Nobody reads until the run has done its work.
  child.stdout?.pause();
  expect(await appears(out)).toBe(true);
  let bytes = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  child.stdout?.resume();
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
  expect(bytes).toBeGreaterThan(3_900_000);
});
