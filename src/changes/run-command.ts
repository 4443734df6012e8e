import type { Applied, ChangeKind, RunCommand } from '../contract/change.ts';
import { type Output, program } from '../contract/command.ts';
import type { HostSession } from '../contract/host-session.ts';
import { SecretRegistry } from '../contract/secret.ts';
import { TaskError } from '../contract/task-error.ts';

/** Of a program's complaint in a message; the rest is in the result. */
const SHOWN_CHARACTERS = 2_000;

/** @example runCommand(['update-grub'], { touches: ['path:/boot'], purpose: 'regenerate grub.cfg' }) */
export function runCommand(argv: RunCommand['argv'], options: Omit<RunCommand, 'kind' | 'argv'>): RunCommand {
  return { kind: 'run-command', argv, ...options };
}

export const runCommandKind: ChangeKind<RunCommand> = {
  kind: 'run-command',
  describe: ({ argv, purpose }) =>
    purpose ? (isScript(argv) ? purpose : `${purpose} (${argv.join(' ')})`) : `run ${argv.join(' ')}`,
  diff: (change) => ({ kind: 'action', description: runCommandKind.describe(change) }),
  touches: ({ touches }) => touches,
  predict: ({ predicts = [] }) => ({ files: [], facts: predicts }),
  apply,
  undo: () => undefined,
};

async function apply(change: RunCommand, session: HostSession): Promise<Applied> {
  const startedAt = Date.now();
  const start = performance.now();
  const { argv, stdin, env, cwd, deadlineMs } = change;
  const options = {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(change.secrets && { onOutput: () => {} }),
  };
  const said = await session.run(
    program(argv, { ...(stdin !== undefined && { stdin }), ...(env && { env }), ...(cwd && { cwd }) }),
    options,
  );
  const output = change.secrets ? masked(said, change.secrets) : said;
  if (!isSuccess(change, output.code)) throw failure(change, output);
  return { change, output, elapsed: (performance.now() - start) / 1000, startedAt };
}

function masked(output: Output, secrets: readonly string[]): Output {
  const registry = new SecretRegistry();
  for (const secret of secrets) registry.add(secret);
  const shown = (bytes: Uint8Array) => Buffer.from(registry.mask(text(bytes)));
  return { ...output, stdout: shown(output.stdout), stderr: shown(output.stderr) };
}

function isSuccess({ success = [0] }: RunCommand, code: number): boolean {
  return success === 'any' || success.includes(code);
}

function failure({ argv, purpose }: RunCommand, output: Output): TaskError {
  const stdout = text(output.stdout);
  const stderr = text(output.stderr);
  const said = (stderr.trim() || stdout.trim() || 'it said nothing').slice(-SHOWN_CHARACTERS);
  const what =
    output.code === 127
      ? `${argv[0]} is not installed on this host`
      : `${isScript(argv) ? argv[0] : argv.join(' ')} exited with ${output.code}`;
  return new TaskError(`${purpose ? `${purpose}: ` : ''}${what}: ${said}`, { rc: output.code, stdout, stderr });
}

/** Nobody wants to read a program text of ours in a plan or an error. */
function isScript(argv: RunCommand['argv']): boolean {
  return argv[1] === '-c' && argv[2]?.includes('\n') === true;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
