import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type HostUnderTest, hostUnderTest } from './run-module.ts';

const FIXTURES = resolve(import.meta.dirname, '../fixtures/grubby');

/** The machines of test/fixtures/grubby, whose README says what of each was captured. */
export const GRUBBY_MACHINES: readonly string[] = readdirSync(FIXTURES, { withFileTypes: true }).flatMap((one) =>
  one.isDirectory() ? [one.name] : [],
);

/** A command that was typed on the machine, and what it printed there. */
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

export function transcriptOf(machine: string): readonly Step[] {
  const text = readFileSync(join(FIXTURES, machine, 'transcript.txt'), 'utf8');
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n');
      return { command, output };
    });
}

/** The blocks of `grubby --info`, each from one `index=` (or, where that is left out, `kernel=`) to the next. */
export function infoBlocks(output: readonly string[]): readonly Readonly<Record<string, string>>[] {
  const first = output[0]?.split('=', 1)[0] ?? '';
  const blocks: Record<string, string>[] = [];
  for (const line of output) {
    const [, key = '', value = ''] = /^(\w+)="?(.*?)"?$/.exec(line) ?? [];
    if (key === first) blocks.push({});
    Object.assign(blocks.at(-1) ?? {}, { [key]: value });
  }
  return blocks;
}

export interface GrubbyHost {
  readonly host: HostUnderTest;
  /** Of a file of the machine, as it is now. */
  text(path: string): string;
  names(directory: string): readonly string[];
  close(): Promise<void>;
}

/**
 * Its /boot and /etc are the machine's. Accounts and links to programs are this machine's, and its firmware's word about
 * who booted it is hidden.
 */
const MOUNTS = `for one in passwd group ld.so.cache alternatives; do
  [ ! -e "/etc/$one" ] || cp -a "/etc/$one" "$1/etc/"
done
[ ! -d /sys/firmware/efi ] || mount -t tmpfs none /sys/firmware/efi
mount --bind "$1/boot" /boot && mount --bind "$1/etc" /etc && exec sh`;

type Edits = Readonly<Record<string, (text: string) => string>>;

/** A copy of the machine's files, some of them changed, behind a real shell. Close it when done. */
export async function grubbyHost(machine: string, edits: Edits = {}): Promise<GrubbyHost> {
  const root = mkdtempSync(join(tmpdir(), 'grubby-'));
  cpSync(join(FIXTURES, machine, 'root'), root, { recursive: true, verbatimSymlinks: true });
  if (!existsSync(join(root, 'etc'))) mkdirSync(join(root, 'etc'));
  for (const [path, edit] of Object.entries(edits)) {
    const before = readFileSync(join(root, path), 'utf8');
    const after = edit(before);
    if (after === before) throw new Error(`nothing to change in ${path}`);
    writeFileSync(join(root, path), after);
  }
  const host = await hostUnderTest({
    shell: ['unshare', '--map-root-user', '--mount', 'sh', '-c', MOUNTS, 'sh', root],
  });
  return {
    host,
    text: (path) => readFileSync(join(root, path), 'utf8'),
    names: (directory) => readdirSync(join(root, directory)).sort(),
    async close() {
      await host.close();
      rmSync(root, { recursive: true });
    },
  };
}
