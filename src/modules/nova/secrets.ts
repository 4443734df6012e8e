import { MASK } from '../../contract/secret.ts';
import { booleanOf } from '../../probes/nova/effective-config.ts';
import { splitLines } from '../../probes/nova/oslo-ini.ts';

/** What Nova's own code marks as secret, and what castellan and SQLAlchemy take and do not mark. */
const SECRET_KEY =
  /(?:password|passwd|secret|secret_key|secret_id|token|token_id|fixed_key|credentials?|transport_url|connection|connection_parameters|backend_argument)$/i;
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
  let isSecret = false;
  for (const line of splitLines(text).map((one) => one.trimEnd())) {
    const assigned = /^[#;\s]*([\w.-]+)\s*[=:]\s*(.*)$/.exec(line);
    const continues = /^[ \t]/.test(line);
    if (!continues) isSecret = assigned !== null && SECRET_KEY.test(assigned[1] ?? '');
    const value = (continues ? line : (assigned?.[2] ?? '')).trim();
    if (isSecret && isWorthHiding(value)) found.add(value.length < SHORTEST_ALONE ? line.trim() : value);
    for (const url of line.match(URL_WITH_PASSWORD) ?? []) found.add(url);
  }
  return [...found].sort((a, b) => b.length - a.length);
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
  return value !== '' && value !== '<None>' && booleanOf(value) === undefined && !/^\d{1,5}$/.test(value);
}
