import type { Command, Output } from '../contract/command.ts';
import type { ProbeKind, Reading } from '../contract/probe.ts';

export interface Fusion<Subject, Value> {
  /** Subjects with the same answer may share a command. */
  group(subject: Subject): string;
  /** Most subjects of one command. */
  readonly size: number;
  command(subjects: readonly Subject[]): Command;
  /** May throw: then every subject of the command failed. */
  parse(subjects: readonly Subject[], output: Output): readonly Reading<Value>[];
}

/** Makes one command for each group of subjects, and gives each subject its own reading again. */
export function fuse<Subject, Value>(
  fusion: Fusion<Subject, Value>,
): Pick<ProbeKind<Subject, Value>, 'commands' | 'parse'> {
  const groupsOf = onceFor((subjects: readonly Subject[]) => grouped(fusion, subjects));
  return {
    commands: (subjects) => groupsOf(subjects).map((members) => fusion.command(members)),
    parse: (subjects, outputs) => {
      const readings = new Map<Subject, Reading<Value>>();
      groupsOf(subjects).forEach((members, index) => {
        const answers = answersOf(fusion, members, outputs[index]);
        members.forEach((member, at) => readings.set(member, answers[at] ?? failed('the host gave no answer')));
      });
      return subjects.map((subject) => readings.get(subject) ?? failed('the host gave no answer'));
    },
  };
}

/** Remembers what was made of a list: an answer is read with the very list that its question was made of. */
export function onceFor<Item, Made>(make: (list: readonly Item[]) => Made): (list: readonly Item[]) => Made {
  const made = new WeakMap<readonly Item[], Made>();
  return (list) => {
    const known = made.get(list) ?? make(list);
    made.set(list, known);
    return known;
  };
}

export function failed(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}

export function succeeded<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

function grouped<Subject>(
  fusion: Pick<Fusion<Subject, unknown>, 'group' | 'size'>,
  subjects: readonly Subject[],
): readonly (readonly Subject[])[] {
  const groups = [...Map.groupBy(subjects, (subject) => fusion.group(subject)).values()];
  return groups.flatMap((members) => chunks(members, fusion.size));
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function answersOf<Subject, Value>(
  fusion: Fusion<Subject, Value>,
  members: readonly Subject[],
  output: Output | undefined,
): readonly Reading<Value>[] {
  if (!output) return [];
  if (output.truncated) return members.map(() => failed('the answer was too large to read at once'));
  try {
    return fusion.parse(members, output);
  } catch (error) {
    return members.map(() => failed(error instanceof Error ? error.message : String(error)));
  }
}
