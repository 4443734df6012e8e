import xterm from '@xterm/headless';
import type { Sink } from '../../src/report/sink.ts';

/** A terminal without a window: what is written is interpreted, and what a person would see is read back. */
export class Terminal implements Sink {
  readonly #terminal: xterm.Terminal;
  readonly #written: string[] = [];

  constructor(columns: number, rows: number) {
    // As a pty does it: a newline goes to the beginning of the next line.
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 10_000,
      allowProposedApi: true,
      convertEol: true,
    });
  }

  write(text: string): void {
    this.#written.push(text);
    this.#terminal.write(text);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#terminal.write('', resolve));
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  readonly columns = (): number => this.#terminal.cols;
  readonly rows = (): number => this.#terminal.rows;

  get bytes(): number {
    return this.#written.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  }

  get raw(): string {
    return this.#written.join('');
  }

  /** Every line from the first that scrolled away to the cursor, as it looks now; wrapped rows are joined. */
  async text(): Promise<readonly string[]> {
    await this.close();
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let row = 0; row < buffer.length; row++) {
      const line = buffer.getLine(row);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped) lines.push(`${lines.pop() ?? ''}${text}`);
      else lines.push(text);
    }
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }
}
