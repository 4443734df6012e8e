import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { program, script } from '../contract/command.ts';
import type { Command, Output } from '../contract/command.ts';
import { ConnectionLost, DeadlinePassed } from '../contract/connection.ts';
import type { Connection, ExchangeOptions } from '../contract/connection.ts';
import { Secret } from '../contract/secret.ts';
import { connectLocal } from './local.ts';

const SHELLS = [
  ['dash', ['dash']],
  ['bash', ['bash']],
  ['busybox ash', ['busybox', 'ash']],
] as const;

const text = (output: Output | undefined): string => Buffer.from(output?.stdout ?? []).toString();

describe.each(SHELLS)('a session of %s', (_, shell) => {
  const open: Connection[] = [];
  const connect = async (): Promise<Connection> => {
    const connection = await connectLocal({ host: 'here', shell, connectTimeoutMs: 5000 });
    open.push(connection);
    return connection;
  };
  const shared = connect();
  const run = async (
    commands: readonly Command[],
    options: Partial<ExchangeOptions> = {},
  ): Promise<readonly Output[]> => (await shared).exchange(commands, { deadlineMs: 20_000, ...options });
  afterAll(() => Promise.all(open.map((connection) => connection.close())));

  it('gives each command its own status and streams', async () => {
    const [first, second, third] = await run([
      program(['printf', 'a\\000b']),
      script('echo out; echo err >&2; exit 7'),
      program(['no-such-program']),
    ]);
    expect(first).toMatchObject({ code: 0, stdout: Buffer.from('a\0b'), truncated: false });
    expect([text(second), Buffer.from(second?.stderr ?? []).toString(), second?.code]).toEqual(['out\n', 'err\n', 7]);
    expect(third?.code).toBe(127);
  });

  it('keeps 255 as an ordinary exit status, and shows death by a signal as 128+n', async () => {
    const outputs = await run([script('exit 255'), script('exec sh -c "kill -9 \\$\\$"')]);
    expect(outputs.map((output) => output.code)).toEqual([255, 137]);
  });

  it('notices that somebody killed the shell that runs its commands, ends what it left, and goes on', async () => {
    const connection = await connect();
    const killer = program(['sh', '-c', 'kill -9 $PPID; exec sleep 4711']);
    const lost = await connection.exchange([killer], { deadlineMs: 25_000 }).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(ConnectionLost);
    expect(String(lost)).toMatch(/was killed, out of memory\?; it was stopped\); whether it took effect is unknown/);
    expect(text((await connection.exchange([program(['echo', 'alive'])], { deadlineMs: 5000 }))[0])).toBe('alive\n');
  });

  it('survives a syntax error in a script', async () => {
    const [broken, next] = await run([script('if then fi ((('), program(['echo', 'alive'])]);
    expect(broken?.code).not.toBe(0);
    expect(text(next)).toBe('alive\n');
    expect(text((await run([script('echo still')]))[0])).toBe('still\n');
  });

  it('keeps directory, environment, variables and exit of one command from the next', async () => {
    const script1 = 'cd /usr; umask 077; X=1; export X; PATH=/nowhere; set -e; false; echo unreachable';
    const [first, second] = await run([
      script(script1),
      script('pwd; umask; echo "${X-none}"; command -v ls >/dev/null && echo ls'),
    ]);
    expect(first?.code).toBe(1);
    expect(text(second).replace('00022', '0022')).toBe('/\n0022\nnone\nls\n');
  });

  it('applies cwd and env to their command only, and finds administrator programs', async () => {
    const show = script('pwd; echo "$A|$LC_ALL"; case ":$PATH:" in *:/usr/sbin:*) echo sbin;; esac');
    const [first, second] = await run([{ ...show, cwd: '/usr', env: { A: "x'$(id)\n" } }, show]);
    expect(text(first)).toBe("/usr\nx'$(id)\n|C\nsbin\n");
    expect(text(second)).toBe('/\n|C\nsbin\n');
    expect((await run([program(['pwd'], { cwd: '/no/such' })]))[0]?.code).toBe(126);
  });

  it('reads nothing from the session: standard input is empty unless given', async () => {
    expect(text((await run([program(['cat']), program(['echo', 'after'])]))[1])).toBe('after\n');
  });

  it('stops at the first failure when asked to', async () => {
    const outputs = await run([script('exit 0'), script('exit 3'), script('exit 0')], { stopOnFailure: true });
    expect(outputs.map((output) => output.code)).toEqual([0, 3]);
  });

  it('passes any word unchanged', async () => {
    const nasty = fc.string({
      unit: fc.constantFrom(...'; $()\n\'"*\\`&|<>#~!{}[]-=%\r\t éÿ\u0081\u0088\u{1F600}a0'),
      maxLength: 20,
    });
    const words = fc.array(nasty, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(words, async (args) => {
        const expected = args.map((word) => `${word}\0`).join('');
        const [asProgram, asScript] = await run([
          program(['printf', '%s\\0', ...args]),
          script('for a do printf "%s\\000" "$a"; done', args),
        ]);
        expect([text(asProgram), text(asScript)]).toEqual([expected, expected]);
      }),
      { numRuns: 40 },
    );
  });

  it('passes bytes that are not UTF-8 in words when they are escaped as lone surrogates', async () => {
    const [output] = await run([program(['printf', '%s', 'a\udcff\udc80é'])]);
    expect(output?.stdout).toEqual(Buffer.from([0x61, 0xff, 0x80, 0xc3, 0xa9]));
  });

  it('feeds any bytes to standard input', async () => {
    const bytes = fc.uint8Array({ maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(bytes, async (stdin) => {
        expect((await run([program(['cat'], { stdin })]))[0]?.stdout).toEqual(Buffer.from(stdin));
      }),
      { numRuns: 20 },
    );
  });

  it('feeds several MiB and a secret to standard input', async () => {
    const large = randomBytes(3 * 1024 * 1024);
    const [copied, secret] = await run([
      program(['cat'], { stdin: large }),
      program(['cat'], { stdin: new Secret('-p%s\'"\n') }),
    ]);
    expect(Buffer.compare(copied?.stdout ?? Buffer.alloc(0), large)).toBe(0);
    expect(text(secret)).toBe('-p%s\'"\n');
  });

  it('lets a program ignore its input', async () => {
    const [output] = await run([program(['true'], { stdin: randomBytes(500_000) })]);
    expect(output).toMatchObject({ code: 0, stderr: Buffer.alloc(0) });
  });

  it('drops the middle of output beyond the cap', async () => {
    const [output, small] = await run([script('printf begin; yes | head -c 3000000; printf end'), script('echo ok')], {
      maxOutputBytes: 1000,
    });
    expect(output).toMatchObject({ code: 0, truncated: true });
    expect(output?.stdout.length).toBe(1000);
    expect(text(output)).toMatch(/^beginy[^]*end$/);
    expect(small?.truncated).toBe(false);
  });

  it('streams output while the command runs', async () => {
    const seen: string[] = [];
    const onOutput = (chunk: Uint8Array, stream: string): void => void seen.push(`${stream}:${Buffer.from(chunk)}`);
    const running = run([script('echo one; sleep 0.3; echo two >&2')], { onOutput });
    await expect.poll(() => seen.length, { timeout: 250, interval: 10 }).toBe(1);
    await running;
    expect(seen).toEqual(['stdout:one\n', 'stderr:two\n']);
  });

  it('cannot be fooled by output that looks like its own marks', async () => {
    const forged = script(
      'for i in 1 2 3; do printf "%032d<;%032d0;%032d.;" 0 0 0; printf "%032d." 0 >&2; done; exit 4',
    );
    expect((await run([forged]))[0]?.code).toBe(4);
  });

  it('ignores what a background job prints after its exchange', async () => {
    await run([script('(sleep 0.1; echo late) &')]);
    await new Promise((resolve) => setTimeout(resolve, 250));
    const seen: string[] = [];
    const onOutput = (chunk: Uint8Array): void => void seen.push(Buffer.from(chunk).toString());
    expect(text((await run([script('echo mine')], { onOutput }))[0])).toBe('mine\n');
    expect(seen.join('')).toBe('mine\n');
  });

  it('kills what runs when the deadline passes, and can be used again', async () => {
    const unique = `10${Math.floor(Math.random() * 1e6)}`;
    const hanging = script('trap "" TERM; timeout 2000 sleep "$1" & sleep "$1"', [unique]);
    const running = run([program(['true']), hanging], { deadlineMs: 300 });
    await expect(running).rejects.toThrow(DeadlinePassed);
    await expect(running).rejects.toThrow(/here: the script .* did not finish within 0.3 s; it was stopped/);
    const [left] = await run([script('for f in /proc/[0-9]*/cmdline; do tr "\\000" " " <$f; echo; done 2>/dev/null')]);
    expect(text(left)).not.toContain(`sleep ${unique}`);
  });

  it('stops when aborted', async () => {
    const started = performance.now();
    const signal = AbortSignal.timeout(200);
    const failure = await run([program(['sleep', '100'])], { signal }).catch((error: unknown) => error);
    expect(failure).toBe(signal.reason);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('reports a lost session, never a result, when the shell dies during a command', async () => {
    const connection = await connect();
    const suicide = connection.exchange([script('kill -9 $$; sleep 5')], { deadlineMs: 5000 });
    await expect(suicide).rejects.toThrow(ConnectionLost);
    expect(text((await connection.exchange([script('echo new shell')], { deadlineMs: 5000 }))[0])).toBe('new shell\n');
  });

  it('leaves no process behind when closed in the middle of a command', async () => {
    const connection = await connect();
    const unique = `20${Math.floor(Math.random() * 1e6)}`;
    const running = connection.exchange([program(['sleep', unique])], { deadlineMs: 5000 });
    running.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await connection.close();
    await expect(running).rejects.toThrow(ConnectionLost);
    expect(connection.isOpen).toBe(false);
    const [left] = await run([script('for f in /proc/[0-9]*/cmdline; do tr "\\000" " " <$f; echo; done 2>/dev/null')]);
    expect(text(left)).not.toContain(`sleep ${unique}`);
  });
});
