import type { Command, Input } from '../contract/command.ts';
import { Secret } from '../contract/secret.ts';
import { printfCalls } from './printf.ts';
import { encodeWords, quote, quoteAll } from './quote.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Exit status of a command whose working directory does not exist. */
export const NO_DIRECTORY = 126;

/**
 * The shell text of one exchange. All of it runs in one subshell behind the long-lived shell, which stays free to be told
 * to kill it; each command is one fork more. (A background subshell without job control ignores SIGINT and SIGQUIT.)
 *
 * Marks are `<nonce><tag>;` on both streams: `<` before the first command, its exit status after each, `.` at the end.
 */
export function exchangeText(
  nonce: string,
  commands: readonly Command[],
  { stopOnFailure = false, gathersFrom = Number.POSITIVE_INFINITY }: RequestOptions = {},
): Buffer {
  const stop = stopOnFailure ? `[ "$c" = 0 ] || { ${mark(nonce, '.')}; exit; }\n` : '';
  // Each write is a packet: the last status and the end go out as one.
  const status = (end: string): string =>
    `c=$?; printf '${nonce}%s;${end}' "$c"; printf '${nonce}%s;${end}' "$c" >&2\n`;
  const body = commands.map(commandText).join(`\n${status('')}${stop}`);
  const end = commands.length > 0 ? `\n${status(`${nonce}.;`)}` : `${mark(nonce, '.')}\n`;
  const gather = commands.reduce((sum, command) => sum + writingLength(command), 0) > gathersFrom ? GATHER : '';
  return encodeWords(`wait\n{ ${mark(nonce, '<')}\n${body}${end}} </dev/null${gather} &\n`);
}

export interface RequestOptions {
  readonly stopOnFailure?: boolean | undefined;
  /** Length of the commands that write often, from where on standard output comes in few large pieces instead. */
  readonly gathersFrom?: number | undefined;
}

/**
 * Each write of a program on the host is a packet to encrypt, send and decrypt: hundreds for a long frame of reads. dd fills
 * blocks from short reads when its two block sizes differ (POSIX dd; in busybox only then).
 */
const GATHER = ' | dd ibs=32768 obs=65536 2>/dev/null';

/** The longer a command's text and words, the more it is likely to write. */
function writingLength(command: Command): number {
  if (command.writes === 'few') return 0;
  const words: readonly string[] = command.kind === 'script' ? [command.script, ...command.args] : command.argv;
  return words.reduce((sum, word) => sum + word.length, 0);
}

/**
 * Asks the long-lived shell whether the subshell of its exchange still lives; only its death is answered, by the mark `!`.
 * `jobs` comes first, because dash keeps a dead child until it looks, and kill(2) finds the dead.
 */
export function lifeText(nonce: string): Buffer {
  return encodeWords(`{ jobs; kill -0 $!; } >/dev/null 2>&1 || printf '${nonce}!;'\n`);
}

/**
 * Shell text run by the long-lived shell itself. What it leaves in the variable `o` is framed like a command's output, in one
 * write: each is a packet.
 */
export function ownText(nonce: string, body: string): Buffer {
  const frame = (answer: string): string => `printf '${nonce}<;${answer}${nonce}0;${nonce}.;'`;
  return encodeWords(`${body}\n${frame('%s')} "$o"; ${frame('')} >&2\n`);
}

/** Bytes from where on one more program costs less than a system call for each byte. */
const WORTH_A_PROGRAM = 32 * 1024;

/**
 * Bash reads a program from a pipe byte by byte, a second for each MiB, so a large one is fetched by `head`, which takes
 * no byte more than it is told. Without `head` bash goes on to read the text itself.
 */
export function forBash(text: Buffer): Buffer {
  return text.length < WORTH_A_PROGRAM
    ? text
    : Buffer.concat([Buffer.from(`eval "$(head -c ${text.length})"\n`), text]);
}

function mark(nonce: string, tag: string): string {
  return `printf '${nonce}${tag};'; printf '${nonce}${tag};' >&2`;
}

/** @example commandText(program(['ls', 'a b'])) // `(exec ls 'a b')` */
function commandText(command: Command): string {
  const subshell = `(${surroundings(command)}${body(command)})`;
  return command.stdin === undefined ? subshell : piped(command.stdin, subshell);
}

function body(command: Command): string {
  if (command.kind === 'script') return `set -- ${quoteAll(command.args)}; eval ${quote(command.script)}`;
  return command.argv[0].startsWith('-') || command.argv[0] === ''
    ? notFound(command.argv[0])
    : `exec ${quoteAll(command.argv)}`;
}

/** `exec -c` would be an option of exec in some shells. */
function notFound(name: string): string {
  return `printf '%s: not found\\n' ${quote(name)} >&2; exit 127`;
}

function surroundings({ env = {}, cwd }: Command): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${variable(name)}=${quote(value)}; `);
  const directory = cwd === undefined ? '' : `cd -- ${quote(cwd === '-' ? './-' : cwd)} || exit ${NO_DIRECTORY}; `;
  return directory + exports.join('');
}

function variable(name: string): string {
  if (!NAME.test(name)) throw new TypeError(`environment variable ${JSON.stringify(name)}: not a valid name`);
  return name;
}

function piped(stdin: Input, subshell: string): string {
  // A program need not read all of its input; the printf that is cut off then complains.
  return `{ :\n${printfCalls(inputBytes(stdin))}\n} 2>/dev/null | ${subshell}`;
}

function inputBytes(stdin: Input): Uint8Array {
  if (stdin instanceof Secret) return Buffer.from(stdin.reveal());
  return typeof stdin === 'string' ? Buffer.from(stdin) : stdin;
}
