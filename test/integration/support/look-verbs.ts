import { join } from 'node:path';
import { run } from '../../lab/lab-fixture.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');

/** One link as `tsplay doctor --output json` has it. */
export interface FoundLink {
  readonly link: string;
  readonly status: 'holds' | 'broken' | 'not-checked';
  readonly detail: string;
  readonly mend?: string;
}

/** The document of `tsplay doctor --output json`, with the program's exit status. */
export interface Diagnosed {
  readonly code: number | null;
  readonly first_break: { readonly link: string; readonly hosts: readonly string[] } | null;
  readonly hosts: readonly { readonly host: string; readonly findings: readonly FoundLink[] }[];
  readonly fleet: readonly FoundLink[];
  /** All links of all hosts and of the fleet that have this name, as they come. */
  readonly all: (link: string) => readonly FoundLink[];
  /** Everything that was printed, for what must not stand in it. */
  readonly text: string;
}

/** `tsplay doctor` as a program of its own. */
export async function doctorSays(
  inventory: string,
  words: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Diagnosed> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const argv = [process.execPath, MAIN, 'doctor', ...words, '-i', inventory, '--output', 'json'];
  const { code, out, err } = await run(['env', ...variables, ...argv]);
  if (out === '') throw new Error(`doctor: exit status ${code}: ${err}`);
  const parsed = JSON.parse(out);
  const findings = [
    ...parsed.hosts.flatMap((host: { findings?: FoundLink[] }) => host.findings ?? []),
    ...parsed.fleet,
  ];
  return { code, ...parsed, all: (link) => findings.filter((one) => one.link === link), text: `${out}${err}` };
}

/** `tsplay gpus --output json` as a program of its own. */
export async function gpusSay(inventory: string) {
  const { out } = await run([process.execPath, MAIN, 'gpus', '-i', inventory, '--output', 'json']);
  return JSON.parse(out);
}
