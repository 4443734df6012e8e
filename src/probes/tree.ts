import { type Output, script } from '../contract/command.ts';
import type { FileState } from '../contract/file-state.ts';
import { type Overlay, type Probe, type ProbeKind, probe, type Reading, UNKNOWN } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { absolutePath } from './absolute-path.ts';
import { failed, fuse, succeeded } from './fuse.ts';
import { complaint } from './output-text.ts';
import { isAltered, isEmptied } from './predict-file.ts';
import { ownersIn, parseStatLine, STAT_FORMAT } from './stat-line.ts';

type Present = Exclude<FileState, { kind: 'absent' }>;

/** The name comes first, ended by a slash and a byte that ends it: a name holds neither. */
const SCRIPT = `
TZ=UTC0; export TZ
[ ! -L "$1" ] && [ -d "$1" ] || exit 0
find "$1" -exec stat -c '%n//|${STAT_FORMAT}|%u:%g|%U|%G' -- {} +`;

/** A line of `stat`, and one of its owners. */
const LINE = /^(.*)\|([^|]*\|[^|]*\|[^|]*)$/;

const kind: ProbeKind<string, readonly Present[]> = {
  name: 'tree',
  ...fuse({
    group: (path: string) => path,
    size: 1,
    command: ([path = '/']) => script(SCRIPT, [path]),
    parse: parseTree,
  }),
  predict: predictTree,
};

/** The states of a directory and of everything below it, links not followed; empty when it is no directory. */
export function treeStates(path: string): Probe<readonly Present[]> {
  const absolute = absolutePath(path);
  return probe(kind, absolute, [pathResource(absolute)]);
}

function parseTree([root = '/']: readonly string[], output: Output): readonly Reading<readonly Present[]>[] {
  if (output.code !== 0) return [failed(`${root}: ${complaint(output, 'it could not be searched')}`)];
  const text = Buffer.from(output.stdout).toString();
  const states: Present[] = [];
  for (let at = 0; at < text.length; ) {
    const middle = text.indexOf('//|', at);
    const end = text.indexOf('\n', middle);
    const name = text.slice(at, middle);
    const [, line = '', owner = ''] = LINE.exec(text.slice(middle + 3, end)) ?? [];
    const state = middle < 0 || end < 0 ? undefined : parseStatLine(name, line, ownersIn([owner]));
    if (!state || state.kind === 'absent' || !(name === root || name.startsWith(`${root}/`)))
      return [failed(`${root}: the answer of find was not understood`)];
    states.push(state);
    at = end + 1;
  }
  return [succeeded(states)];
}

function predictTree(root: string, value: readonly Present[], overlay: Overlay): readonly Present[] | typeof UNKNOWN {
  const own = overlay.file(root)?.state;
  if (own && own.kind !== 'directory') return [];
  if (!own && isAltered(root, overlay)) return UNKNOWN;
  const states = new Map((own && isEmptied(own) ? [] : value).map((state) => [state.path, state]));
  if (own) states.set(root, own);
  // Directories that are added on the way are visited too.
  for (const { path, kind: found } of states.values()) {
    if (found !== 'directory') continue;
    for (const { state } of overlay.filesIn(path)) lay(state, states);
  }
  return [...states.values()];
}

function lay(state: FileState, states: Map<string, Present>): void {
  if (state.kind !== 'directory')
    for (const path of states.keys()) if (path.startsWith(`${state.path}/`)) states.delete(path);
  if (state.kind === 'absent') states.delete(state.path);
  else states.set(state.path, state);
}
