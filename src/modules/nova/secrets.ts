import { MASK } from '../../contract/secret.ts';
import { booleanOf } from '../../probes/nova/effective-config.ts';
import { parseOslo, splitLines } from '../../probes/nova/oslo-ini.ts';
import { literalOf } from './oslo-json.ts';

/** What Nova's own code marks as secret, what its libraries take and do not mark, and likely names of a site's own options. */
const SECRET_KEY =
  /(?:password|passwd|passphrase|\bpass|_pass|secret|secret_key|secret_id|token|token_id|(?:fixed|hmac|api|access|auth|private|encryption)_?keys?|credentials?|transport_url|connection|connection_string|connection_parameters|backend_argument)$/i;

/** Options whose name ends like a secret's and whose value may be a plain number. */
const COUNTS = /(?:connection|token)$/i;
const URL_WITH_PASSWORD = /[a-z][\w+.-]*:\/\/[^\s/@]*:[^\s@]*@\S*/gi;

/** Shorter values are words that stand elsewhere too ("nova"): then the whole line is the secret. */
const SHORTEST_ALONE = 8;

/**
 * The texts of a Nova configuration that nobody should see in a diff: values of password-like options, and any URL that
 * carries a password; in commented lines too. Longest first.
 * @example osloSecrets('transport_url = rabbit://nova:hunter22@mq:5672/') // ['rabbit://nova:hunter22@mq:5672/']
 */
export function osloSecrets(text: string): readonly string[] {
  const found = new Set<string>();
  let key = '';
  for (const line of splitLines(text).map((one) => one.trimEnd())) {
    const assigned = /^[#;\s]*([\w.-]+)\s*[=:]\s*(.*)$/.exec(line);
    const continues = /^[ \t]/.test(line);
    if (!continues) key = assigned?.[1] ?? '';
    const value = (continues ? line : (assigned?.[2] ?? '')).trim();
    if (isSecretKey(key) && isWorthHiding(value) && !(COUNTS.test(key) && isCount(value)))
      found.add(value.length < SHORTEST_ALONE ? line.trim() : value);
    for (const url of line.match(URL_WITH_PASSWORD) ?? []) found.add(url);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/**
 * What a service's log may quote of its configuration and nobody should see there: the values as the service got them, and
 * the passwords inside its URLs, of which drivers quote the plain form. A short password is a word that stands elsewhere too,
 * so it is hidden only where a log would quote it.
 * @example quotableSecrets(['[database]\nconnection = "mysql://nova:hunter22@db"\n']).includes('hunter22') // true
 */
export function quotableSecrets(texts: readonly string[]): readonly string[] {
  const values = texts.flatMap((text) => {
    const secret = parseOslo(text).entries.filter(({ key }) => isSecretKey(key));
    return secret.flatMap(({ value }) => [value, literalOf(value) ?? value, ...value.split('\n')]);
  });
  const shown = [...texts.flatMap(osloSecrets), ...values];
  const found = [...shown, ...shown.flatMap(passwordsIn)].filter((one) => isWorthHiding(one) && !isCount(one));
  return [...new Set(found.flatMap((one) => (one.length < SHORTEST_ALONE ? quotations(one) : [one])))];
}

/** Of `mysql://user:password@host`, of several such, and of castellan's `password:hunter22`. */
function passwordsIn(value: string): readonly string[] {
  const inUrls = [...value.matchAll(/[a-z][\w+.-]*:\/\/[^\s/@:]*:([^\s,]*)@|,[^\s/@:,]*:([^\s,@]*)@/gi)];
  const found = inUrls.flatMap(([, first, next]) => first ?? next ?? []);
  const argument = /^\w*(?:password|secret|token)\w*:(.+)$/i.exec(value)?.[1];
  return [...found, ...(argument === undefined ? [] : [argument])].flatMap((one) => [one, decodedUrl(one)]);
}

function decodedUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function quotations(text: string): readonly string[] {
  return [`:${text}@`, `'${text}'`, `"${text}"`, `=${text}`, `= ${text}`, `: ${text}`];
}

/** Options whose values nobody should see. @example isSecretKey('metadata_proxy_shared_secret') // true */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** The same text with every secret masked, for messages. */
export function maskOsloSecrets(text: string): string {
  return osloSecrets(text).reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

function isWorthHiding(value: string): boolean {
  return value !== '' && value !== '<None>' && booleanOf(value) === undefined;
}

function isCount(value: string): boolean {
  return /^\d{1,5}$/.test(value);
}
