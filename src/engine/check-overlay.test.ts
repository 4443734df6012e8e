import { expect, test } from 'vitest';
import type { FileState } from '../contract/file-state.ts';
import { pathResource } from '../contract/resource.ts';
import { CheckOverlay } from './check-overlay.ts';

const state = { kind: 'file', mode: 0o644, owner: 'root', group: 'root', size: 1 } as unknown as FileState;
const bytes = (text: string) => Buffer.from(text);
const planned = (path: string, text?: string) => ({
  files: [{ path, state, ...(text === undefined ? {} : { bytes: bytes(text) }) }],
  facts: [],
});

test('the last planned content of a path is what later reads see', () => {
  const overlay = new CheckOverlay();
  overlay.add(planned('/etc/a', 'one'), [pathResource('/etc/a')]);
  overlay.add(planned('/etc/a', 'two'), [pathResource('/etc/a')]);
  expect(overlay.file('/etc/a')?.bytes).toEqual(bytes('two'));
  expect(overlay.file('/etc/b')).toBeUndefined();
});

test('planning a mode keeps the content that was planned before', () => {
  const overlay = new CheckOverlay();
  overlay.add(planned('/etc/a', 'one'), []);
  overlay.add(planned('/etc/a'), []);
  expect(overlay.file('/etc/a')?.bytes).toEqual(bytes('one'));
});

test('what was planned below a path goes with the directory', () => {
  const overlay = new CheckOverlay();
  overlay.add(planned('/etc/d/a', 'x'), []);
  overlay.add({ files: [{ path: '/etc/d', state: { kind: 'absent', path: '/etc/d' } }], facts: [] }, []);
  expect(overlay.file('/etc/d/a')).toBeUndefined();
  overlay.add({ files: [{ path: '/etc/d', state: { ...state, kind: 'directory' } as FileState }], facts: [] }, []);
  expect(overlay.filesIn('/etc/d')).toEqual([]);
});

test('files of a directory are those directly inside it', () => {
  const overlay = new CheckOverlay();
  overlay.add(planned('/etc/d/a', 'x'), []);
  overlay.add(planned('/etc/d/e/b', 'x'), []);
  expect(overlay.filesIn('/etc/d/').map(({ path }) => path)).toEqual(['/etc/d/a']);
});

test('nothing is touched at first; then what overlaps is, and no neighbour', () => {
  const overlay = new CheckOverlay();
  expect(overlay.isTouched(['*'])).toBe(false);
  overlay.add({ files: [], facts: [] }, [pathResource('/etc/default')]);
  expect(overlay.isTouched([pathResource('/etc/default/grub')])).toBe(true);
  expect(overlay.isTouched([pathResource('/etc/default-x')])).toBe(false);
});
