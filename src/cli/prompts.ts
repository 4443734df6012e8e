import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * Asks on the terminal without showing what is typed. Rejects when there is no terminal to ask on.
 * @param otherwise what to do without one
 */
export async function askSecret(question: string, otherwise: string): Promise<string> {
  requireTerminal(question, otherwise);
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

function requireTerminal(question: string, otherwise: string): void {
  const asked = question.trim().replace(/:$/, '');
  if (!process.stdin.isTTY) throw new Error(`cannot ask for "${asked}" without a terminal; ${otherwise}`);
}

export async function ask(question: string, otherwise: string): Promise<string> {
  requireTerminal(question, otherwise);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
