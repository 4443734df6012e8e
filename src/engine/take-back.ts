import type { Change, ChangeKind } from '../contract/change.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { Resource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';

export interface TakenBack {
  /** To follow the message of what failed; empty when there was nothing to take back. */
  readonly message: string;
  readonly detail: { readonly taken_back?: readonly string[] };
  readonly touches: readonly Resource[];
}

/**
 * Does what a failed change says must then be done, unless its error says to leave the host as it is (`left_as_is`). A refusal by the host ends it and is told, beside the first failure.
 */
export async function takeBack(
  { failed, error }: { readonly failed: Change; readonly error: TaskError },
  session: HostSession,
  kindOf: (change: Change) => ChangeKind<Change>,
): Promise<TakenBack> {
  const isLeft = error.detail['left_as_is'] === true;
  const changes = (!isLeft && 'onFailure' in failed && failed.onFailure) || [];
  const touches = changes.flatMap((change) => kindOf(change).touches(change));
  if (changes.length === 0) return { message: '', detail: {}, touches };
  const done: string[] = [];
  try {
    for (const change of changes) {
      await kindOf(change).apply(change, session);
      done.push(kindOf(change).describe(change));
    }
  } catch (second) {
    if (!(second instanceof TaskError)) throw second;
    return { message: `\nTaking it back failed too: ${second.message}`, detail: { taken_back: done }, touches };
  }
  return { message: `\nTaken back: ${done.join('; ')}`, detail: { taken_back: done }, touches };
}
