import { type Command, program } from './command.ts';
import { Secret } from './secret.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One HTTP request that a host makes. Secrets stand in header values and in the body; all of it travels by standard input. */
export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | Secret>>;
  readonly body?: string | Secret;
  /** Further texts that no message may show, such as the password inside the body. */
  readonly secrets?: readonly Secret[];
}

/** What makes the request on the host, and how far it trusts the other side. */
export interface HttpClient {
  /** curl, or Python's own library where a host has no curl. */
  readonly program: 'curl' | 'python3';
  /** File on the host with the certificates to trust, instead of the host's own. */
  readonly caFile?: string;
  /** Certificates are not verified. */
  readonly isInsecure: boolean;
  /** Milliseconds for the whole request. */
  readonly timeoutMs: number;
}

/** Bytes of an answer's body. A cloud's whole list of flavors is far smaller. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const CONNECT_SECONDS = 10;

/**
 * The command that makes a request: its words are constant, the request is its standard input. It prints the status line,
 * the headers and the body, and exits as curl does. Redirects are answers, not followed; a user's .curlrc is not read.
 *
 * Source: curl(1) `--config`; Python's urllib.request.
 * @example httpCommand({ method: 'GET', url: 'http://ctl:8774/v2.1/', headers: {} }, client)
 */
export function httpCommand(request: HttpRequest, client: HttpClient): Command {
  refuseControlCharacters(request);
  return client.program === 'curl'
    ? program(['curl', '--disable', '--config', '-'], { stdin: new Secret(curlConfig(request, client)) })
    : program(['python3', '-I', '-c', PYTHON], { stdin: new Secret(JSON.stringify(pythonRequest(request, client))) });
}

/** @throws {TypeError} a line end in a header would start another header */
function refuseControlCharacters({ url, headers }: HttpRequest): void {
  const texts = [url, ...Object.entries(headers).flatMap(([name, value]) => [name, revealed(value)])];
  if (texts.some((text) => [...text].some((character) => character < ' ' || character === '\x7f')))
    throw new TypeError('a URL or a header holds a control character');
}

function curlConfig({ method, url, headers, body }: HttpRequest, client: HttpClient): string {
  const fields = { 'Content-Type': 'application/json', ...headers, Expect: '' };
  return [
    'silent',
    'show-error',
    'include',
    'suppress-connect-headers',
    'globoff',
    'http1.1',
    'proto = "=http,https"',
    `connect-timeout = ${CONNECT_SECONDS}`,
    `max-time = ${client.timeoutMs / 1000}`,
    `max-filesize = ${MAX_BODY_BYTES}`,
    ...(client.caFile ? [`cacert = ${inQuotes(client.caFile)}`] : []),
    ...(client.isInsecure ? ['insecure'] : []),
    `request = ${inQuotes(method)}`,
    `url = ${inQuotes(url)}`,
    ...Object.entries(fields).map(([name, value]) => `header = ${inQuotes(`${name}: ${revealed(value)}`)}`),
    ...(body === undefined ? [] : [`data-raw = ${inQuotes(revealed(body))}`]),
    '',
  ].join('\n');
}

/** curl(1): within quotes, backslash escapes. */
function inQuotes(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

function pythonRequest(
  { method, url, headers, body }: HttpRequest,
  client: HttpClient,
): Readonly<Record<string, unknown>> {
  const fields = Object.entries({ 'Content-Type': 'application/json', ...headers });
  return {
    method,
    url,
    headers: Object.fromEntries(fields.map(([name, value]) => [name, revealed(value)])),
    body: body === undefined ? null : revealed(body),
    ca: client.caFile ?? null,
    insecure: client.isInsecure,
    seconds: client.timeoutMs / 1000,
    most: MAX_BODY_BYTES,
  };
}

function revealed(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}

/** Exits with curl's codes, so that both explain themselves alike. An alarm bounds the whole, as no timeout of urllib does. */
const PYTHON = `import http.client, json, signal, socket, ssl, sys, urllib.error, urllib.request
q = json.load(sys.stdin)
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *rest): return None
def fail(code, said):
    sys.stderr.write('%s\\n' % said)
    sys.exit(code)
def late(*rest): fail(28, 'no complete answer within %g s' % q['seconds'])
def reason(e):
    if isinstance(e, ssl.SSLCertVerificationError): return 60
    if isinstance(e, ssl.SSLError): return 35
    if isinstance(e, socket.gaierror): return 6
    if isinstance(e, (TimeoutError, socket.timeout)): return 28
    if isinstance(e, (ConnectionRefusedError, OSError)) and not isinstance(e, (ConnectionResetError, http.client.HTTPException)): return 7
    return 56
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, q['seconds'])
if not q['url'].startswith(('http://', 'https://')): fail(1, 'not an http or https URL')
try: trust = ssl.create_default_context(cafile=q['ca'])
except (OSError, ssl.SSLError) as e: fail(77, e)
if q['insecure']:
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
body = None if q['body'] is None else q['body'].encode()
ask = urllib.request.Request(q['url'], data=body, headers=q['headers'], method=q['method'])
try:
    try: got = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trust)).open(ask, timeout=q['seconds'])
    except urllib.error.HTTPError as e: got = e
    text = got.read(q['most'] + 1)
except urllib.error.URLError as e: fail(reason(e.reason), e.reason)
except http.client.RemoteDisconnected as e: fail(52, e)
except (OSError, http.client.HTTPException) as e: fail(reason(e), e or type(e).__name__)
if len(text) > q['most']: fail(63, 'the answer is longer than %d bytes' % q['most'])
head = ['HTTP/1.1 %d %s' % (got.status, got.reason)] + ['%s: %s' % pair for pair in got.headers.items()]
sys.stdout.buffer.write(('\\r\\n'.join(head) + '\\r\\n\\r\\n').encode('latin-1', 'replace') + text)
`;
