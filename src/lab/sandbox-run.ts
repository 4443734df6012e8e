import { once } from 'node:events';
import { enter, type Sandbox } from './sandbox.ts';

export interface Ran {
  readonly code: number;
  readonly out: Buffer;
  readonly err: string;
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const rootEnv = { PATH: path, HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh' } as const;

/** Runs a script as the host's root and waits for it. Paths are resolved inside, so that no link leads out. */
export async function runInside(
  sandbox: Sandbox,
  script: string,
  args: readonly string[] = [],
  stdin?: Uint8Array,
): Promise<Ran> {
  // A script may be longer than one argument may be: it goes through a descriptor of its own when it has no other input.
  const viaStdin = stdin === undefined;
  const argv = viaStdin ? ['/bin/sh', '-s', '--', ...args] : ['/bin/sh', '-c', script, 'sh', ...args];
  const child = enter(sandbox, { argv, env: rootEnv });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin?.on('error', () => {});
  child.stdin?.end(viaStdin ? script : stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 255, out: Buffer.concat(out), err: Buffer.concat(err).toString() };
}

/** The bytes of a file, or nothing when there is none. */
export async function readInside(sandbox: Sandbox, file: string): Promise<Buffer | undefined> {
  const { code, out } = await runInside(sandbox, 'cat -- "$1"', [file]);
  return code === 0 ? out : undefined;
}

/** False when the bytes do not fit. */
export async function writeInside(sandbox: Sandbox, file: string, bytes: Uint8Array): Promise<boolean> {
  const script = 'cat > "$1.new" && mv -f "$1.new" "$1" || { rm -f "$1.new"; exit 1; }';
  return (await runInside(sandbox, script, [file], bytes)).code === 0;
}
