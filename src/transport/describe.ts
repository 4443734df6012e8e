import type { Command } from '../contract/command.ts';
import { printable } from './printable.ts';
import type { ChannelEnd } from './shell-channel.ts';

/** @example commandName(program(['apt-get', 'update'])) // '`apt-get update`' */
export function commandName(command: Command | undefined): string {
  if (command === undefined) return 'the end of the exchange';
  if (command.kind === 'program') return `\`${printable(command.argv.join(' '), 120)}\``;
  return `the script \`${printable(command.script, 60)}\``;
}

export function endDescription(end: ChannelEnd | undefined): string {
  if (end?.error !== undefined) return printable(end.error.message);
  if (end?.signal !== undefined) return `the shell was ended by signal ${end.signal}`;
  return end?.code === undefined ? 'the connection was closed' : `the shell exited with status ${end.code}`;
}

export function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}
