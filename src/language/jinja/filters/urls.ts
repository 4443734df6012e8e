import { iterate } from '../access.ts';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { ValueFault, isMapping, mappingEntries, mappingFrom } from '../values.ts';
import { named, textArgument } from './arguments.ts';

function percentEncode(text: string, keepsSlash: boolean): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepsSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

const urlencode: Filter = (value) => {
  if (typeof value === 'string' || !(isMapping(value) || Array.isArray(value)))
    return percentEncode(toText(value), true);
  const pairs = isMapping(value) ? mappingEntries(value) : value.map(iterate);
  const field = (part: unknown): string => percentEncode(toText(part), false).replaceAll('%20', '+');
  return pairs.map(([key, item]) => `${field(key)}=${field(item)}`).join('&');
};

const URL_PARTS = /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/;

const urlsplit: Filter = (value, args, kwargs) => {
  const { query = '' } = named(args, kwargs, ['query']);
  const [, scheme = '', netloc = '', path = '', search = '', fragment = ''] = URL_PARTS.exec(toText(value)) ?? [];
  const parts = new Map<string, unknown>([
    ['fragment', fragment],
    ...hostParts(netloc),
    ['netloc', netloc],
    ['path', path],
    ['query', search],
    ['scheme', scheme.toLowerCase()],
  ]);
  const asked = textArgument(query);
  if (asked === '') return mappingFrom([...parts].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (!parts.has(asked)) throw new ValueFault(`a URL has no part '${asked}'`);
  return parts.get(asked);
};

function hostParts(netloc: string): readonly (readonly [string, unknown])[] {
  const at = netloc.lastIndexOf('@');
  const [username, password] = at < 0 ? [] : netloc.slice(0, at).split(/:([^]*)/);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(netloc.slice(at + 1)) ?? [];
  const host = bracketed ?? plain;
  return [
    ['hostname', host ? host.toLowerCase() : null],
    ['password', password ?? null],
    ['port', port ? Number(port) : null],
    ['username', username ?? null],
  ];
}

export const urlFilters: Readonly<Record<string, Filter>> = {
  urlencode,
  urldecode: (value) => decodeURIComponent(toText(value).replaceAll('+', ' ')),
  urlsplit,
};
