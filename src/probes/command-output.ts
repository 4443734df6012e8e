import { type Output, program } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading } from '../contract/probe.ts';
import type { Resource } from '../contract/resource.ts';
import { failed, succeeded } from './fuse.ts';
import { complaint } from './output-text.ts';

export interface CommandText {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOutputOptions {
  /** What the program's answer rests on. */
  readonly reads: readonly Resource[];
  /** Exit codes that are an answer; any other is a failed reading. Default `[0]`; 127 means the program is missing. */
  readonly okCodes?: readonly number[];
  readonly stdin?: string;
}

interface Subject {
  readonly argv: readonly [string, ...string[]];
  readonly okCodes: readonly number[];
  readonly stdin: string;
}

const kind: ProbeKind<Subject, CommandText> = {
  name: 'command-output',
  commands: (subjects) => subjects.map(({ argv, stdin }) => program(argv, { stdin })),
  parse: (subjects, outputs) => subjects.map((subject, index) => readingOf(subject, outputs[index])),
};

/**
 * What a program that changes nothing prints. One process each: prefer a probe that fuses where one exists.
 * @example await read(commandOutput(['dpkg', '--print-architecture'], { reads: [] })) // { code: 0, stdout: 'amd64\n', … }
 */
export function commandOutput(argv: readonly [string, ...string[]], options: CommandOutputOptions): Probe<CommandText> {
  return probe(kind, { argv, okCodes: options.okCodes ?? [0], stdin: options.stdin ?? '' }, options.reads);
}

function readingOf({ argv, okCodes }: Subject, output: Output | undefined): Reading<CommandText> {
  if (!output || output.truncated) return failed(`${argv[0]}: ${complaint(output, 'no answer')}`);
  if (okCodes.includes(output.code)) {
    return succeeded({ code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) });
  }
  if (output.code === 127) return failed(`${argv[0]} is not installed on this host`);
  return failed(`${argv.join(' ')} exited with ${output.code}: ${complaint(output, 'it said nothing')}`);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
