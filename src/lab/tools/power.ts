import { type Answer, parseWords, type Tool, type ToolHost } from './tool.ts';

/** Long enough for the answer to reach whoever asked. */
const graceMs = 150;

export const rebootNow = (host: ToolHost): Answer => {
  host.reboot(graceMs);
  return {};
};

export const reboot: Tool = (host) => rebootNow(host);

/** `now`, `+MINUTES`; a clock time is not understood. */
function delayOf(when: string | undefined): number | undefined {
  if (when === 'now' || when === undefined) return when === 'now' ? graceMs : 60_000;
  const minutes = /^\+?(\d+)$/.exec(when)?.[1];
  return minutes === undefined ? undefined : Number(minutes) * 60_000 + graceMs;
}

export const shutdown: Tool = (host, args) => {
  const { flags, rest } = parseWords(args, []);
  if (flags.has('-c')) {
    host.cancelReboot();
    return {};
  }
  if (!flags.has('-r') && !flags.has('--reboot')) return { err: 'shutdown: the lab only reboots (-r)\n', code: 1 };
  const delay = delayOf(rest[0]);
  if (delay === undefined) return { err: `Failed to parse time specification: ${rest[0]}\n`, code: 1 };
  host.reboot(delay);
  return delay > 1000 ? { err: "Reboot scheduled, use 'shutdown -c' to cancel.\n" } : {};
};

const valued = [
  '-p',
  '--property',
  '--on-active',
  '--unit',
  '-u',
  '--description',
  '--timer-property',
  '--slice',
  '-M',
  '-E',
  '--setenv',
  '--on-calendar',
  '--uid',
  '--gid',
];

const unitsOfTime: Readonly<Record<string, number>> = {
  '': 1000,
  s: 1000,
  sec: 1000,
  ms: 1,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

const durationOf = (text: string): number => {
  const [, amount = '0', unit = ''] = /^([\d.]+)\s*([a-z]*)$/.exec(text.trim()) ?? [];
  return Number(amount) * (unitsOfTime[unit] ?? 1000);
};

/** systemd-run's own options end at the first word that is none. */
function splitCommand(args: readonly string[]): readonly [own: readonly string[], command: readonly string[]] {
  let at = 0;
  while (at < args.length) {
    const word = args[at] ?? '';
    if (word === '--') return [args.slice(0, at), args.slice(at + 1)];
    if (!word.startsWith('-')) break;
    at += valued.includes(word) ? 2 : 1;
  }
  return [args.slice(0, at), args.slice(at)];
}

export const systemdRun: Tool = (host, args) => {
  const [own, command] = splitCommand(args);
  const { flags, values } = parseWords(own, valued);
  if (command.length === 0) return { err: 'Command line to execute required.\n', code: 1 };
  const after = values.get('--on-active');
  const unit = values.get('--unit') ?? values.get('-u') ?? `run-r${Math.random().toString(16).slice(2, 14)}`;
  host.later(after === undefined ? 0 : durationOf(after), command);
  const service = `${unit.replace(/\.service$/, '')}.service`;
  if (flags.has('--quiet') || flags.has('-q')) return {};
  if (after === undefined) return { err: `Running as unit: ${service}\n` };
  return { err: `Running timer as unit: ${unit}.timer\nWill run service as unit: ${service}\n` };
};
