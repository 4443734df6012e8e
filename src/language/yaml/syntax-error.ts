import type { YAMLException } from 'js-yaml';
import type { Problems } from '../../contract/problem.ts';
import type { SourceText } from './source-text.ts';

/** The usual slips, recognised by the line the parser stopped at, and what to do about each. */
const slips: readonly { readonly line: RegExp; readonly hint: string }[] = [
  { line: /(?:^|[:\-,[]\s+|^\s*)\{\{.*\}\}/, hint: 'quote the template: "{{ … }}"' },
  { line: /^[ ]*\t/, hint: 'indent with spaces; YAML does not allow tabs' },
  { line: /:\s+[@`%]/, hint: 'a value cannot start with @, ` or %: quote it' },
  {
    line: /:\s+"[^"]*"\s*[^\s#,}\]]|:\s+'[^']*'\s*[^\s#,}\]']/,
    hint: 'text goes on after the closing quote: quote the whole value',
  },
  { line: /:\s+[^'"{[|>#].*:(?:\s|$)/, hint: 'a value that holds ": " must be quoted' },
  { line: /[:,[{-]\s+(?:"[^"]*|'[^']*)$/, hint: 'is a quote not closed?' },
];

/** Bounds the time the expressions above may take. */
const LONGEST_LINE = 1000;

/** Reports a mistake found by the parser, with the hint its line suggests. */
export function reportSyntaxError(error: YAMLException, source: SourceText, problems: Problems): void {
  const offset = error.mark?.position ?? 0;
  const position = source.positionAt(Math.min(offset, source.text.length));
  const hint = hintFor(source, position.line);
  problems.error(`YAML: ${error.reason}`, { position, ...(hint === undefined ? {} : { hint }) });
}

/** The parser notices a mistake where it stops making sense of it, often at the start of the next line. */
function hintFor(source: SourceText, line: number): string | undefined {
  const lines = source.text.split('\n', line);
  for (const text of [lines[line - 1], lines[line - 2]]) {
    const slip =
      text === undefined ? undefined : slips.find((candidate) => candidate.line.test(text.slice(0, LONGEST_LINE)));
    if (slip) return slip.hint;
  }
  return undefined;
}
