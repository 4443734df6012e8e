import type { ModuleLoaderSource } from '../host-files.ts';
import type { SimulatedKernel } from '../kernel/kernel.ts';
import type { Units } from '../units.ts';

/** What a stand-in program says and how it ends. `script` runs in the caller's shell before the rest. */
export interface Answer {
  readonly script?: string;
  readonly out?: string;
  readonly err?: string;
  readonly code?: number;
}

/** The host a stand-in acts on. */
export interface ToolHost extends ModuleLoaderSource {
  readonly kernel: SimulatedKernel;
  readonly version: string;
  readonly units: Units;
  /** Goes down shortly, so that the caller still gets its answer. */
  readonly reboot: (inMs: number) => void;
  readonly cancelReboot: () => void;
  /** Runs a command line on the host after a while, detached from whoever asked. */
  readonly later: (inMs: number, argv: readonly string[]) => void;
  readonly readFile: (path: string) => Promise<Buffer | undefined>;
  /** Replaces a file by way of `<path>.new`; false when the file system is full. */
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<boolean>;
  readonly installedKernels: () => Promise<readonly string[]>;
}

export type Tool = (host: ToolHost, args: readonly string[], name: string) => Promise<Answer> | Answer;

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The answer as shell text for the caller to evaluate. */
export function asScript(answer: Answer): string {
  const lines = [
    answer.script,
    answer.out ? `printf %s ${quoted(answer.out)}` : undefined,
    answer.err ? `printf %s ${quoted(answer.err)} >&2` : undefined,
    `exit ${answer.code ?? 0}`,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

export interface Words {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Splits flags from words; `valued` names the flags that take the next word unless written with `=`. */
export function parseWords(args: readonly string[], valued: readonly string[]): Words {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (let at = 0; at < end; at++) {
    const word = args[at] ?? '';
    const [flag = '', value] = /^(--?[^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word];
    if (!word.startsWith('-') || word === '-') rest.push(word);
    else if (valued.includes(flag)) values.set(flag, value ?? args[++at] ?? '');
    else flags.add(flag);
  }
  rest.push(...args.slice(end + 1));
  return { flags, values, rest };
}
