import { z } from 'zod';
import { TaskError } from '../contract/task-error.ts';

const FLAG_NAMES = new Set(['i', 'm', 's']);

/**
 * A Python regular expression as a JavaScript one that matches strings whose characters are bytes (latin1).
 * Differences handled: named groups, `\A` `\Z` `(?#…)`, inline flags at the start, `$` before a final newline,
 * possessive and atomic forms refused.
 * @throws {TaskError} on what JavaScript cannot express, or a mistake in the expression
 * @example pythonRegex('^(?P<key>GRUB_\\w+)=').test('GRUB_TIMEOUT=5\n') // true
 */
export function pythonRegex(source: string, argument: string): RegExp {
  const known = compiled.get(source);
  if (known) return known;
  const regex = compile(source, argument);
  if (compiled.size < MOST_REMEMBERED) compiled.set(source, regex);
  return regex;
}

/** An argument that is an expression: what is wrong with it is found with the other arguments' mistakes. */
export const regularExpression = z.string().superRefine((source, context) => {
  try {
    pythonRegex(source, '');
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    context.addIssue({ code: 'custom', message: error.message.replace(/^: /, '') });
  }
});

/** A fleet runs the same expressions on every host. None keeps state between matches: flags g and y are never set. */
const compiled = new Map<string, RegExp>();
const MOST_REMEMBERED = 1000;

function compile(source: string, argument: string): RegExp {
  const [flags, body] = leadingFlags(source);
  const isMultiline = flags.includes('m');
  try {
    return new RegExp(translate(Buffer.from(body).toString('latin1'), isMultiline), flags);
  } catch (error) {
    throw new TaskError(
      `${argument}: ${source} is no regular expression we understand: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function leadingFlags(source: string): readonly [string, string] {
  const match = /^\(\?([aimsuxL]+)\)/.exec(source);
  if (!match) return ['', source];
  const letters = [...(match[1] ?? '')];
  if (letters.includes('x')) throw new TaskError(`${source}: verbose expressions, (?x), are not supported`);
  return [letters.filter((letter) => FLAG_NAMES.has(letter)).join(''), source.slice(match[0].length)];
}

/** One pass over the tokens; classes and escapes are left as they are. */
const TOKEN =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*\]|\(\?P<|\(\?P=(\w+)\)|\(\?#[^)]*\)|[*+?}]\+|\(\?>|\^|\$/g;

function translate(body: string, isMultiline: boolean): string {
  return body.replace(TOKEN, (token: string, backreference: string | undefined) => {
    if (token === '(?P<') return '(?<';
    if (backreference !== undefined) return `\\k<${backreference}>`;
    if (token.startsWith('(?#')) return '';
    if (token === '\\A') return '(?<![\\s\\S])';
    if (token === '\\Z') return '(?![\\s\\S])';
    if (token === '$' && !isMultiline) return '(?=\\n?(?![\\s\\S]))';
    if (token === '(?>' || /^[*+?}]\+$/.test(token))
      throw new TaskError('possessive and atomic groups are not supported');
    if (token.startsWith('[]') || token.startsWith('[^]')) return token.replace(']', '\\]');
    return token;
  });
}

/**
 * Fills a Python replacement text (`\1`, `\g<1>`, `\g<name>`) from a match.
 * @example expandTemplate('\\1=5', /(\w+)=/.exec('a=4') ?? []) // 'a=5'
 */
export function expandTemplate(template: string, match: RegExpExecArray): string {
  return template.replace(
    /\\(?:(\d{1,2})|g<(\w+)>|([\s\S]))/g,
    (whole: string, number?: string, name?: string, escape?: string) => {
      if (escape !== undefined) return ESCAPES[escape] ?? (escape === '\\' ? '\\' : whole);
      const key = number ?? name ?? '';
      if (/^\d+$/.test(key)) return groupOf(match, Number(key), template);
      if (!match.groups || !Object.hasOwn(match.groups, key))
        throw new TaskError(`${template} refers to the group ${key}, which regexp does not have`);
      return match.groups[key] ?? '';
    },
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function groupOf(match: RegExpExecArray, index: number, template: string): string {
  if (index >= match.length)
    throw new TaskError(`${template} refers to group ${index}, but regexp has only ${match.length - 1}`);
  return match[index] ?? '';
}
