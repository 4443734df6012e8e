import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Command, script } from '../contract/command.ts';
import type { Connection } from '../contract/connection.ts';
import { type Probe, type ProbeKind, probe, UnknownReading } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { connectLocal } from '../transport/local.ts';
import { CheckOverlay } from './check-overlay.ts';
import { ReadAhead } from './read-ahead.ts';

let connection: Connection;
let directory: string;
let frames: (readonly Command[])[];
let overlay: CheckOverlay;
let reads: ReadAhead;

beforeAll(async () => {
  connection = await connectLocal({ host: 'here', connectTimeoutMs: 10_000 });
  directory = mkdtempSync(join(tmpdir(), 'read-ahead-'));
});
afterAll(async () => {
  await connection.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  frames = [];
  overlay = new CheckOverlay();
  reads = new ReadAhead((commands) => {
    frames.push(commands);
    return connection.exchange(commands, { deadlineMs: 10_000 });
  }, overlay);
});

/** The length of files: one command for all of them. A file that is not there is a failed reading. */
const length: ProbeKind<string, number> = {
  name: 'length',
  commands: (paths) => [script('for p; do wc -c < "$p" 2>/dev/null || echo none; done', paths)],
  parse: (paths, [output]) => {
    const lines = Buffer.from(output?.stdout ?? [])
      .toString()
      .split('\n');
    return paths.map((path, index) =>
      lines[index] === 'none' ? { ok: false, error: `no ${path}` } : { ok: true, value: Number(lines[index]) },
    );
  },
};
const other: ProbeKind<string, number> = { ...length, name: 'other' };

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const lengthOf = (path: string, kind = length): Probe<number> => probe(kind, path, [pathResource(path)]);

test('what is asked for in one turn travels in one frame, equal probes once and one kind as one command', async () => {
  const [a, b] = [file('a', 'x'), file('b', 'yy')];
  const asked = [lengthOf(a), lengthOf(b), lengthOf(a), lengthOf(b, other)].map((one) => reads.read(one));
  expect(await Promise.all(asked)).toEqual([1, 2, 1, 2]);
  expect(frames.map((commands) => commands.length)).toEqual([2]);
});

test('a reading is kept until a change names what it rests on', async () => {
  const [a, b] = [file('a', 'x'), file('b', 'yy')];
  await Promise.all([reads.read(lengthOf(a)), reads.read(lengthOf(b))]);
  file('a', 'longer');
  expect(await reads.read(lengthOf(a))).toBe(1);
  reads.invalidate([pathResource(a)]);
  expect(await reads.read(lengthOf(b))).toBe(2);
  expect(frames).toHaveLength(1);
  expect(await reads.read(lengthOf(a))).toBe(6);
  reads.invalidate(['*']);
  await reads.read(lengthOf(b));
  expect(frames).toHaveLength(3);
});

test('a change while a reading is under way makes the next one read again', async () => {
  const a = file('a', 'x');
  const early = reads.read(lengthOf(a));
  reads.invalidate([pathResource(a)]);
  file('a', 'longer');
  const late = reads.read(lengthOf(a));
  await early;
  expect(await late).toBe(6);
});

test('a failed reading fails only who asked for it, and is tried again', async () => {
  const a = file('a', 'x');
  const missing = join(directory, 'later');
  const [good, bad] = await Promise.allSettled([reads.read(lengthOf(a)), reads.read(lengthOf(missing))]);
  expect(good).toMatchObject({ status: 'fulfilled', value: 1 });
  expect(bad).toMatchObject({ status: 'rejected', reason: { message: `no ${missing}` } });
  file('later', 'now');
  expect(await reads.read(lengthOf(missing))).toBe(3);
});

test('a kind that cannot make its commands fails its own readings, and no others', async () => {
  const commands = () => {
    throw new TypeError('a URL holds a control character');
  };
  const [good, bad] = await Promise.allSettled([
    reads.read(lengthOf(file('a', 'x'))),
    reads.read(lengthOf('/b', { ...length, commands })),
  ]);
  expect(good).toMatchObject({ status: 'fulfilled', value: 1 });
  expect(bad).toMatchObject({ status: 'rejected', reason: { message: 'length: a URL holds a control character' } });
});

test('a dependent read takes a frame of its own', async () => {
  const a = file('a', 'x');
  await reads.read(lengthOf(a));
  await reads.read(lengthOf(a, other));
  expect(frames).toHaveLength(2);
});

test('a reading that a planned change touches is unknown when its kind cannot foretell', async () => {
  const a = file('a', 'x');
  overlay.add({ files: [], facts: [] }, [pathResource(directory)]);
  await expect(reads.read(lengthOf(a))).rejects.toThrow(UnknownReading);
});
