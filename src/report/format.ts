export type Format = 'pretty' | 'plain' | 'json';

export interface Surroundings {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How to report when nothing was asked for: live only where a person watches a terminal that can be painted over. */
export function formatFor(wanted: Format | undefined, { isTerminal, env }: Surroundings): Format {
  if (wanted !== undefined) return wanted;
  return isTerminal && !isSet(env.CI) && env.TERM !== 'dumb' ? 'pretty' : 'plain';
}

/** Colours as https://no-color.org and https://force-color.org have it; CI logs often understand them. */
export function hasColour({ isTerminal, env }: Surroundings): boolean {
  if (env.NO_COLOR) return false;
  if (isSet(env.FORCE_COLOR)) return true;
  return isTerminal && env.TERM !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
