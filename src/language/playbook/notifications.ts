import { suggest } from '../suggest.ts';
import { didYouMean, type LoadContext } from './context.ts';
import type { Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { HandlerSection, Play, Raw, Statement } from './types.ts';

interface Names {
  readonly literal: ReadonlySet<string>;
  /** What names with templates in them may become. */
  readonly patterns: readonly RegExp[];
}

/** Reports names in `notify` that no handler of the play has; a warning only, where an include may still bring one. */
export function checkNotifications(context: LoadContext, play: Play): void {
  const names = namesOf([...play.handlers, ...context.notes.lateHandlers]);
  for (const spot of context.notes.notified) {
    const name = String(spot.value);
    const isKnown = names.literal.has(name) || names.patterns.some((pattern) => pattern.test(name));
    if (!isKnown) report(context, spot, name, names);
  }
}

function report(context: LoadContext, spot: Spot, name: string, names: Names): void {
  const { position, path } = spot;
  const known = [...names.literal];
  const list = known.length > 0 ? `handlers: ${known.join(', ')}` : 'the play has no handlers';
  const hint = didYouMean(suggest(name, known)) ?? list;
  if (context.notes.hasUnknownHandlers)
    context.problems.warn(`no handler named ${name} is known before the run`, { position, path, hint });
  else context.problems.error(`there is no handler named ${name}`, { position, path, hint });
}

function namesOf(sections: readonly HandlerSection[]): Names {
  const all = sections.flatMap((section) => section.statements.flatMap((one) => namesOfHandler(one, section.role)));
  const patterns = all.filter(isTemplate).map(patternOf);
  return { literal: new Set(all.filter((name) => !isTemplate(name))), patterns };
}

/** A block's own name cannot be notified, only those of its tasks. */
function namesOfHandler(statement: Statement, role: string | undefined): readonly string[] {
  if (statement.kind === 'block' || statement.kind === 'role') {
    const inner = statement.kind === 'block' ? [statement.body, statement.rescue, statement.always] : [statement.body];
    return inner.flat().flatMap((one) => namesOfHandler(one, role));
  }
  const topics = statement.kind === 'meta' ? [] : (statement.listen ?? []);
  const names = [...asName(statement.name), ...topics];
  return role === undefined ? names : names.flatMap((name) => [name, `${role} : ${name}`]);
}

function asName(name: Raw): readonly string[] {
  return typeof name === 'string' ? [name] : [];
}

function patternOf(name: string): RegExp {
  const literal = name.split(/\{\{.*?\}\}|\{%.*?%\}/s).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`, 's');
}
