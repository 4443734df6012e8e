import { type Output, script } from '../contract/command.ts';
import { ProbeError, type ProbeKind, type Reading } from '../contract/probe.ts';

export interface ScriptReading<Subject, Value> {
  readonly name: string;
  /** POSIX sh; must change nothing and exit 0 whatever it finds. */
  readonly script: string;
  args?(subject: Subject): readonly string[];
  /** Throws {@link ProbeError} on output it does not understand. */
  parse(stdout: string, subject: Subject): Value;
  readonly predict?: ProbeKind<Subject, Value>['predict'];
}

/** A kind whose subjects are each read by one script: for facts that a host has once, such as its boot loader. */
export function scriptKind<Subject, Value>(reading: ScriptReading<Subject, Value>): ProbeKind<Subject, Value> {
  return {
    name: reading.name,
    commands: (subjects) => subjects.map((subject) => script(reading.script, reading.args?.(subject) ?? [])),
    parse: (subjects, outputs) => subjects.map((subject, index) => parseOne(reading, subject, outputs[index])),
    ...(reading.predict && { predict: reading.predict }),
  };
}

function parseOne<Subject, Value>(
  reading: ScriptReading<Subject, Value>,
  subject: Subject,
  output: Output | undefined,
): Reading<Value> {
  if (!output) return { ok: false, error: `${reading.name}: the host gave no answer` };
  if (output.truncated) return { ok: false, error: `${reading.name}: the host's answer is too long` };
  if (output.code !== 0) return { ok: false, error: `${reading.name}: ${complaint(output)}` };
  try {
    return { ok: true, value: reading.parse(text(output.stdout), subject) };
  } catch (error) {
    if (error instanceof ProbeError) return { ok: false, error: `${reading.name}: ${error.message}` };
    throw error;
  }
}

function complaint(output: Output): string {
  return text(output.stderr).trim().split('\n').slice(-3).join('; ') || `exit status ${output.code}`;
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Lines of `keyword rest`, the shape in which our scripts report. @example recordsOf('driver nouveau\n') // [['driver', 'nouveau']] */
export function recordsOf(stdout: string): readonly (readonly [string, string])[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
    });
}
