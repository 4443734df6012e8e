import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One playbook tree with its command line, as stored in `cases/<name>.case`. */
export interface Case {
  readonly name: string;
  /** What it pins, from the first lines of the file. */
  readonly about: string;
  /** Words for the command line, the same for both programs. */
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

const CASES = join(import.meta.dirname, 'cases');

export function readCases(): readonly Case[] {
  return readdirSync(CASES)
    .filter((name) => name.endsWith('.case'))
    .toSorted()
    .map((name) => parseCase(basename(name, '.case'), readFileSync(join(CASES, name), 'utf8')));
}

export function capturePath(name: string): string {
  return join(CASES, `${name}.json`);
}

function parseCase(name: string, text: string): Case {
  const [head = '', ...parts] = text.split(/^== /m);
  const lines = head.trim().split('\n');
  const words = lines.find((line) => line.startsWith('args: '))?.slice('args: '.length) ?? '';
  const files = parts.map((part): [string, string] => {
    const end = part.indexOf('\n');
    return [part.slice(0, end).trim(), part.slice(end + 1)];
  });
  return {
    name,
    about: lines.filter((line) => !line.startsWith('args: ')).join(' '),
    args: (words.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1')),
    files: Object.fromEntries(files),
  };
}

/** The words of the command line with the case's inventory: its own, `hosts.ini`, or three hosts. */
export function withInventory({ args, files }: Case): readonly string[] {
  if (args.includes('-i')) return args;
  return ['-i', 'hosts.ini' in files ? 'hosts.ini' : 'h1,h2,h3,', ...args];
}

export function writeTree({ files }: Case, directory: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}
