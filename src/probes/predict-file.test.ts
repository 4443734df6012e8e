import { expect, it } from 'vitest';
import { CheckOverlay } from '../engine/check-overlay.ts';
import { kindOf } from '../changes/kinds.ts';
import { makeDirectory } from '../changes/make-directory.ts';
import { makeLink } from '../changes/make-link.ts';
import { removePath } from '../changes/remove-path.ts';
import { runCommand } from '../changes/run-command.ts';
import { setAttributes } from '../changes/set-attributes.ts';
import { replaceContent } from '../changes/write-file.ts';
import type { Change } from '../contract/change.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { UNKNOWN } from '../contract/probe.ts';
import { directoryFiles, directoryNames } from './directory.ts';
import { predictContent, predictState } from './predict-file.ts';
import { treeStates } from './tree.ts';

function overlayOf(...changes: readonly Change[]): CheckOverlay {
  const overlay = new CheckOverlay();
  for (const change of changes) overlay.add(kindOf(change).predict(change), kindOf(change).touches(change));
  return overlay;
}

const absent = (path: string): Extract<FileState, { kind: 'absent' }> => ({ kind: 'absent', path });
const nothing = (path: string): FileContent => ({ kind: 'absent', path, realPath: path });
const writing = (path: string): Change => replaceContent(nothing(path), Buffer.from('new'));

it('sees a planned file with its bytes', () => {
  const overlay = overlayOf(writing('/a/f'));
  expect(predictState('/a/f', absent('/a/f'), overlay)).toMatchObject({ kind: 'file', size: 3, mode: 0o644 });
  expect(predictContent('/a/f', nothing('/a/f'), overlay)).toMatchObject({ kind: 'file', bytes: Buffer.from('new') });
});

it('sees through a planned link to a planned file', () => {
  const overlay = overlayOf(writing('/a/f'), makeLink('/a/l', 'f', absent('/a/l')));
  expect(predictContent('/a/l', nothing('/a/l'), overlay)).toMatchObject({
    kind: 'file',
    realPath: '/a/f',
    bytes: Buffer.from('new'),
  });
});

it('sees that everything below a removed directory is gone', () => {
  const state = {
    kind: 'directory',
    path: '/a',
    mode: 0o755,
    uid: 0,
    gid: 0,
    owner: 'root',
    group: 'root',
    version: '1',
    mtime: 0,
  } as const;
  const overlay = overlayOf(removePath(state, { recursive: true }));
  const file: FileState = { ...state, kind: 'file', path: '/a/b/f', size: 1, links: 1 };
  expect(predictState('/a/b/f', file, overlay)).toEqual(absent('/a/b/f'));
});

it('leaves the neighbours and the directory of a planned file as they are', () => {
  const overlay = overlayOf(writing('/a/f'), makeDirectory('/d'));
  expect(predictState('/a/g', absent('/a/g'), overlay)).toEqual(absent('/a/g'));
  expect(predictState('/a', absent('/a'), overlay)).toEqual(absent('/a'));
  expect(predictState('/d/x', absent('/d/x'), overlay)).toEqual(absent('/d/x'));
});

it('does not know a file that a planned command may have changed', () => {
  const overlay = overlayOf(runCommand(['update-grub'], { touches: ['path:/boot'] }));
  expect(predictState('/boot/grub/grub.cfg', absent('/boot/grub/grub.cfg'), overlay)).toBe(UNKNOWN);
  expect(predictContent('/boot/x', nothing('/boot/x'), overlay)).toBe(UNKNOWN);
  expect(predictState('/etc/x', absent('/etc/x'), overlay)).toEqual(absent('/etc/x'));
});

const file = (path: string, mode = 0o644): Extract<FileState, { kind: 'file' }> => ({
  kind: 'file',
  path,
  mode,
  uid: 0,
  gid: 0,
  owner: 'root',
  group: 'root',
  version: '1:2:3',
  mtime: 7,
  size: 3,
  links: 1,
});
const chmod = (path: string) => setAttributes(path, file(path), { mode: 0o600 });

it('keeps the content of a file whose attributes were planned, also where it was not read', () => {
  const overlay = overlayOf(chmod('/a/f'));
  const known = { path: '/a/f', realPath: '/a/f', state: file('/a/f') };
  const bytes = Buffer.from('old');
  expect(predictContent('/a/f', { kind: 'file', ...known, bytes }, overlay)).toMatchObject({
    kind: 'file',
    bytes,
    state: { mode: 0o600, size: 3, mtime: 7 },
  });
  expect(predictContent('/a/f', { kind: 'too-large', ...known }, overlay)).toMatchObject({
    kind: 'too-large',
    state: { mode: 0o600, size: 3 },
  });
});

it('keeps the content of a file in a directory that is read as a whole', () => {
  const overlay = overlayOf(chmod('/d/a.conf'));
  const content = { kind: 'file', path: '/d/a.conf', realPath: '/d/a.conf', state: file('/d/a.conf') } as const;
  const { kind, subject } = directoryFiles('/d', '.conf');
  expect(kind.predict?.(subject, [{ ...content, bytes: Buffer.from('old') }], overlay)).toMatchObject([
    { kind: 'file', bytes: Buffer.from('old'), state: { mode: 0o600 } },
  ]);
});

it('knows a tree after attributes, files and removals were planned in it', () => {
  const directory = (path: string) => ({ ...file(path), kind: 'directory' as const });
  const overlay = overlayOf(
    chmod('/d/f'),
    makeDirectory('/d/new'),
    writing('/d/new/g'),
    removePath(directory('/d/old'), { recursive: true }),
  );
  const { kind, subject } = treeStates('/d');
  const value = [directory('/d'), file('/d/f'), directory('/d/old'), file('/d/old/x')];
  const predicted = kind.predict?.(subject, value, overlay);
  expect(predicted).toMatchObject([
    { path: '/d' },
    { path: '/d/f', mode: 0o600 },
    { path: '/d/new', kind: 'directory' },
    { path: '/d/new/g', kind: 'file' },
  ]);
});

it('finds nothing in a directory that was removed and made anew but what was planned for it since', () => {
  const directory = { ...file('/d'), kind: 'directory' as const };
  const overlay = overlayOf(removePath(directory, { recursive: true }), makeDirectory('/d'), writing('/d/new.conf'));
  const old = { kind: 'file', path: '/d/a', realPath: '/d/a', state: file('/d/a'), bytes: Buffer.from('old') } as const;
  const [files, names, tree] = [directoryFiles('/d', ''), directoryNames('/d'), treeStates('/d')];
  expect(files.kind.predict?.(files.subject, [old], overlay)).toMatchObject([{ path: '/d/new.conf' }]);
  expect(names.kind.predict?.(names.subject, ['a'], overlay)).toEqual(['new.conf']);
  expect(tree.kind.predict?.(tree.subject, [directory, file('/d/a')], overlay)).toMatchObject([
    { path: '/d' },
    { path: '/d/new.conf' },
  ]);
});
