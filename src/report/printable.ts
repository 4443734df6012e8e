import type { SecretRegistry } from '../contract/secret.ts';

/** C0 except tab and newline, DEL, C1, and the characters that reorder or hide text. */
// biome-ignore lint: these are exactly the characters to find
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text from a host or a file, made safe to show: control characters become visible escapes, so that no host can move the
 * cursor, rename the window or forge a line (CVE-2021-25743 class). Carriage returns before newlines are dropped.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code === 0x1b
      ? '\\e'
      : code < 0x100
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '  ');
}

/** Where reports are written. The one place where secrets are masked. */
export interface Sink {
  write(text: string): void;
  close(): Promise<void>;
}

export function streamSink(stream: NodeJS.WritableStream, secrets: SecretRegistry): Sink {
  let isBroken = false;
  // A reader that went away (`| head`) must not end a run that changes hosts.
  stream.on('error', () => {
    isBroken = true;
  });
  return {
    write: (text) => {
      if (!isBroken) stream.write(secrets.mask(text));
    },
    close: () =>
      new Promise((resolve) => {
        if (isBroken) resolve();
        else stream.write('', () => resolve());
      }),
  };
}
