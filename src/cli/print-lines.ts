import { hasColour } from '../report/format.ts';
import type { Line } from '../report/line.ts';
import { paint } from '../report/paint.ts';

/** Columns of the terminal, or undefined where output goes into a file or a pipe. */
export function terminalColumns(stdout: NodeJS.WriteStream = process.stdout): number | undefined {
  return stdout.isTTY ? stdout.columns || 80 : undefined;
}

/** Escapes, breaks and colours lines, and prints them. */
export function printLines(lines: readonly Line[]): void {
  const columns = terminalColumns();
  const surroundings = { isTerminal: columns !== undefined, env: process.env };
  const look = columns === undefined ? {} : { columns: () => columns };
  process.stdout.write(paint(lines, { hasColour: hasColour(surroundings), ...look }));
}
