import type { Reporter } from '../contract/event.ts';
import type { Stop } from '../engine/stop.ts';

/** Ctrl-C once stops after the task each host is in, twice stops now. Returns what takes the handlers off again. */
export function interruptible(stop: Stop, reporter: Reporter): () => void {
  const startedAt = performance.now();
  const onSignal = () => {
    const hard = stop.request();
    reporter.on({ type: 'stop.requested', hard, at: performance.now() - startedAt });
  };
  // A lost terminal must not end a run half way; it goes on and its exit code tells.
  const onHangUp = () => {};
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onHangUp);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    process.off('SIGHUP', onHangUp);
  };
}
