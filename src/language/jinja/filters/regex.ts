import { isTruthy } from '../operators.ts';
import { toText } from '../python-repr.ts';
import { matches, pythonRegex } from '../regex-search.ts';
import type { Filter } from '../types.ts';
import { Tuple, ValueFault } from '../values.ts';
import { integerArgument, named, textArgument } from './arguments.ts';

const replaceAll: Filter = (value, args, kwargs) => {
  const names = ['pattern', 'replacement', 'ignorecase', 'multiline', 'count', 'mandatory_count'];
  const {
    pattern = '',
    replacement = '',
    ignorecase = false,
    multiline = false,
    count = 0,
  } = named(args, kwargs, names);
  const regex = pythonRegex(textArgument(pattern), {
    ignoreCase: isTruthy(ignorecase),
    multiline: isTruthy(multiline),
  });
  const found = matches(regex, toText(value), 'all');
  const most = integerArgument(count) || found.length;
  return substituted(toText(value), found.slice(0, most), textArgument(replacement));
};

function substituted(text: string, found: readonly RegExpExecArray[], template: string): string {
  let [result, at] = ['', 0];
  for (const match of found) {
    result += text.slice(at, match.index) + expanded(template, match);
    at = match.index + match[0].length;
  }
  return result + text.slice(at);
}

const REFERENCE = /\\(?:g<(\w+)>|(\d{1,2})|([^]))/g;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  f: '\f',
  v: '\v',
  a: '\x07',
  b: '\b',
};

/** Python's replacement texts: `\1`, `\g<1>`, `\g<name>`. */
function expanded(template: string, match: RegExpExecArray): string {
  return template.replace(REFERENCE, (all: string, name?: string, digits?: string, character?: string) => {
    if (character !== undefined) return ESCAPES[character] ?? all;
    return groupOf(match, name ?? digits ?? '0') ?? '';
  });
}

function groupOf(match: RegExpExecArray, reference: string): string | undefined {
  const isNumber = /^\d+$/.test(reference);
  const isKnown = isNumber
    ? Number(reference) < match.length
    : match.groups !== undefined && Object.hasOwn(match.groups, reference);
  if (!isKnown) throw new ValueFault(`the regular expression has no group '${reference}'`);
  return isNumber ? match[Number(reference)] : match.groups?.[reference];
}

const search: Filter = (value, [pattern, ...groups], kwargs) => {
  const { ignorecase = false, multiline = false } = named([], kwargs, ['ignorecase', 'multiline']);
  const regex = pythonRegex(textArgument(pattern), {
    ignoreCase: isTruthy(ignorecase),
    multiline: isTruthy(multiline),
  });
  const [match] = matches(regex, toText(value), 'first');
  if (!match) return null;
  if (groups.length === 0) return match[0];
  return groups.map((group) => groupOf(match, wantedGroup(textArgument(group))) ?? null);
};

function wantedGroup(text: string): string {
  const [, name, digits] = /^\\(?:g<(\w+)>|(\d+))$/.exec(text) ?? [];
  const reference = name ?? digits;
  if (reference === undefined)
    throw new ValueFault(`'${text}' is not a reference to a group such as '\\\\1' or '\\\\g<name>'`);
  return reference;
}

const findall: Filter = (value, args, kwargs) => {
  const {
    regex: pattern,
    multiline = false,
    ignorecase = false,
  } = named(args, kwargs, ['regex', 'multiline', 'ignorecase']);
  const regex = pythonRegex(textArgument(pattern), {
    ignoreCase: isTruthy(ignorecase),
    multiline: isTruthy(multiline),
  });
  return matches(regex, toText(value), 'all').map((match) => {
    const groups = match.slice(1).map((group: string | undefined) => group ?? '');
    return groups.length === 0 ? match[0] : groups.length === 1 ? groups[0] : Tuple.from2(groups);
  });
};

const escape: Filter = (value, args, kwargs) => {
  const { re_type = 'python' } = named(args, kwargs, ['re_type']);
  if (re_type === 'posix_basic') return toText(value).replace(/[\].[^$*\\]/g, '\\$&');
  if (re_type !== 'python') throw new ValueFault("re_type must be 'python' or 'posix_basic'");
  return toText(value).replace(/[\t\n\v\f\r #$&()*+.?[\\\]^{|}~-]/g, '\\$&');
};

export const regexFilters: Readonly<Record<string, Filter>> = {
  regex_replace: replaceAll,
  regex_search: search,
  regex_findall: findall,
  regex_escape: escape,
};
