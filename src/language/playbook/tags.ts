import { sourceTextOf } from '../yaml/positions.ts';
import { complain, type LoadContext } from './context.ts';
import { elementsOf, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';

/** `--tags` and `--skip-tags`; an empty `only` means all. */
export interface TagSelection {
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/**
 * Whether a statement with these tags runs, as ansible-playbook decides it: `always` and `never` as tags; `all`,
 * `tagged` and `untagged` as wishes; skipping wins.
 */
export function isSelected(tags: readonly string[], { only, skip }: TagSelection): boolean {
  // What every statement of nearly every run is asked, for each host.
  if (tags.length === 0 && only.length === 0 && skip.length === 0) return true;
  const own = new Set(tags.length > 0 ? tags : ['untagged']);
  return isWanted(own, new Set(only.length > 0 ? only : ['all'])) && !isSkipped(own, new Set(skip));
}

function isWanted(own: ReadonlySet<string>, only: ReadonlySet<string>): boolean {
  if (own.has('always') || !own.isDisjointFrom(only)) return true;
  if (own.has('never')) return false;
  return only.has('all') || (only.has('tagged') && !own.has('untagged'));
}

function isSkipped(own: ReadonlySet<string>, skip: ReadonlySet<string>): boolean {
  if (skip.has('all')) return !own.has('always') || skip.has('always');
  return !own.isDisjointFrom(skip) || (skip.has('tagged') && !own.has('untagged'));
}

/** `tags:` as a list of names: a comma-separated string or a list of them. */
export function parseTags(context: LoadContext, spot: Spot): readonly string[] {
  if (spot.value === undefined || spot.value === null) return [];
  const spots = Array.isArray(spot.value) ? elementsOf(spot) : [spot];
  return [...new Set(spots.flatMap((one, index) => tagNames(context, one, typedText(spot, index, one))))];
}

function typedText(list: Spot, index: number, element: Spot): unknown {
  if (typeof element.value !== 'number') return element.value;
  return (Array.isArray(list.value) ? sourceTextOf(list.value, index) : undefined) ?? String(element.value);
}

function tagNames(context: LoadContext, spot: Spot, value: unknown): readonly string[] {
  if (isTemplate(value)) {
    complain(context, spot, 'a tag must be known before the run, not a template', 'write the tag, or use `when`');
    return [];
  }
  const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : [];
  if (names.length === 0 || names.some((name) => name === '')) {
    complain(context, spot, `a tag must be a word, not ${show(value)}`, 'write `tags: [gpu, nova]`');
  }
  return names.filter(Boolean);
}
