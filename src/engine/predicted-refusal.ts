import type { Change, ChangeKind } from '../contract/change.ts';
import type { Precondition } from '../contract/precondition.ts';
import { type Overlay, ProbeError, type Read, UnknownReading } from '../contract/probe.ts';
import { unmetPrecondition } from '../changes/unmet-precondition.ts';
import { directoryNames } from '../probes/directory.ts';
import { pathAccess } from '../probes/path-access.ts';
import { behindPlannedLinks } from '../probes/predict-file.ts';

/** What check mode knows of the host. */
export interface CheckedHost {
  readonly read: Read;
  readonly overlay: Overlay;
  readonly kindOf: (change: Change) => ChangeKind<Change>;
}

/**
 * What the run would say when the host refuses one of the changes; undefined when nothing is known against them. Costs a
 * round trip, so it is asked only where something is planned and will not be made.
 */
export async function predictedRefusal(changes: readonly Change[], host: CheckedHost): Promise<string | undefined> {
  // What earlier changes of the same plan leave there is the module's own doing.
  const made = new Set<string>();
  const asked = changes.flatMap((change) => {
    const kind = host.kindOf(change);
    const { refused = '', needs = [] } = kind.preconditions?.(change) ?? {};
    const open = needs.filter(({ path }) => !made.has(path));
    for (const { path } of kind.predict(change).files) made.add(path);
    return open.map((need) => reasonFor(refused, need, host));
  });
  const reasons = await Promise.all(asked);
  return reasons.find((reason) => reason !== undefined);
}

async function reasonFor(
  refused: string,
  need: Precondition,
  { read, overlay }: CheckedHost,
): Promise<string | undefined> {
  try {
    const path = behindPlannedLinks(need.path, overlay);
    const [found, names] = await Promise.all([
      read(pathAccess(path)),
      need.as === 'empty-directory' ? read(directoryNames(path)) : null,
    ]);
    const reason = unmetPrecondition(need, { access: found, names });
    return reason && `${refused}: ${reason}`;
  } catch (error) {
    // What cannot be known is no reason to say that it fails.
    if (error instanceof UnknownReading || error instanceof ProbeError) return undefined;
    throw error;
  }
}
