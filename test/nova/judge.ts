import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';

/** What Nova raised instead of an answer. */
export interface Raised {
  readonly error: string;
}

export interface Device {
  readonly address: string;
  readonly vendor_id: string;
  readonly product_id: string;
  /** The physical function of a virtual one. */
  readonly parent_addr?: string | null;
}

export interface Question {
  /** What stands on the service's command line, see {@link reading}. */
  readonly words: readonly string[];
  /** PCI functions of the host that is asked about, and which of them have virtual functions to give. */
  readonly devices?: readonly Device[];
  readonly physical_functions?: readonly string[];
  readonly also?: readonly ('values' | 'assigned' | 'cpus' | 'tables' | 'placement' | 'mdevs')[];
}

/** Sections, keys and values of one file. */
export type Assigned = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Verdict {
  /** Set when oslo.config stops at a file; then nothing else is. */
  readonly unreadable?: string;
  /** NUMA policy and specs of each alias by name. */
  readonly aliases: Readonly<Record<string, readonly [string, readonly Readonly<Record<string, string>>[]]>> | Raised;
  /** Names of aliases that a flavor can ask for. */
  readonly requestable: readonly string[] | Raised;
  /** The number of the device_spec that gives each device to guests, counted over all of them; null where none does. */
  readonly specs: { readonly count: number; readonly given: Readonly<Record<string, number | null>> } | Raised;
  readonly filters: readonly string[] | Raised;
  readonly alias_values: readonly string[] | Raised;
  readonly spec_values: readonly string[] | Raised;
  /** Registered options that differ from an empty configuration, as `section/option`. */
  readonly values?: Readonly<Record<string, unknown>> | Raised;
  readonly assigned?: readonly Assigned[];
  /** Null where nova-compute takes the sets of CPUs. */
  readonly cpus?: null | Raised;
  readonly tables?: Tables;
  /** Addresses for each enabled type of mediated devices. */
  readonly mdevs?: Readonly<Record<string, readonly string[]>> | Raised;
  /** Resource class of each resource provider that nova-compute would report. */
  readonly placement?: Readonly<Record<string, string>> | Raised;
}

/** What this Nova itself knows. */
export interface Tables {
  /** Every option as `section/option`, with its older names that still count. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly filters: readonly string[];
  readonly default_filters: readonly string[];
  readonly alias_keys: readonly string[];
  readonly numa_policies: readonly string[];
  /** Options that Nova itself never logs, as `section/option`. */
  readonly secrets: readonly string[];
  /** Options of which every line counts, as `section/option`. */
  readonly repeatable: readonly string[];
}

export interface Judge {
  ask(question: Question): Promise<Verdict>;
  close(): void;
}

/** Nova's own code (Debian's python3-nova) in a process of its own; importing it takes seconds, a question milliseconds. */
export function startJudge(): Judge {
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'judge.py')], { stdio: 'pipe' });
  const waiting: { readonly resolve: (verdict: Verdict) => void; readonly reject: (error: Error) => void }[] = [];
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-4_000);
  });
  child.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the judge ended: ${said}`));
  });
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line) as Verdict));
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    close: () => child.stdin.end(),
  };
}

/** The words by which a service reads files and directories, in this order. @example reading(['nova.conf'], ['nova.conf.d']) */
export function reading(files: readonly string[], directories: readonly string[] = []): readonly string[] {
  return [
    ...files.flatMap((path) => ['--config-file', path]),
    ...directories.flatMap((path) => ['--config-dir', path]),
  ];
}

/** Configuration texts by name, as files that Nova can read; gone when the test is. */
export function written(texts: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nova-judge-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  overwrite(folder, texts);
  return folder;
}

export function overwrite(folder: string, texts: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Registered options that differ from an empty configuration. */
export function valuesOf({ unreadable, values }: Verdict): Readonly<Record<string, unknown>> {
  expect(unreadable).toBeUndefined();
  if (!values || isRaised(values)) throw new Error(`no values: ${JSON.stringify(values)}`);
  return values;
}

export function isRaised(answer: unknown): answer is Raised {
  return typeof answer === 'object' && answer !== null && 'error' in answer;
}
