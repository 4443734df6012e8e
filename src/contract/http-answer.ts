import type { Output } from './command.ts';
import type { HttpRequest } from './http.ts';
import { MASK, Secret } from './secret.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; the last of several values. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back, or one line that says what was asked, what happened, and what to do. */
export type HttpOutcome =
  | { readonly ok: true; readonly answer: HttpAnswer }
  | {
      readonly ok: false;
      readonly error: string;
      /** Of curl, where the exchange itself failed. */
      readonly exit?: number;
    };

/** Reads what the command of `httpCommand` printed. */
export function httpOutcome(request: HttpRequest, output: Output | undefined): HttpOutcome {
  if (!output) return { ok: false, error: `${asked(request)}: the host gave no answer` };
  if (output.truncated) return { ok: false, error: `${asked(request)}: ${CLIENT_ENDS[63]}` };
  if (output.code !== 0)
    return { ok: false, error: hidden(request, `${asked(request)}: ${clientEnd(output)}`), exit: output.code };
  const answer = parseAnswer(Buffer.from(output.stdout).toString('utf8'));
  return answer ? { ok: true, answer } : { ok: false, error: `${asked(request)}: what came back is not HTTP` };
}

/** @example asked(request) // 'GET http://ctl:8774/v2.1/flavors' */
export function asked({ method, url }: HttpRequest): string {
  return `${method} ${url}`;
}

/**
 * Why an answer with an unwanted status came back, in one line.
 * @param advice what to do about a status, beside what holds for any service
 */
export function httpRefusal(
  request: HttpRequest,
  answer: HttpAnswer,
  advice: Readonly<Record<number, string>> = {},
): string {
  const { status, reason } = answer;
  const said = saidIn(answer);
  const next = advice[status] ?? STATUS_ADVICE[status] ?? (status >= 500 ? SERVER_ADVICE : '');
  const head = `${asked(request)} was answered ${`${status} ${reason}`.trim()}${said && `: ${said}`}`;
  return hidden(request, next ? `${head} (${next})` : head);
}

/** The text without the request's secrets, which a server may echo. */
export function hidden({ headers, secrets = [] }: HttpRequest, text: string): string {
  const all = [...secrets, ...Object.values(headers)].filter((value) => value instanceof Secret);
  return all.reduce((masked, secret) => masked.replaceAll(secret.reveal(), MASK), text);
}

const STATUS_ADVICE: Readonly<Record<number, string>> = {
  401: 'the token or the credentials were not accepted; has the token expired?',
  403: 'the roles of these credentials do not allow it; flavors need an administrator',
  409: 'somebody else made it meanwhile; run again',
  413: 'the request is too large for the service or a proxy in front of it',
  503: 'the service, or the proxy in front of it, has nothing that answers; is it starting?',
};
const SERVER_ADVICE = "look at the service's log on the controller";

/** Longest quotation of a server's words. */
const QUOTED = 500;

/** The `message` OpenStack services put one level deep: `{"badRequest": {"message": …}}`; else the start of the text. */
function saidIn({ body }: HttpAnswer): string {
  const message = messageOf(body) ?? body.replace(/<[^>]*>/g, ' ');
  return message.replace(/\s+/g, ' ').trim().slice(0, QUOTED);
}

function messageOf(body: string): string | undefined {
  try {
    const found = Object.values(Object(JSON.parse(body))).map((member) => Object(member).message);
    return found.find((message) => typeof message === 'string');
  } catch {
    return undefined;
  }
}

/** curl(1), EXIT CODES. */
const CLIENT_ENDS: Readonly<Record<number, string>> = {
  1: 'the URL is neither http nor https',
  2: 'this curl is too old for what was asked of it (7.54 of 2017 is the oldest that serves)',
  3: 'the URL is malformed',
  6: 'the host cannot resolve the name; check the URL and the resolver of the host',
  7: 'nothing accepts the connection; is the service running, and is the URL reached from this host?',
  28: 'no answer in time; is the URL reached from this host? `timeout` sets the seconds',
  35: 'the TLS handshake failed; is it https that is spoken there?',
  52: 'the other side closed the connection without a word',
  56: 'the connection broke',
  60: "the server's certificate is not trusted; name the file of the authority that signed it with `ca_cert`",
  63: 'the answer is too long',
  77: 'the file with certificates to trust (`ca_cert`) cannot be read',
  127: 'the host has neither curl nor python3 to ask with',
};

function clientEnd({ code, stderr }: Output): string {
  const said = Buffer.from(stderr).toString('utf8').replace(/\s+/g, ' ').trim().slice(0, QUOTED);
  const known = CLIENT_ENDS[code === 51 ? 60 : code] ?? `the client exited with ${code}`;
  return said ? `${known} (${said})` : known;
}

function parseAnswer(text: string): HttpAnswer | undefined {
  const end = /\r?\n\r?\n/.exec(text);
  const [first = '', ...lines] = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
  const status = /^HTTP\/[\d.]+ (\d{3})\s*(.*)$/.exec(first);
  if (!status) return undefined;
  const rest = end ? text.slice(end.index + end[0].length) : '';
  // Interim answers such as 100 Continue come before the answer itself.
  if (Number(status[1]) < 200) return parseAnswer(rest);
  return { status: Number(status[1]), reason: status[2] ?? '', headers: headersOf(lines), body: rest };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
