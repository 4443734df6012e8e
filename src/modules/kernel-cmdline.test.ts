import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Change } from '../contract/change.ts';
import type { FileContent } from '../contract/file-state.ts';
import type { BootEntries } from '../probes/boot-entries.ts';
import { defaultBootEntry, ownEntries, parseGrubConfig } from '../probes/grub-config.ts';
import { type GrubStage, OWN_DROP_IN } from '../probes/grub-defaults.ts';
import { renderGrubDropIn } from '../probes/grub-drop-in.ts';
import { tokenize } from '../probes/kernel-cmdline-tokens.ts';
import type { GrubCmdline } from './gpu/grub-cmdline.ts';
import module from './kernel-cmdline.ts';

const file = {
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  owner: 'root',
  group: 'root',
  size: 1,
  version: 'v',
  mtime: 0,
  links: 1,
} as const;
const directory = { ...file, kind: 'directory', path: '/etc/default/grub.d' } as const;
const menu = readFileSync(new URL('../probes/fixtures/grub-debian12.cfg', import.meta.url), 'utf8');

function entriesOf(text: string): BootEntries {
  const config = parseGrubConfig(text);
  return {
    configFile: '/boot/grub/grub.cfg',
    own: ownEntries(config),
    default: defaultBootEntry(config, new Map()) ?? null,
  };
}

function host(
  line: string,
  own: string | null = null,
  more: Partial<GrubCmdline> = {},
  later: readonly GrubStage[] = [],
) {
  const main: GrubStage = { path: '/etc/default/grub', linux: '', linuxDefault: line };
  const appended = own === null ? [] : [{ path: OWN_DROP_IN, linux: '', linuxDefault: `${line} ${own}` }];
  const bytes = Buffer.from(renderGrubDropIn({ drop: [], append: (own ?? '').split(' ').filter(Boolean) }));
  const dropIn: FileContent =
    own === null
      ? { kind: 'absent', path: OWN_DROP_IN, realPath: OWN_DROP_IN }
      : { kind: 'file', path: OWN_DROP_IN, realPath: OWN_DROP_IN, state: { ...file, path: OWN_DROP_IN }, bytes };
  const grub: GrubCmdline = {
    updateCommand: '/usr/sbin/update-grub',
    defaults: { stages: [main, ...appended, ...later], problems: [] },
    dropIn,
    dropInDirectory: directory,
    entries: entriesOf(menu.replaceAll('quiet $vt_handoff', 'quiet intel_iommu=on iommu=pt')),
    freeBytes: 100_000_000,
    ...more,
  };
  return {
    loader: { kind: 'grub-mkconfig', configFile: '', updateCommand: '' } as const,
    grub,
    entries: grub.entries,
    bls: null,
    live: tokenize('ro quiet intel_iommu=on iommu=pt'),
  };
}

const plan = (current: Parameters<typeof module.plan>[1], raw: object = { tokens: ['intel_iommu=on', 'iommu=pt'] }) =>
  module.plan(module.args.parse(raw), current);
const written = (changes: readonly Change[]) =>
  changes.flatMap((change) =>
    change.kind === 'write-file' ? [Buffer.from(change.bytes).toString().split('\n').at(-2)] : [],
  );
const kinds = (changes: readonly Change[]) => changes.map((change) => change.kind);

describe('kernel-cmdline', () => {
  it('has nothing to do where configuration and menu agree', () => {
    expect(plan(host('quiet', 'intel_iommu=on iommu=pt'))).toEqual([]);
  });

  it('leaves parameters to the file that has them already', () => {
    expect(plan(host('quiet intel_iommu=on iommu=pt'))).toEqual([]);
  });

  it('writes the drop-in again after a hand edit, and does not rebuild a menu that is right', () => {
    const changes = plan(host('quiet', 'intel_iommu=on'));
    expect(kinds(changes)).toEqual(['write-file']);
    expect(written(changes)).toEqual([
      'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT} intel_iommu=on iommu=pt"',
    ]);
  });

  it('completes a run that died between the edit and update-grub', () => {
    expect(kinds(plan(host('quiet', 'intel_iommu=on iommu=pt', { entries: entriesOf(menu) })))).toEqual([
      'run-command',
    ]);
  });

  it('flushes the menu that update-grub wrote in place, and passes its failure on', () => {
    const [update] = plan(host('quiet', 'intel_iommu=on iommu=pt', { entries: entriesOf(menu) }));
    const [sh = '', ...words] = update?.kind === 'run-command' ? update.argv : [];
    const run = (updateCommand: string) =>
      spawnSync(sh, [...words.slice(0, -1), updateCommand], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
    expect(words.at(-1)).toBe('/usr/sbin/update-grub');
    expect(run('true').status).toBe(0);
    expect(run('false').status).toBe(1);
    expect(words.join(' ')).toContain('sync -f /boot');
  });

  it('looks at every entry, not only the default one', () => {
    const current = host('quiet', 'intel_iommu=on iommu=pt', { entries: entriesOf(menu) });
    expect(module.result?.(module.args.parse({ tokens: ['iommu=pt'] }), current, [])).toMatchObject({
      stale_entries: ['Debian GNU/Linux, with Linux 6.1.0-13-amd64'],
      reboot_reasons: [],
    });
  });

  it('makes the directory where a host has none', () => {
    const dropInDirectory = { kind: 'absent', path: '/etc/default/grub.d' } as const;
    expect(kinds(plan(host('quiet', null, { dropInDirectory })))).toEqual(['make-directory', 'write-file']);
  });

  it('keeps parameters of other tasks in the drop-in', () => {
    const changes = plan(host('quiet', 'iommu=pt'), { tokens: ['default_hugepagesz=1G'] });
    expect(written(changes)[0]).toContain('iommu=pt default_hugepagesz=1G');
    expect(kinds(changes)).toEqual(['write-file', 'run-command']);
  });

  it('takes a contrary setting of another file out', () => {
    const changes = plan(host('quiet intel_iommu=off'));
    const text = changes
      .flatMap((change) => (change.kind === 'write-file' ? [Buffer.from(change.bytes).toString()] : []))
      .join('');
    expect(text).toContain("tsplay_drop='intel_iommu=off'");
  });

  it('puts back the order of a sequence', () => {
    const changes = plan(host('hugepages=4 hugepagesz=1G'), { tokens: ['hugepagesz=1G', 'hugepages=4'] });
    expect(written(changes)[0]).toContain(' hugepagesz=1G hugepages=4"');
  });

  it('refuses two vfio-pci.ids and names both', () => {
    const current = host('vfio-pci.ids=10de:1 vfio_pci.ids=10de:2');
    expect(() => plan(current, { tokens: ['vfio-pci.ids=10de:3'] })).toThrow(
      /vfio-pci\.ids=10de:1 and vfio_pci\.ids=10de:2/,
    );
  });

  it('refuses to run update-grub over broken shell, naming file and line', () => {
    const problems = ['/etc/default/grub:9: curly quotes are not quotes to the shell'];
    expect(() => plan(host('quiet', null, { defaults: { stages: [], problems } }))).toThrow(/\/etc\/default\/grub:9/);
  });

  it('names the later file that overrides the drop-in', () => {
    const later = [{ path: '/etc/default/grub.d/zzz.cfg', linux: '', linuxDefault: 'quiet' }];
    expect(() => plan(host('quiet', 'intel_iommu=on iommu=pt', {}, later))).toThrow(/zzz\.cfg overrides .*zz-tsplay/);
  });

  it('sees before it writes that a later file sets the variable anew or contradicts, and minds no other', () => {
    const later = (linuxDefault: string) => [{ path: '/etc/default/grub.d/zzz.cfg', linux: '', linuxDefault }];
    expect(() => plan(host('quiet splash', null, {}, later('quiet')))).toThrow(/zzz\.cfg overrides/);
    expect(() => plan(host('quiet', null, {}, later('quiet iommu=off')))).toThrow(/zzz\.cfg overrides/);
    expect(kinds(plan(host('quiet', null, {}, later('quiet splash'))))).toEqual(['write-file']);
  });

  it('says in every run that only a boot can bring a parameter to life', () => {
    const current = { ...host('quiet', 'intel_iommu=on iommu=pt'), live: tokenize('ro quiet iommu=pt') };
    const values = module.result?.(module.args.parse({ tokens: ['intel_iommu=on', 'iommu=pt'] }), current, []);
    expect(values?.['reboot_reasons']).toEqual([
      { kind: 'cmdline', detail: 'the running kernel was booted without intel_iommu=on' },
    ]);
  });

  it('refuses to begin a menu that a full /boot would cut short, and not where none is due', () => {
    const full = host('quiet', null, { entries: entriesOf(menu), freeBytes: 4096 });
    expect(() => plan(full, { tokens: ['panic=30'] })).toThrow(/\/boot has no space left for a new boot menu/);
    expect(plan(host('quiet', 'iommu=pt', { freeBytes: 0 }), { tokens: ['iommu=pt'] })).toEqual([]);
  });

  it('foretells the menu, default entry included', () => {
    const [, update] = plan(host('quiet', null, { entries: entriesOf(menu) }), { tokens: ['panic=30'] });
    const predicted = update?.kind === 'run-command' ? (update.predicts?.[0]?.value as BootEntries) : undefined;
    expect(predicted?.default?.tokens.at(-1)?.text).toBe('panic=30');
    expect(predicted?.own.every((entry) => entry.tokens.some((token) => token.text === 'panic=30'))).toBe(true);
  });

  it.each([
    ['systemd-boot', '/etc/kernel/cmdline'],
    ['ostree', 'ostree'],
    ['none', 'no boot loader'],
  ] as const)('recognises and refuses %s', (kind, said) => {
    const loader = { kind, evidence: 'seen' };
    expect(() => plan({ loader, grub: null, entries: null, bls: null, live: [] })).toThrow(said);
  });

  it.each(['intel_iommu=on”', 'a b', 'x=$HOME', 'a;b', "a='b'"])('does not accept %s', (token) => {
    expect(module.args.safeParse({ tokens: [token] }).success).toBe(false);
  });
});
