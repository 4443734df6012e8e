import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { script } from '../contract/command.ts';
import type { HostSession } from '../contract/host-session.ts';
import { defineModule } from '../contract/module.ts';
import { UnknownReading } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { hostPath } from './fields.ts';
import { pythonRegex, regularExpression } from './python-regex.ts';

const args = z
  .strictObject({
    port: z.number().int().min(1).max(65535).optional().describe('TCP port to wait for'),
    host: z
      .string()
      .regex(/^[\w.:-]+$/, { error: 'must be a name or an address' })
      .default('127.0.0.1')
      .describe('Where the port is, seen from the host'),
    path: hostPath.optional().describe('File to wait for'),
    search_regex: regularExpression.optional().describe('Expression that the file must hold'),
    state: z
      .enum(['started', 'present', 'stopped', 'absent'])
      .default('started')
      .describe('Wait until it is there, or until it is gone'),
    timeout: z.number().min(0).default(300).describe('Seconds until this fails'),
    delay: z.number().min(0).default(0).describe('Seconds before the first look'),
    sleep: z.number().positive().default(1).describe('Seconds between two looks'),
    connect_timeout: z.number().int().positive().default(5).describe('Seconds for one attempt to connect'),
    msg: z.string().optional().describe('What to say when it takes too long'),
  })
  .refine(({ port, path }) => port === undefined || path === undefined, {
    error: 'port and path cannot be given together',
  })
  .refine(({ search_regex, path }) => search_regex === undefined || path !== undefined, {
    error: 'search_regex needs path',
  });

type Args = z.output<typeof args>;

/** Without a tool that connects, the kernel's own table tells about ports of the host itself. State 0A is LISTEN. */
const PORT_SCRIPT = `
if command -v bash >/dev/null && command -v timeout >/dev/null; then
  timeout "$3" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2" 2>/dev/null && exit 0; exit 1
elif command -v nc >/dev/null; then
  nc -w "$3" "$1" "$2" </dev/null >/dev/null 2>&1 && exit 0; exit 1
fi
case $1 in 127.*|localhost|::1|0.0.0.0) ;; *) echo "this host has neither bash nor nc to connect with" >&2; exit 9;; esac
hex=$(printf '%04X' "$2")
for table in /proc/net/tcp /proc/net/tcp6; do
  [ ! -r "$table" ] || while read -r _ local _ state _; do
    [ "$state" != 0A ] || [ "\${local##*:}" != "$hex" ] || exit 0
  done < "$table"
done
exit 1`;

const PATH_SCRIPT = '[ -e "$1" ] || [ -L "$1" ] || exit 1; [ -z "$2" ] || cat -- "$1"; exit 0';

export default defineModule<Args, { readonly elapsed: number }>({
  name: 'wait_for',
  summary: 'Wait for a port or a file of the host, or for some time',
  args,
  async observe(wanted, _read, { session, isCheckMode }) {
    if (isCheckMode) throw new UnknownReading('check mode does not wait');
    const start = performance.now();
    await pause(wanted.delay, session);
    if (wanted.port === undefined && wanted.path === undefined) await pause(wanted.timeout, session);
    else await waitUntil(wanted, session, start);
    return { elapsed: Math.round((performance.now() - start) / 1000) };
  },
  plan: () => [],
  result: ({ port, path, state }, { elapsed }) => ({
    elapsed,
    state,
    ...(port !== undefined && { port }),
    ...(path !== undefined && { path }),
  }),
  examples: [
    { title: 'The Nova API answers', task: 'wait_for:\n  port: 8774\n  timeout: 120' },
    {
      title: 'A service has started',
      task: 'wait_for:\n  path: /var/log/nova/nova-compute.log\n  search_regex: Compute_service record created',
    },
  ],
});

async function waitUntil(wanted: Args, session: HostSession, start: number): Promise<void> {
  const isWantedThere = wanted.state === 'started' || wanted.state === 'present';
  const deadline = start + wanted.timeout * 1000;
  while ((await isThere(wanted, session)) !== isWantedThere) {
    if (performance.now() + wanted.sleep * 1000 > deadline)
      throw new TaskError(wanted.msg ?? `${subjectOf(wanted)} was not ${wanted.state} after ${wanted.timeout} s`);
    session.progress(`waiting for ${subjectOf(wanted)}, ${Math.round((performance.now() - start) / 1000)} s`);
    await pause(wanted.sleep, session);
  }
}

async function isThere(wanted: Args, session: HostSession): Promise<boolean> {
  const { port, host, path = '', search_regex, connect_timeout } = wanted;
  const command =
    port === undefined
      ? script(PATH_SCRIPT, [path, search_regex ?? ''])
      : script(PORT_SCRIPT, [host, String(port), String(connect_timeout)]);
  const output = await session.run(command);
  if (output.code === 9) throw new TaskError(Buffer.from(output.stderr).toString().trim());
  if (output.code !== 0 || search_regex === undefined) return output.code === 0;
  return pythonRegex(`(?m)${search_regex}`, 'search_regex').test(Buffer.from(output.stdout).toString('latin1'));
}

function subjectOf({ port, host, path }: Args): string {
  return port === undefined ? String(path) : `port ${port} of ${host}`;
}

async function pause(seconds: number, { signal }: HostSession): Promise<void> {
  if (seconds > 0) await sleep(seconds * 1000, undefined, { signal });
}
