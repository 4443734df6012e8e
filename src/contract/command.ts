import type { Secret } from './secret.ts';

/** Bytes or text for a program's standard input. A {@link Secret} is revealed only there. */
export type Input = string | Uint8Array | Secret;

interface CommandOptions {
  readonly stdin?: Input;
  /** Set for this command only, on top of `LC_ALL=C` and a standard PATH. Never put a secret here. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Promises that its output comes in few writes. Long output without the promise is gathered on the host, by one program more. */
  readonly writes?: 'few';
}

/** One program with its words; no shell looks at them. */
export interface ProgramCommand extends CommandOptions {
  readonly kind: 'program';
  readonly argv: readonly [string, ...string[]];
}

/**
 * A constant POSIX-sh program text with its positional parameters (`$1`, `"$@"`).
 * The text is written by us and never contains data; data travels as `args`.
 */
export interface ScriptCommand extends CommandOptions {
  readonly kind: 'script';
  readonly script: string;
  readonly args: readonly string[];
}

export type Command = ProgramCommand | ScriptCommand;

/** @example program(['systemctl', 'restart', 'nova-compute']) */
export function program(argv: readonly [string, ...string[]], options: CommandOptions = {}): ProgramCommand {
  return { kind: 'program', argv, ...options };
}

/** @example script('for p; do [ -e "$p" ] && printf "%s\n" "$p"; done', paths) */
export function script(text: string, args: readonly string[] = [], options: CommandOptions = {}): ScriptCommand {
  return { kind: 'script', script: text, args, ...options };
}

/** What one command of an exchange gave back. */
export interface Output {
  /** Exit status. 128+n when killed by signal n, as the shell reports it. */
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Set when either stream passed the cap of the exchange: the middle is missing, the status is still true. */
  readonly truncated: boolean;
}
