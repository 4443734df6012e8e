import type { Applied, CallApi, ChangeKind } from '../contract/change.ts';
import type { HostSession } from '../contract/host-session.ts';
import { httpCommand } from '../contract/http.ts';
import { httpOutcome, httpRefusal } from '../contract/http-answer.ts';
import { TaskError } from '../contract/task-error.ts';

/** Beyond the request's own deadline, which the client on the host keeps. */
const GRACE_MS = 10_000;

/** @example callApi({ request, client, purpose: 'delete the flavor old', success: [202], touches: ['api:/flavors/old'] }) */
export function callApi(change: Omit<CallApi, 'kind'>): CallApi {
  return { kind: 'call-api', ...change };
}

export const callApiKind: ChangeKind<CallApi> = {
  kind: 'call-api',
  describe: ({ purpose }) => purpose,
  diff: ({ diff, purpose }) => diff ?? { kind: 'action', description: purpose },
  touches: ({ touches }) => touches,
  predict: ({ predicts = [] }) => ({ files: [], facts: predicts }),
  apply,
  undo: () => undefined,
};

async function apply(change: CallApi, session: HostSession): Promise<Applied> {
  const start = performance.now();
  const { request, client, purpose, success, advice } = change;
  // Nobody wants to watch an API's JSON go by, and a server may echo what it was sent.
  const output = await session.run(httpCommand(request, client), {
    deadlineMs: client.timeoutMs + GRACE_MS,
    onOutput: () => {},
  });
  const outcome = httpOutcome(request, output);
  if (!outcome.ok) throw new TaskError(`${purpose}: ${outcome.error}`);
  const { answer } = outcome;
  if (!success.includes(answer.status))
    throw new TaskError(`${purpose}: ${httpRefusal(request, answer, advice)}`, { status: answer.status });
  return { change, elapsed: (performance.now() - start) / 1000 };
}
