import { hasColour } from '../report/format.ts';
import type { Line } from '../report/line.ts';
import { paint } from '../report/paint.ts';
import { streamSink } from '../report/sink.ts';

/** Columns of the terminal, or undefined where output goes into a file or a pipe. */
export function terminalColumns(stdout: NodeJS.WriteStream = process.stdout): number | undefined {
  return stdout.isTTY ? stdout.columns || 80 : undefined;
}

/** Escapes, breaks and colours lines, and prints them. */
export function printLines(lines: readonly Line[]): Promise<void> {
  const columns = terminalColumns();
  const surroundings = { isTerminal: columns !== undefined, env: process.env };
  const look = columns === undefined ? {} : { columns: () => columns };
  return print(paint(lines, { hasColour: hasColour(surroundings), ...look }));
}

/** Resolves when the reader has it, or has had enough: `| head` is no error. */
export function print(text: string): Promise<void> {
  const sink = streamSink(process.stdout, {});
  sink.write(text);
  return sink.close();
}
