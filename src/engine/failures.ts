import { BecomeFailed, ConnectionLost, DeadlinePassed, Unreachable } from '../contract/connection.ts';
import { ProbeError, UnknownReading } from '../contract/probe.ts';
import type { Position } from '../contract/problem.ts';
import type { Result } from '../contract/result.ts';
import { TaskError, TaskSkipped } from '../contract/task-error.ts';
import { TemplateError, UndefinedError } from '../language/jinja/types.ts';
import { failed, skipped, unknownResult } from './results.ts';

/** What went wrong on a host, as a result. Anything unforeseen stays with the host it happened on. */
export function failureOf(error: unknown, position: Position): Result {
  if (error instanceof Unreachable) return unreachable(error.message, error.reason);
  if (error instanceof ConnectionLost) {
    return unreachable(
      `${error.message}; whether the running step took effect is unknown, run again to find out`,
      'lost',
    );
  }
  if (error instanceof UnknownReading) return unknownResult(error.message);
  if (error instanceof TaskSkipped) return skipped(error.message, { skipped_reason: error.message });
  if (error instanceof TaskError) return failed(error.message, error.detail);
  if (error instanceof BecomeFailed || error instanceof DeadlinePassed || error instanceof ProbeError)
    return failed(error.message);
  const place = `${position.file}:${position.line}`;
  if (error instanceof UndefinedError || error instanceof TemplateError) return failed(`${place}: ${error.message}`);
  if (error instanceof Error && error.name === 'AbortError')
    return failed('stopped before it finished; its outcome on the host is unknown');
  return failed(`${place}: ${internal(error)}`);
}

function unreachable(message: string, reason: string): Result {
  return { status: 'unreachable', message, diffs: [], actions: [], values: { reason } };
}

function internal(error: unknown): string {
  if (!(error instanceof Error)) return `internal error: ${String(error)}`;
  const where = error.stack?.split('\n')[1]?.trim() ?? '';
  return `internal error, please report: ${error.name}: ${error.message} ${where}`;
}
