import { basename, dirname, join, resolve } from 'node:path/posix';
import { type FileContent, type FileState, PREDICTED } from '../contract/file-state.ts';
import { type Overlay, ProbeError, UNKNOWN } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';

const LONGEST_LINK_CHAIN = 40;

/** A path's state after the writes that earlier tasks planned. */
export function predictState(path: string, value: FileState, overlay: Overlay): FileState | typeof UNKNOWN {
  const at = join(behindPlannedLinks(dirname(path), overlay), basename(path));
  const own = overlay.file(at);
  if (own) return { ...own.state, path };
  const parent = nearestPlanned(at, overlay);
  if (parent && isEmptied(parent)) return { kind: 'absent', path };
  if (at !== path) return UNKNOWN;
  return parent || !isAltered(path, overlay) ? value : UNKNOWN;
}

/** The content at the end of a path's links after the writes that earlier tasks planned; or, without `hasBytes`, what is there. */
export function predictContent(
  path: string,
  value: FileContent,
  overlay: Overlay,
  hasBytes = true,
): FileContent | typeof UNKNOWN {
  const planned = behindPlannedLinks(path, overlay);
  const at = planned === path && !overlay.file(path) ? behindPlannedLinks(value.realPath, overlay) : planned;
  const own = overlay.file(at);
  if (own) return contentOf({ path, value, hasBytes }, at, own);
  const parent = nearestPlanned(at, overlay);
  if (parent && isEmptied(parent)) return { kind: 'absent', path, realPath: at };
  if (at !== value.realPath) return UNKNOWN;
  return parent || !isAltered(at, overlay) ? value : UNKNOWN;
}

/**
 * Where a path leads once the links that earlier tasks planned are there.
 * @throws {ProbeError} where they lead round in a circle, as the host will say
 */
export function behindPlannedLinks(path: string, overlay: Overlay): string {
  let at = path;
  for (let hops = 0; hops < LONGEST_LINK_CHAIN; hops++) {
    const link = plannedLink(at, overlay);
    if (!link) return at;
    at = resolve(dirname(link.path), link.target) + at.slice(link.path.length);
  }
  throw new ProbeError(`${path} is a symbolic link that leads back to itself`);
}

function plannedLink(path: string, overlay: Overlay) {
  for (let at = path; at !== '/'; at = dirname(at)) {
    const state = overlay.file(at)?.state;
    if (state?.kind === 'link') return { path: at, target: state.target };
  }
  return undefined;
}

/** No directory any more, or one that was planned anew: what is below it now will not be. */
export function isEmptied(directory: FileState): boolean {
  return directory.kind !== 'directory' || directory.version === PREDICTED;
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
