import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ENTRY = join(import.meta.dirname, '../../src/cli/main.ts');

export interface Ran {
  readonly code: number | null;
  readonly text: string;
}

/** tsplay as its users start it, from source. */
export function tsplay(words: readonly string[]): readonly [string, ...string[]] {
  return [process.execPath, ENTRY, ...words];
}

/** Runs a program under a pseudo-terminal of this size (util-linux script) and gives back the bytes a terminal got. */
export function underTerminal(
  argv: readonly string[],
  options: {
    readonly columns: number;
    readonly rows: number;
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd: string;
    /** Each typed half a second after what it waits for was shown, in this order. */
    readonly keys?: readonly { readonly key: string; readonly after: string }[];
  },
): Promise<Ran> {
  const words = argv.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const command = `stty rows ${options.rows} cols ${options.columns}; exec ${words}`;
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', ...options.env };
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: options.cwd,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = [...(options.keys ?? [])];
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const next = waiting[0];
    if (next === undefined || !shown.includes(next.after)) return;
    waiting.shift();
    shown = '';
    setTimeout(() => child.stdin.write(next.key), 500);
  });
  return ended(child);
}

function ended(child: ReturnType<typeof spawn>): Promise<Ran> {
  let text = '';
  child.stdout?.on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}
