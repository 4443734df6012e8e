import type { Event, Reporter } from '../contract/event.ts';
import { AtWork } from './at-work.ts';
import { Heartbeat } from './heartbeat.ts';
import { paint, type PaintOptions } from './paint.ts';
import { Printer } from './printer.ts';
import type { Sink } from './sink.ts';

export interface PlainOptions extends PaintOptions {
  readonly verbosity: number;
  /** The words after `tsplay`, for the commands a recap proposes. */
  readonly words: readonly string[];
}

/** Task by task, hosts that went the same way together; readable in a log and with 200 hosts. */
export function plainReporter(sink: Sink, options: PlainOptions): Reporter {
  const work = new AtWork();
  const heartbeat = new Heartbeat(work, (lines) => sink.write(paint(lines, options)));
  const printer = new Printer((lines) => {
    heartbeat.reset();
    sink.write(paint(lines, options));
  }, options);
  return {
    on: (event: Event) => {
      if (event.type === 'run.started') heartbeat.reset();
      if (event.type === 'run.finished') heartbeat.stop();
      work.on(event);
      printer.on(event);
    },
    close: () => {
      heartbeat.stop();
      return sink.close();
    },
  };
}
