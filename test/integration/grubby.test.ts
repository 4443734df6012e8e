import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import kernelCmdline from '../../src/modules/kernel-cmdline.ts';
import { type BlsMenu, type BootMenu, bootMenu } from '../../src/modules/gpu/boot-menu.ts';
import { type BlsEntry, expandOptions } from '../../src/probes/bls-entries.ts';
import type { BootEntry } from '../../src/probes/grub-config.ts';
import { parseGrubEnvironment } from '../../src/probes/grub-environment.ts';
import {
  GRUBBY_MACHINES,
  type GrubbyHost,
  grubbyHost,
  infoBlocks,
  type Step,
  transcriptOf,
} from '../support/grubby-host.ts';

/**
 * grubby given one kernel writes the whole of $kernelopts into its entry, with the new word last; we change $kernelopts
 * itself, so that the word comes before $tuned_params. The kernel does not care.
 */
const WRITTEN_ELSEWHERE: ReadonlySet<string> = new Set(['rhel-8.3-book']);

const ENTRIES = '/boot/loader/entries';

/** The machines have no grubby here: each command is answered from our reading of the machine's files. */
type Answer = (machine: GrubbyHost, menu: Menu, command: string, printed: Step['output']) => unknown;

interface Menu {
  readonly bls: BlsMenu;
  readonly next: BootEntry;
}

const ANSWERS: readonly (readonly [RegExp, Answer])[] = [
  [/^grubby --info=/, (_, menu, command, printed) => infoOf(menu, command, infoBlocks(printed))],
  [/^grubby --default-kernel$/, (_, { next }) => [kernelPath(next.kernel)]],
  [/^grubby --default-index$/, (_, { bls, next }) => [String(bls.files.findIndex((file) => file.id === next.id))]],
  [/^grub2-editenv list$/, (_, { bls }) => [...variables(bls)].map(([name, value]) => `${name}=${value}`)],
  [/^cat \/proc\/cmdline$/, (_, { next }, __, [line = '']) => [[line.split(' ', 1)[0], ...wordsOf(next)].join(' ')]],
  [/^cat \/etc\/kernel\/cmdline$/, (machine) => machine.text('/etc/kernel/cmdline').trimEnd().split('\n')],
  [/^grep GRUB_CMDLINE_LINUX /, (machine) => linesWith(machine, '/etc/default/grub', /GRUB_CMDLINE_LINUX/)],
  [
    /^grep -h \^options \/boot\/loader\/entries/,
    (machine) => machine.names(ENTRIES).flatMap((name) => linesWith(machine, `${ENTRIES}/${name}`, /^options/)),
  ],
];

describe.each(GRUBBY_MACHINES)('%s, read and written by us as by grubby', (name) => {
  let machine: GrubbyHost;
  let isWritten = false;
  beforeAll(async () => {
    machine = await grubbyHost(name);
  });
  afterAll(() => machine?.close());

  it.each(transcriptOf(name).map((step) => [step.command, step.output] as const))('%s', async (command, output) => {
    const wanted = wantedBy(command);
    if (wanted) {
      const run = await machine.host.run(kernelCmdline, wanted);
      expect(run.changes).not.toEqual([]);
      expect(run.remaining).toEqual([]);
      isWritten = true;
      return;
    }
    const answer = ANSWERS.find(([pattern]) => pattern.test(command))?.[1];
    if (!answer) throw new Error(`no answer for ${command}`);
    const given = answer(machine, await menuOf(machine), command, output);
    const printed = command.startsWith('grubby --info=') ? infoBlocks(output).map(withoutVariables) : output;
    const isMoved = WRITTEN_ELSEWHERE.has(name) && isWritten;
    expect(isMoved ? sorted(given) : given).toEqual(isMoved ? sorted(printed) : printed);
  });

  it('then gets what a GPU host needs, in every entry but the rescue entry, whose file stays as it is', async () => {
    const rescue = machine.names(ENTRIES).filter((one) => one.includes('-0-rescue'));
    const texts = () => rescue.map((one) => machine.text(`${ENTRIES}/${one}`));
    const before = { rescue: texts(), next: wordsOf((await menuOf(machine)).next) };
    const run = await machine.host.run(kernelCmdline, { tokens: ['intel_iommu=on', 'iommu=pt'] });
    expect(run).toMatchObject({ remaining: [], values: { boot_loader: 'bls', stale_entries: [] } });
    const after = { rescue: texts(), next: wordsOf((await menuOf(machine)).next) };
    expect(after).toEqual({ ...before, next: [...before.next, 'intel_iommu=on', 'iommu=pt'] });
  });
});

/** What `grubby --update-kernel` asks for, as arguments of our module. */
function wantedBy(command: string): object | null {
  if (!/ --update-kernel=/.test(command)) return null;
  const [, remove, words = ''] = / --(remove-)?args="?([^"]*)"?( |$)/.exec(command) ?? [];
  return { tokens: words.split(' '), state: remove ? 'absent' : 'present' };
}

async function menuOf({ host }: GrubbyHost): Promise<Menu> {
  const { bls, entries }: BootMenu = await bootMenu(host.read);
  if (!bls || !entries?.default) throw new Error('no entries as files');
  return { bls, next: entries.default };
}

/** Our entries in grubby's words, of each only what it printed. */
function infoOf({ bls, next }: Menu, command: string, printed: ReturnType<typeof infoBlocks>) {
  const shown = bls.files.map((file, index) => shownAs(file, index, bls));
  const [, which] = /--info=(\S+)/.exec(command) ?? [];
  const chosen = shown.filter(
    (one) => which === 'ALL' || one.kernel === which || (which === 'DEFAULT' && one.id === next.id),
  );
  return chosen.map((one, at) => {
    const keys = Object.keys(printed[at] ?? one);
    return Object.fromEntries(Object.entries(one).filter(([key]) => keys.includes(key)));
  });
}

function shownAs({ id, title, kernel, initrds, options }: BlsEntry, index: number, bls: BlsMenu) {
  // grubby knows $kernelopts of the block alone, and leaves every other variable as it stands.
  const kernelopts = variables(bls).get('kernelopts') ?? '$kernelopts';
  const known = new Map(options.map(({ text }) => [text.slice(1), text === '$kernelopts' ? kernelopts : text]));
  const words = expandOptions(options, known);
  const root = words.find((token) => token.key === 'root');
  const args = words.filter((token) => token !== root).map((token) => token.text);
  return {
    index: String(index),
    kernel: kernelPath(kernel),
    args: args.join(' '),
    ...(root && { root: root.value }),
    initrd: initrds.map(kernelPath).join(' '),
    title,
    id,
  };
}

/** An entry's paths begin at the root of its file system, which is /boot where that is one of its own. */
function kernelPath(path: string): string {
  return path.startsWith('/boot/') ? path : `/boot${path}`;
}

function variables({ environment }: BlsMenu): ReadonlyMap<string, string> {
  return parseGrubEnvironment(environment.kind === 'file' ? Buffer.from(environment.bytes).toString() : '');
}

function wordsOf({ tokens }: BootEntry): readonly string[] {
  return tokens.map((token) => token.text);
}

function linesWith(machine: GrubbyHost, path: string, pattern: RegExp): readonly string[] {
  const lines = machine.text(path).split('\n');
  return lines.filter((line) => pattern.test(line));
}

/** $tuned_initrd is no image, and blanks at the end of `args` are no words. */
function withoutVariables(block: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { initrd, args } = block;
  return {
    ...block,
    ...(initrd !== undefined && { initrd: initrd.replace(/ \$\w+/, '') }),
    ...(args !== undefined && { args: args.trimEnd() }),
  };
}

function sorted(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[^"]+/g, (text) => text.split(' ').sort().join(' '));
}
