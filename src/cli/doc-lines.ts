import { EMPTY, type Line, prose, span, verbatim } from '../report/line.ts';

/** `| `name` | type | default | meaning |`; a bar inside a cell is written `\|`. */
const ROW = /^\| `(?<name>[^`]+)` \| (?<type>.*?) \| (?<fallback>.*?) \| (?<meaning>.*) \|$/;

/** A page of docs/modules/ for a terminal: tables become lists, since their cells are wider than any screen. */
export function docLines(page: string): readonly Line[] {
  let isCode = false;
  const lines = page
    .trimEnd()
    .split('\n')
    .flatMap((text): readonly Line[] => {
      if (text.startsWith('```')) {
        isCode = !isCode;
        return [];
      }
      return isCode ? [verbatim(4, span(text))] : lineOf(text);
    });
  return lines.filter((line, index) => !isBlank(line) || !isBlank(lines[index - 1] ?? EMPTY));
}

function isBlank({ spans }: Line): boolean {
  return spans.every(({ text }) => text === '');
}

function lineOf(text: string): readonly Line[] {
  if (/^\|---|^\| argument \|/.test(text)) return [];
  if (text.startsWith('#')) return [prose(0, span(text.replace(/^#+ /, ''), 'bold'))];
  const { name, type = '', fallback = '', meaning = '' } = ROW.exec(text)?.groups ?? {};
  if (name === undefined) return [prose(0, span(plain(text)))];
  const absent = fallback === 'required' || fallback === '' ? fallback : `default ${fallback}`;
  const about = [type, absent].filter((part) => part !== '').join(', ');
  return [prose(2, span(name, 'bold'), span(`  ${plain(about)}`, 'dim')), prose(6, span(plain(meaning)))];
}

function plain(text: string): string {
  return text.replaceAll('\\|', '|').replaceAll('`', '');
}
