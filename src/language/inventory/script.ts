import { spawn } from 'node:child_process';

/** An inventory script failed; the message says how. */
export class ScriptError extends Error {
  override name = 'ScriptError';
}

export interface ScriptLimits {
  /** Milliseconds from start to end. */
  readonly deadline: number;
  /** Bytes of standard output. */
  readonly output: number;
}

export const defaultScriptLimits: ScriptLimits = { deadline: 60_000, output: 64 * 1024 * 1024 };

const SHOWN_STDERR = 500;

/**
 * Standard output of an inventory script. Past a limit the script and all it started are killed.
 *
 * @throws {@link ScriptError}
 */
export async function runScript(path: string, args: readonly string[], limits: ScriptLimits): Promise<string> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const stop = (reason: ScriptError): void => {
    failure ??= reason;
    // The group, because a shell script's own children would keep the pipe open.
    if (child.pid !== undefined) killGroup(child.pid);
  };
  let failure: ScriptError | undefined;
  const timer = setTimeout(() => stop(new ScriptError(`no answer after ${limits.deadline / 1000} s`)), limits.deadline);
  const output = collect(child.stdout, limits.output, () => stop(new ScriptError(`more than ${limits.output} bytes`)));
  const errors = collect(child.stderr, limits.output, () => undefined);
  try {
    const status = await ended(child);
    if (failure) throw failure;
    if (status !== 0) throw new ScriptError(`it failed with ${status}: ${errors().trim().slice(-SHOWN_STDERR)}`);
    return output();
  } finally {
    clearTimeout(timer);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function collect(stream: NodeJS.ReadableStream, most: number, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= most) chunks.push(chunk);
    else tooMuch();
  });
  return () => Buffer.concat(chunks).toString();
}

function ended(child: ReturnType<typeof spawn>): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new ScriptError(`it cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 0));
  });
}
