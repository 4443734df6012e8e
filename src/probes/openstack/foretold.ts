import { script } from '../../contract/command.ts';
import { type Probe, type ProbeKind, probe, UNKNOWN } from '../../contract/probe.ts';
import type { Resource } from '../../contract/resource.ts';
import { succeeded } from '../fuse.ts';

export type Foretold = { readonly isForetold: false } | { readonly isForetold: true; readonly value: unknown };

const kind: ProbeKind<Resource, Foretold> = {
  name: 'foretold-object',
  commands: () => [script(':')],
  parse: (objects) => objects.map(() => succeeded<Foretold>({ isForetold: false })),
  predict: (object, _, overlay) => {
    const value = overlay.fact(object);
    return value === undefined ? UNKNOWN : { isForetold: true, value };
  },
};

/**
 * What check mode knows of an object behind an API after the changes that earlier tasks planned. A list that holds many
 * objects is read once; this corrects one of them.
 * @example await read(foretold('api:/flavors/gpu.a100'))
 */
export function foretold(object: Resource): Probe<Foretold> {
  return probe(kind, object, [object]);
}
