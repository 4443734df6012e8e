import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks on the terminal without showing what is typed. Rejects when there is no terminal to ask on. */
export async function askSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) throw new Error(`cannot ask for "${question.trim()}" without a terminal`);
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

export async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new Error(`cannot ask "${question.trim()}" without a terminal; give the variable with -e`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
