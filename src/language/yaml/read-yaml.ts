import { type Event, EVENT_ID, parseEvents, YAMLException } from 'js-yaml';
import { formatProblem, Problems } from '../../contract/problem.ts';
import { compose } from './compose.ts';
import { defaultLimits, LimitError, type YamlLimits } from './limits.ts';
import { decodeText, type SourceText, sourceText } from './source-text.ts';
import { reportSyntaxError } from './syntax-error.ts';

/**
 * Reads one YAML document as Ansible's users write it (YAML 1.1 scalars as in PyYAML, `!vault`, `!unsafe`), recording
 * where every key and value stands (see positions.ts).
 *
 * Mistakes become problems with their places. `undefined` means the text could not be read at all; after lesser
 * mistakes, such as a duplicate key, the value is given all the same so that the mistakes in the rest of it are found
 * too: look at `problems.hasErrors` before using it. An empty file gives `{ value: null }`.
 *
 * @param text bytes are taken as UTF-8
 * @param limits those not named are the default
 * @example readYaml('- hosts: gpu\n  serial: 010', 'site.yaml', problems)?.value // [{ hosts: 'gpu', serial: 8 }]
 */
export function readYaml(
  text: string | Uint8Array,
  file: string,
  problems: Problems,
  limits: Partial<YamlLimits> = {},
): { readonly value: unknown } | undefined {
  const bounds = { ...defaultLimits, ...limits };
  if (isTooLong(text, bounds.bytes)) {
    const position = { file, line: 1, column: 1 };
    problems.error(`the file is longer than ${bounds.bytes} bytes`, { position, hint: 'split it' });
    return undefined;
  }
  const decoded = decodeText(text, file, problems);
  return decoded === undefined ? undefined : readDocument(sourceText(decoded, file), problems, bounds);
}

/**
 * The value of a YAML text that comes from an expression (`from_yaml`) or a host, with the same limits and types.
 *
 * @throws {SyntaxError} naming every mistake
 */
export function parseYamlValue(text: string, limits: Partial<YamlLimits> = {}): unknown {
  const problems = new Problems();
  const document = readYaml(text, '<yaml>', problems, limits);
  if (document && !problems.hasErrors) return document.value;
  throw new SyntaxError(problems.list.map(formatProblem).join('\n'));
}

function isTooLong(text: string | Uint8Array, bytes: number): boolean {
  if (text.length > bytes) return true;
  return typeof text === 'string' && text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}

function readDocument(
  source: SourceText,
  problems: Problems,
  limits: YamlLimits,
): { readonly value: unknown } | undefined {
  try {
    const events = parseEvents(source.text, { filename: source.file, maxDepth: limits.depth });
    const { value, end } = compose(events, { source, problems, limits });
    refuseFurtherDocuments(events, source, { problems, end });
    return { value };
  } catch (error) {
    if (error instanceof YAMLException) reportSyntaxError(error, source, problems);
    else if (error instanceof LimitError) problems.error(error.message, { position: source.positionAt(error.offset) });
    else throw error;
    return undefined;
  }
}

function refuseFurtherDocuments(
  events: readonly Event[],
  source: SourceText,
  { problems, end }: { readonly problems: Problems; readonly end: number },
): void {
  if (events.filter((event) => event.type === EVENT_ID.DOCUMENT).length < 2) return;
  const separator = /^---/m.exec(source.text.slice(end));
  const position = source.positionAt(end + (separator?.index ?? 0));
  problems.error('a second YAML document starts here', { position, hint: 'keep one document in a file' });
}
