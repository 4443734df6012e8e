import { baseOf } from './base.ts';
import { complain, type LoadContext, type Surroundings } from './context.ts';
import { checkTemplates } from './check-templates.ts';
import { parseImport } from './import.ts';
import { parseInclude } from './include.ts';
import { BLOCK_KEYWORDS } from './keyword-table.ts';
import { checkKeys, inherit, readKeywords } from './keywords.ts';
import { parseMeta } from './meta.ts';
import { findCall, type ModuleCall } from './module-call.ts';
import { readNotify } from './notify.ts';
import { at, elementsOf, has, isMapping, show, type Spot } from './spot.ts';
import { parseTask } from './task.ts';
import type { Block, Statement } from './types.ts';

/** A list of tasks: a section of a play, a part of a block, or a file. */
export function parseStatements(context: LoadContext, list: Spot, around: Surroundings): readonly Statement[] {
  if (list.value === undefined || list.value === null) return [];
  if (!Array.isArray(list.value)) complain(context, list, `must be a list of tasks, not ${show(list.value)}`);
  return elementsOf(list).flatMap((spot) => parseStatement(context, spot, around));
}

function parseStatement(context: LoadContext, spot: Spot, around: Surroundings): readonly Statement[] {
  if (!isMapping(spot.value)) {
    complain(
      context,
      spot,
      `a task must be a mapping, not ${show(spot.value)}`,
      'write `- name: …` with a module below it',
    );
    return [];
  }
  if (has(spot, 'block')) return [parseBlock(context, spot, around)];
  if (has(spot, 'rescue') || has(spot, 'always')) {
    complain(context, spot, '`rescue` and `always` need a `block` beside them');
    return [];
  }
  const call = findCall(context, spot);
  return call ? parseCall(context, spot, call, around) : [];
}

function parseCall(context: LoadContext, spot: Spot, call: ModuleCall, around: Surroundings): readonly Statement[] {
  switch (call.name) {
    case 'import_tasks':
    case 'import_role':
      return parseImport(context, spot, call, around);
    case 'include_tasks':
    case 'include_role':
      return present(parseInclude(context, spot, call, around));
    case 'meta':
      return present(parseMeta(context, spot, call, around));
    default:
      return present(parseTask(context, spot, call, around));
  }
}

function present<S extends Statement>(statement: S | undefined): readonly S[] {
  return statement ? [statement] : [];
}

function parseBlock(context: LoadContext, spot: Spot, around: Surroundings): Block {
  checkKeys(context, spot, BLOCK_KEYWORDS, 'a block');
  const keywords = inherit(around.keywords, readKeywords(context, spot));
  checkTemplates(context, at(spot, 'name'));
  const notify = [...around.notify, ...readNotify(context, at(spot, 'notify'))];
  const parse = (part: string, more: Partial<Surroundings> = {}) =>
    parseStatements(context, at(spot, part), { ...around, keywords, notify, ...more });
  return {
    ...baseOf(spot, around, keywords),
    kind: 'block',
    body: parse('block', has(spot, 'rescue') ? { isRescued: true } : {}),
    rescue: parse('rescue'),
    always: parse('always'),
  };
}
