import { dirname, resolve } from 'node:path/posix';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { type Overlay, UNKNOWN } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';

const LONGEST_LINK_CHAIN = 40;

/** A path's state after the writes that earlier tasks planned. */
export function predictState(path: string, value: FileState, overlay: Overlay): FileState | typeof UNKNOWN {
  const own = overlay.file(path);
  if (own) return { ...own.state, path };
  const parent = nearestPlanned(path, overlay);
  if (parent) return parent.kind === 'directory' ? value : { kind: 'absent', path };
  return isAltered(path, overlay) ? UNKNOWN : value;
}

/** The content at the end of a path's links after the writes that earlier tasks planned; or, without `hasBytes`, what is there. */
export function predictContent(
  path: string,
  value: FileContent,
  overlay: Overlay,
  hasBytes = true,
): FileContent | typeof UNKNOWN {
  let at = path;
  for (let hops = 0; hops < LONGEST_LINK_CHAIN; hops++) {
    const planned = overlay.file(at);
    if (planned?.state.kind === 'link') at = resolve(dirname(at), planned.state.target);
    else if (planned) return contentOf({ path, value, hasBytes }, at, planned);
    else if (at === path && value.realPath !== path) at = value.realPath;
    else break;
  }
  if (at !== path && at !== value.realPath) return UNKNOWN;
  const state = predictState(at, { kind: 'absent', path: at }, overlay);
  const parent = nearestPlanned(at, overlay);
  if (state === UNKNOWN) return UNKNOWN;
  return parent && parent.kind !== 'directory' ? { kind: 'absent', path, realPath: at } : value;
}

/** What was asked for, and how the host answered. */
interface Asked {
  readonly path: string;
  readonly value: FileContent;
  readonly hasBytes: boolean;
}

function contentOf(
  { path, value, hasBytes }: Asked,
  realPath: string,
  planned: { readonly state: FileState; readonly bytes?: Uint8Array },
): FileContent | typeof UNKNOWN {
  const { state } = planned;
  if (state.kind === 'absent') return { kind: 'absent', path, realPath };
  if (state.kind !== 'file') return { kind: 'not-a-file', path, realPath, state: { ...state, path } };
  const known = { path, realPath, state: { ...state, path } };
  if (planned.bytes) return { kind: 'file', ...known, bytes: planned.bytes };
  if (!hasBytes) return { kind: 'too-large', ...known };
  // Only attributes were planned: the content is the one that was read, or as unread as it was.
  if (value.realPath !== realPath) return UNKNOWN;
  if (value.kind === 'file') return { kind: 'file', ...known, bytes: value.bytes };
  return value.kind === 'too-large' ? { kind: 'too-large', ...known } : UNKNOWN;
}

/** The closest directory above that a planned change created, removed or replaced. */
function nearestPlanned(path: string, overlay: Overlay): FileState | undefined {
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) {
    const planned = overlay.file(parent);
    if (planned) return planned.state;
  }
  return undefined;
}

/** Asks about a name below the path, so that writes to its siblings and children do not count. */
export function isAltered(path: string, overlay: Overlay): boolean {
  return overlay.isTouched([pathResource(`${path}/\0`)]);
}
