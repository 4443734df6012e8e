import { createHmac, randomBytes } from 'node:crypto';
import { type HttpClient, type HttpRequest, httpCommand } from '../../contract/http.ts';
import { type HttpAnswer, httpOutcome, httpRefusal } from '../../contract/http-answer.ts';
import { type Overlay, type Probe, ProbeError, type ProbeKind, type Reading, UNKNOWN } from '../../contract/probe.ts';
import type { Output } from '../../contract/command.ts';
import type { Resource } from '../../contract/resource.ts';
import { Secret } from '../../contract/secret.ts';
import { failed, succeeded } from '../fuse.ts';

export interface HttpQuestion {
  readonly request: HttpRequest;
  readonly client: HttpClient;
  /** Status codes that are an answer; any other is a failed reading, so that it is not kept. */
  readonly okStatuses: readonly number[];
  readonly advice?: Readonly<Record<number, string>>;
  /** Asks anew although the same was answered before: a token that has expired. */
  readonly attempt?: number;
}

const kind: ProbeKind<HttpQuestion, HttpAnswer> = {
  name: 'http-exchange',
  commands: (questions) => questions.map(({ request, client }) => httpCommand(request, client)),
  parse: (questions, outputs) => questions.map((question, index) => readingOf(question, outputs[index])),
  predict: (_, value, overlay) => (isAnythingTouched(overlay) ? UNKNOWN : value),
};

/**
 * The answer to a request that changes nothing which somebody manages: a GET, or the POST that asks for a token.
 * Equal requests are one while nothing invalidates `reads`. In check mode planned changes of single objects leave it as it
 * is: whoever plans them foretells the objects (see `foretold`).
 */
export function httpExchange(question: HttpQuestion, reads: readonly Resource[]): Probe<HttpAnswer> {
  return { kind, subject: question, key: `http-exchange\0${fingerprint(question)}`, reads };
}

function readingOf({ request, okStatuses, advice }: HttpQuestion, output: Output | undefined): Reading<HttpAnswer> {
  const outcome = httpOutcome(request, output);
  if (!outcome.ok)
    return { ...failed(outcome.error), cause: new NoAnswer(outcome.exit !== undefined && SILENT.has(outcome.exit)) };
  if (okStatuses.includes(outcome.answer.status)) return succeeded(outcome.answer);
  return { ...failed(httpRefusal(request, outcome.answer, advice)), cause: new NoAnswer(outcome.answer.status >= 500) };
}

/** Of curl(1): refused, too late, closed without a word, broken. */
const SILENT: ReadonlySet<number> = new Set([7, 28, 52, 56]);

/** Why there is no answer: the cause of the error that a failed exchange is. */
class NoAnswer {
  /** The other side is out of order, rather than that it refused, or that the question could not be put. */
  readonly isDown: boolean;

  constructor(isDown: boolean) {
    this.isDown = isDown;
  }
}

/** Whether a failed exchange means that the service is out of order. */
export function isServiceDown(error: unknown): error is ProbeError {
  return error instanceof ProbeError && error.cause instanceof NoAnswer && error.cause.isDown;
}

/** A command touches everything; no API object has this name. */
function isAnythingTouched(overlay: Overlay): boolean {
  return overlay.isTouched(['api:/\0']);
}

const SALT = randomBytes(32);

/** Tells requests apart by their secrets too, without keeping those in a key. */
function fingerprint(question: HttpQuestion): string {
  const text = JSON.stringify(question, function (this: Readonly<Record<string, unknown>>, name, shown: unknown) {
    const value = this[name];
    return value instanceof Secret ? { secret: value.reveal() } : shown;
  });
  return createHmac('sha256', SALT).update(text).digest('base64');
}
