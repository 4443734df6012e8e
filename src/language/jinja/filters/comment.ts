import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { ValueFault } from '../values.ts';
import { integerArgument, named } from './arguments.ts';

interface Style {
  readonly beginning?: string;
  readonly decoration: string;
  readonly end?: string;
}

const STYLES: Readonly<Record<string, Style>> = {
  plain: { decoration: '# ' },
  erlang: { decoration: '% ' },
  c: { decoration: '// ' },
  cblock: { beginning: '/*', decoration: ' * ', end: ' */' },
  xml: { beginning: '<!--', decoration: ' - ', end: '-->' },
};

const NAMES = [
  'style',
  'newline',
  'beginning',
  'end',
  'decoration',
  'prefix',
  'prefix_count',
  'postfix',
  'postfix_count',
];

/** Ansible's `comment`: the text as a comment of a language, one line by one. */
export const comment: Filter = (value, args, kwargs) => {
  const given = named(args, kwargs, NAMES);
  const style = STYLES[toText(given.style ?? 'plain')];
  if (!style) throw new ValueFault(`there is no comment style '${toText(given.style)}'`);
  const option = (name: string, fallback: string): string => toText(given[name] ?? fallback);
  const newline = option('newline', '\n');
  const decoration = option('decoration', style.decoration);
  const edge = (name: 'prefix' | 'postfix'): string => {
    const count = Math.min(100, integerArgument(given[`${name}_count`], 1));
    return Array.from({ length: count }, () => option(name, decoration.trimEnd())).join(newline);
  };
  const lines = toText(value)
    .split(newline)
    .map((line) => (decoration + line).trimEnd());
  const blank = [
    option('beginning', style.beginning ?? ''),
    edge('prefix'),
    ...lines,
    edge('postfix'),
    option('end', style.end ?? ''),
  ];
  return blank.filter((line, index) => line !== '' || (index > 1 && index < blank.length - 2)).join(newline);
};
