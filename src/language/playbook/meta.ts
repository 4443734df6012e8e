import { suggest } from '../suggest.ts';
import { baseOf } from './base.ts';
import { complain, didYouMean, type LoadContext, type Surroundings } from './context.ts';
import { inherit, readKeywords } from './keywords.ts';
import type { ModuleCall } from './module-call.ts';
import { show, type Spot } from './spot.ts';
import type { Meta } from './types.ts';

const ACTIONS: readonly Meta['action'][] = [
  'flush_handlers',
  'end_host',
  'end_play',
  'end_batch',
  'clear_host_errors',
  'reset_connection',
  'refresh_inventory',
  'clear_facts',
  'noop',
  'end_role',
];

export function parseMeta(context: LoadContext, spot: Spot, call: ModuleCall, around: Surroundings): Meta | undefined {
  const keywords = inherit(around.keywords, readKeywords(context, spot));
  const word = typeof call.args.value === 'string' ? call.args.value.trim() : call.args.value;
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined) {
    const hint = didYouMean(suggest(String(word), ACTIONS)) ?? `known: ${ACTIONS.join(', ')}`;
    complain(context, call.args, `no such meta action: ${show(word)}`, hint);
    return undefined;
  }
  if (action === 'flush_handlers' && around.isHandler) {
    complain(context, call.args, 'a handler cannot flush handlers', 'handlers that it notifies run after it');
  }
  return { ...baseOf(spot, around, keywords), kind: 'meta', action };
}
