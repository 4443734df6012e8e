import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * `npm run journey`: follows docs/deck-journey.md on a fresh lab. Every `$ ` line of its console blocks is run in order, in
 * one directory, and what it prints takes the place of what stands there, so that the page shows what really comes out.
 * Ends with 1 when a command ends otherwise than its block says (`# exit 3` behind the command; nothing means 0).
 */
const root = join(import.meta.dirname, '..');
const page = join(root, 'docs', 'deck-journey.md');
const commandLimitMs = 300_000;

if (process.getuid?.() !== 0) {
  console.error(
    'The lab simulates hosts with mount namespaces and FUSE, for which it must be root: try sudo npm run journey.',
  );
  process.exit(1);
}

const programs = mkdtempSync(join(tmpdir(), 'tsplay-journey-'));
symlinkSync(join(root, 'bin', 'tsplay.cjs'), join(programs, 'tsplay'));
const wrong: string[] = [];

/** As a reader's shell would, but for `npx`, which starts the same program. */
function run(line: string): string {
  const [, command = '', expected = '0'] = /^(.*?)(?:\s+# exit (\d+))?$/s.exec(line) ?? [];
  const { status, stdout } = spawnSync('bash', ['-c', `npx() { "$@"; }; exec 2>&1; ${command}`], {
    cwd: root,
    encoding: 'utf8',
    timeout: commandLimitMs,
    maxBuffer: 1 << 26,
    env: {
      ...process.env,
      PATH: `${programs}:${join(root, 'node_modules', 'node', 'bin')}:${process.env.PATH}`,
      NO_COLOR: '1',
      COLUMNS: '150',
    },
  });
  console.log(`${status === Number(expected) ? 'as expected' : `exit ${status}`}  ${command}`);
  if (status !== Number(expected)) wrong.push(`${command}: exit ${status}, expected ${expected}\n${stdout}`);
  return stdout.trimEnd();
}

/** A block with the outputs of its commands as they came out now. A line `…` after a command keeps its output out. */
function renewed(block: string): string {
  const lines = block.split('\n');
  return lines
    .flatMap((line, index) => {
      if (!line.startsWith('$ ')) return line === '…' ? [line] : [];
      const output = run(line.slice(2));
      return lines[index + 1] === '…' || output === '' ? [line] : [line, ...output.split('\n')];
    })
    .join('\n');
}

try {
  const text = readFileSync(page, 'utf8');
  const parts = text.split(/(```console\n[\s\S]*?\n```)/);
  const fresh = parts.map((part) =>
    part.startsWith('```console\n') ? `\`\`\`console\n${renewed(part.slice(11, -4))}\n\`\`\`` : part,
  );
  if (wrong.length === 0) writeFileSync(page, fresh.join(''));
} finally {
  rmSync(programs, { recursive: true, force: true });
}
for (const one of wrong) console.error(`\n${one}`);
process.exit(wrong.length === 0 ? 0 : 1);
