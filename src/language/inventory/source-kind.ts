import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { extname } from 'node:path';

export type SourceKind = 'script' | 'yaml' | 'ini' | 'not-executable';

const yamlExtensions: ReadonlySet<string> = new Set(['.yml', '.yaml', '.json']);

/** Endings that a directory of sources leaves out, as Ansible does, beside hidden files and the vars directories. */
const ignoredEnding = /(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)|~)$/;

export function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === 'group_vars' || name === 'host_vars' || ignoredEnding.test(name);
}

/**
 * A file is a script when it may be executed and says what executes it: on some mounts every file has the bit. Without
 * a known ending the first line that is not a comment tells YAML from INI.
 */
export function kindOf(path: string): SourceKind {
  const head = readHead(path);
  const isProgram = head.startsWith('#!') || head.startsWith('\x7fELF');
  if (isProgram && isExecutable(path)) return 'script';
  if (yamlExtensions.has(extname(path))) return 'yaml';
  if (head.startsWith('#!')) return 'not-executable';
  return extname(path) === '' && looksLikeYaml(head) ? 'yaml' : 'ini';
}

function looksLikeYaml(head: string): boolean {
  const first = head.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return /^(?:---|\{|[\w.-]+:\s*(?:#.*|\{.*)?$)/.test(first);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readHead(path: string): string {
  const bytes = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  try {
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0)).replace(/^\xef\xbb\xbf/, '');
  } finally {
    closeSync(file);
  }
}
