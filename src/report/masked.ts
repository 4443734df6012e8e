import type { Event, Reporter } from '../contract/event.ts';
import type { ItemResult, Result } from '../contract/result.ts';
import { Secret, MASK, type SecretRegistry } from '../contract/secret.ts';
import { OutputBudget } from './output-budget.ts';
import { OutputLines } from './output-lines.ts';

/**
 * The one gate in front of everything that shows or stores events: no_log results lose all but their status, output of
 * programs is held until its lines are complete (a secret may be split over chunks), and secrets are masked before any
 * text is cut, escaped or wrapped, since half a secret would not be recognised any more.
 */
export function masked(reporter: Reporter, secrets: SecretRegistry): Reporter {
  const budget = new OutputBudget();
  const pass = (event: Event) => {
    if (isHidden(event)) return;
    for (const shown of budget.pass(maskedEvent(bare(event), secrets))) reporter.on(shown);
  };
  const output = new OutputLines(pass);
  return {
    on: (event) => output.on(event),
    close: () => {
      output.flush();
      return reporter.close();
    },
  };
}

/** The event with every secret masked, in values and in names of values. */
export function maskedEvent(event: Event, secrets: SecretRegistry): Event {
  if (secrets.isEmpty) return event;
  // One search in one text costs far less than one in each of its strings; nearly no event holds a secret.
  const text = textsOf(event).join('\0');
  if (secrets.mask(text) === text) return event;
  return maskMembers(event, secrets, false) as Event;
}

/** Everything that could be shown of a value, unescaped: an escaped secret is not the secret any more. */
function textsOf(value: unknown, found: string[] = []): string[] {
  if (typeof value === 'string') found.push(value);
  else if (typeof value === 'number' || typeof value === 'bigint') found.push(String(value));
  else if (value instanceof Uint8Array) found.push(new TextDecoder().decode(value));
  else if (Array.isArray(value)) for (const member of value) textsOf(member, found);
  else if (typeof value === 'object' && value !== null && !(value instanceof Secret))
    for (const [name, member] of membersOf(value)) {
      found.push(name);
      textsOf(member, found);
    }
  return found;
}

function membersOf(value: object): readonly (readonly [string, unknown])[] {
  return value instanceof Map ? [...value].map(([name, member]) => [String(name), member]) : Object.entries(value);
}

/** Our own words, by which machines tell events apart; never masked, whatever the secrets are. */
const OWN_WORDS: ReadonlySet<string> = new Set(['type', 'status', 'mode', 'kind', 'stream', 'severity', 'play', 'run']);

function maskValue(value: unknown, secrets: SecretRegistry, isData: boolean): unknown {
  if (typeof value === 'string') return secrets.mask(value);
  if (typeof value === 'number' || typeof value === 'bigint')
    return secrets.mask(String(value)) === String(value) ? value : MASK;
  if (value instanceof Uint8Array) return secrets.mask(new TextDecoder().decode(value));
  if (value instanceof Secret) return MASK;
  if (Array.isArray(value)) return value.map((member) => maskValue(member, secrets, isData));
  return typeof value === 'object' && value !== null ? maskMembers(value, secrets, isData) : value;
}

function maskMembers(value: object, secrets: SecretRegistry, isData: boolean): object {
  return Object.fromEntries(
    membersOf(value).map(([name, member]) => {
      if (isData) return [secrets.mask(name), maskValue(member, secrets, true)];
      const isOwn = OWN_WORDS.has(name) || name === 'at' || name === 'elapsedMs' || name === 'order';
      return [
        name,
        isOwn ? member : maskValue(member, secrets, name === 'values' || name === 'before' || name === 'after'),
      ];
    }),
  );
}

/** What a no_log task says and prints while it runs. */
function isHidden(event: Event): boolean {
  const isLive = event.type === 'task.output' || event.type === 'task.progress';
  return isLive && event.task.isHidden === true;
}

/** no_log is honoured here too, so that no emitter can forget it. */
function bare(event: Event): Event {
  switch (event.type) {
    case 'task.retried':
    case 'task.finished': {
      const result = bareResult(event.result);
      return result === event.result ? event : { ...event, result };
    }
    case 'item.finished':
      return { ...event, result: bareItem(event.result) };
    default:
      return event;
  }
}

function bareResult(result: Result): Result {
  if (!result.isHidden) return result.items ? bareLoop(result, result.items) : result;
  const { status, isIgnored, isCopy, attempts, message, items } = result;
  return {
    status,
    isIgnored,
    isCopy,
    attempts,
    message: message === undefined ? undefined : 'hidden by no_log',
    diffs: [],
    actions: [],
    values: {},
    isHidden: true,
    items: items?.map((item) => bareItem({ ...item, isHidden: true })),
  };
}

/** The sum of a loop quotes its items, and any of them may be hidden. */
function bareLoop(result: Result, items: readonly ItemResult[]): Result {
  const shown = { ...result, items: items.map(bareItem) };
  if (!items.some((item) => item.isHidden)) return shown;
  return { ...shown, message: result.message === undefined ? undefined : 'hidden by no_log', diffs: [], actions: [] };
}

function bareItem(item: ItemResult): ItemResult {
  return { ...bareResult(item), label: item.isHidden ? '(hidden)' : item.label };
}
