import type { Change } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { removePath } from '../../changes/remove-path.ts';
import { replaceContent } from '../../changes/write-file.ts';

const HEADER = '# Kept by tsplay (module kernel-module).\n';

export interface ModprobeDesire {
  readonly module: string;
  /** Null: a bare word, without `=`. */
  readonly params: Readonly<Record<string, string | null>>;
  /** `alias`: not loaded for hardware. `modprobe`: not loaded at all, not even by name or as a dependency. */
  readonly block: 'none' | 'alias' | 'modprobe';
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

/** @example modprobeText({ module: 'nouveau', block: 'modprobe', params: {}, pre: [], post: [] }) */
export function modprobeText({ module, params, block, pre, post }: ModprobeDesire): string {
  const words = Object.entries(params).map(([name, value]) => {
    if (value === null) return name;
    return /\s/.test(value) ? `${name}="${value}"` : `${name}=${value}`;
  });
  const dependencies = [
    pre.length > 0 ? `pre: ${pre.join(' ')}` : '',
    post.length > 0 ? `post: ${post.join(' ')}` : '',
  ].filter(Boolean);
  const lines = [
    words.length > 0 ? `options ${module} ${words.join(' ')}` : '',
    block === 'none' ? '' : `blacklist ${module}`,
    block === 'modprobe' ? `install ${module} /bin/false` : '',
    dependencies.length > 0 ? `softdep ${module} ${dependencies.join(' ')}` : '',
  ].filter(Boolean);
  return lines.length > 0 ? `${HEADER}${lines.join('\n')}\n` : '';
}

export function modulesLoadText(module: string): string {
  return `${HEADER}${module}\n`;
}

/** A file that should say nothing should not be there. */
export function planOwnFile(current: FileContent, text: string): readonly Change[] {
  const present = current.kind === 'file' ? Buffer.from(current.bytes).toString() : null;
  if (text === '') return current.kind === 'file' ? [removePath(current.state, { bytes: current.bytes })] : [];
  return present === text ? [] : [replaceContent(current, Buffer.from(text))];
}
