import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { type CardFunction, makeSysfs } from '../../test/support/sysfs-tree.ts';
import { BIND_SCRIPT, bindPciFunction, bindPciFunctionKind } from '../changes/bind-pci-function.ts';
import type { Change } from '../contract/change.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { FileContent } from '../contract/file-state.ts';
import { tokenize } from '../probes/kernel-cmdline-tokens.ts';
import { parseModprobe } from '../probes/modprobe-config.ts';
import { deviceHolders } from '../probes/device-holders.ts';
import { pciAnchors } from '../probes/pci-anchors.ts';
import { type PciFunction, parsePciTree } from '../probes/pci.ts';
import { BINDING_SCRIPT, bindingScript, bootIds, parseBinding } from './gpu/boot-binding.ts';
import { expandTargets, withGroups } from './gpu/binding-targets.ts';
import { parseSelector } from './gpu/pci-selector.ts';
import type { DracutModule } from './gpu/plan-boot-binding.ts';
import module from './sysfs-bind.ts';

const one = (address: string, id: string, type: string, driver: string | null, group: number | null, more = '') =>
  `function ${address}\nvendor 0x${id.slice(0, 4)}\ndevice 0x${id.slice(5)}\nclass 0x${type}\n${driver ? `driver ${driver}\n` : ''}${group === null ? '' : `iommu_group ${group}\n`}${more}`;
const functionsOf = (...texts: readonly string[]) => parsePciTree(texts.join('')).functions;

const TU116 = [
  one('0000:88:00.0', '10de:2182', '030000', 'nouveau', 33),
  one('0000:88:00.1', '10de:1aeb', '040300', 'snd_hda_intel', 33),
  one('0000:88:00.2', '10de:1aec', '0c0330', 'xhci_hcd', 33),
  one('0000:88:00.3', '10de:1aed', '0c8000', null, 33),
];
const PORT = one('0000:80:02.0', '8086:2f04', '060400', 'pcieport', 33);
const NIC = one('0000:89:00.0', '8086:1528', '020000', 'ixgbe', 33);

interface More {
  readonly anchors?: ReadonlyMap<string, string>;
  readonly script?: string;
  readonly ids?: readonly string[];
  readonly stubIds?: readonly string[];
  readonly dracut?: DracutModule;
  readonly variants?: ReadonlyMap<string, string>;
  readonly holders?: readonly { readonly pid: number; readonly command: string; readonly device: string }[];
}

function currentOf(functions: readonly PciFunction[], raw: object, more: More) {
  const args = module.args.parse(raw);
  const rules = {
    devices: args.devices.map(parseSelector),
    exclude: args.exclude.map(parseSelector),
    functions: args.functions,
    groupPolicy: args.group_policy,
  };
  const named = expandTargets(functions, rules);
  const targets = args.group_policy === 'bind-all' ? withGroups(functions, named) : named;
  const script: FileContent =
    more.script === undefined
      ? { kind: 'absent', path: BINDING_SCRIPT, realPath: BINDING_SCRIPT }
      : {
          kind: 'file',
          path: BINDING_SCRIPT,
          realPath: BINDING_SCRIPT,
          bytes: Buffer.from(more.script),
          state: {
            kind: 'file',
            path: BINDING_SCRIPT,
            mode: 0o755,
            uid: 0,
            gid: 0,
            owner: 'root',
            group: 'root',
            size: 1,
            version: '',
            mtime: 0,
            links: 1,
          },
        };
  return {
    functions,
    targets,
    anchors: more.anchors ?? new Map(),
    holders: more.holders ?? [],
    script,
    dracut: more.dracut ?? null,
    bootIds: more.ids ?? [],
    stubIds: more.stubIds ?? [],
    ...(more.variants && { variants: more.variants }),
  };
}
const planned = (functions: readonly PciFunction[], raw: object, more: More = {}) =>
  module.plan(module.args.parse(raw), currentOf(functions, raw, more));
const reasonsFor = (functions: readonly PciFunction[], raw: object, more: More = {}) =>
  module.result?.(module.args.parse(raw), currentOf(functions, raw, more), [])['reboot_reasons'];
const bound = (changes: readonly Change[]) =>
  changes.flatMap((change) => (change.kind === 'bind-pci-function' ? [`${change.address}>${change.driver}`] : []));
const scripted = (changes: readonly Change[]) =>
  changes.flatMap((change) =>
    change.kind === 'write-file' ? [...parseBinding(Buffer.from(change.bytes).toString())] : [],
  );

describe('live', () => {
  it('binds all functions of a card whose display function is named, unbound ones too, and no bridge', () => {
    expect(bound(planned(functionsOf(...TU116, PORT), { devices: ['10de:2182'] }))).toEqual([
      '0000:88:00.0>vfio-pci',
      '0000:88:00.1>vfio-pci',
      '0000:88:00.2>vfio-pci',
      '0000:88:00.3>vfio-pci',
    ]);
  });

  it('refuses a card that the kernel refused to VFIO, and gives it back all the same', () => {
    const { functions } = parsePciTree(`${TU116.join('')}reserved 0000:88:00.0\n`);
    expect(() => planned(functions, { devices: ['10de:2182'] })).toThrow(/0000:88:00\.0 \(RMRR\), so VFIO refuses it/);
    expect(() => planned(functions, { devices: ['10de:2182'], driver: 'native' })).not.toThrow();
  });

  it('warns of the firmware’s picture where it lies in a card’s memory, and less surely where it was only drawn there', () => {
    const warningsOf = (text: string, raw: object = {}) => {
      const given = { devices: ['10de:2182'], ...raw };
      const current = currentOf(parsePciTree(text).functions, given, {});
      return module.result?.(module.args.parse(given), current, [])['warnings'];
    };
    const primary = TU116.join('').replace('iommu_group 33\n', 'iommu_group 33\nboot_vga 1\n');
    expect(warningsOf(`${primary}framebuffer 0000:88:00.0 BOOTFB\n`)).toEqual([
      expect.stringMatching(/^the firmware's picture \(BOOTFB\) lies in the memory of display function 0000:88:00\.0/),
    ]);
    expect(warningsOf(primary)).toEqual([expect.stringMatching(/^0000:88:00\.0 is the display of the firmware/)]);
    expect(warningsOf(TU116.join(''))).toEqual([]);
  });

  it('with auto gives each function the driver made for it, now and by address at boot, and is then content', () => {
    const hopper = one('0009:01:00.0', '10de:2342', '030200', null, 7);
    const variants = new Map([
      ['0009:01:00.0', 'nvgrace_gpu_vfio_pci'],
      ['0000:88:00.0', 'vfio-pci'],
    ]);
    const listed = { devices: ['0009:01:00.0', '0000:88:00.0'], driver: 'auto', functions: 'listed' };
    const wish = { ...listed, group_policy: 'ignore', mode: 'both' };
    const changes = planned(functionsOf(hopper, ...TU116), wish, { variants, ids: ['10de:2342', '10de:2182'] });
    expect(bound(changes)).toEqual(['0009:01:00.0>nvgrace_gpu_vfio_pci', '0000:88:00.0>vfio-pci']);
    expect(scripted(changes)).toEqual([['0009:01:00.0', 'nvgrace_gpu_vfio_pci']]);
    const done = hopper.replace('iommu_group', 'driver nvgrace-gpu-vfio-pci\niommu_group');
    const alone = { devices: ['0009:01:00.0'], driver: 'auto' };
    expect(bound(planned(functionsOf(done), alone, { variants }))).toEqual([]);
  });

  it('takes an NVSwitch by name, though its class is a bridge’s', () => {
    const nvSwitch = one('0000:05:00.0', '10de:22a3', '068000', 'nvidia-nvswitch', 9);
    expect(bound(planned(functionsOf(nvSwitch), { devices: ['0000:05:00.0'] }))).toEqual(['0000:05:00.0>vfio-pci']);
  });

  it('has nothing to do when the driver is there', () => {
    const done = TU116.map((text) => `${text.replace(/driver .*\n/, '')}driver vfio-pci\n`);
    expect(planned(functionsOf(...done), { devices: ['88:00.0'] })).toEqual([]);
  });

  it('leaves virtual functions of a named card to those who name them', () => {
    const a100 = [
      one('0000:41:00.0', '10de:20f1', '030200', null, 7, 'sriov_totalvfs 16\n'),
      one('0000:41:00.4', '10de:20f1', '030200', null, 8, 'physfn 0000:41:00.0\n'),
    ];
    expect(bound(planned(functionsOf(...a100), { devices: ['0000:41:00.0'] }))).toEqual(['0000:41:00.0>vfio-pci']);
  });

  it('does not end virtual functions with their card', () => {
    const a100 = [
      one('0000:41:00.0', '10de:20f1', '030200', 'nvidia', 7, 'sriov_totalvfs 16\n'),
      one('0000:41:00.4', '10de:20f1', '030200', 'nvidia', 8, 'physfn 0000:41:00.0\n'),
    ];
    for (const mode of ['live', 'persist'])
      expect(() => planned(functionsOf(...a100), { devices: ['0000:41:00.0'], mode })).toThrow(
        /virtual functions would end with their card's driver: 0000:41:00\.0 has 1/,
      );
  });

  it('keeps what is excluded', () => {
    const two = [
      one('0000:41:00.0', '10de:20f1', '030200', null, 7),
      one('0000:42:00.0', '10de:20f1', '030200', null, 8),
    ];
    expect(
      bound(planned(functionsOf(...two), { devices: [{ class: '0302', vendor: '10DE' }], exclude: ['42:00.0'] })),
    ).toEqual(['0000:41:00.0>vfio-pci']);
  });

  it('gives a card back', () => {
    const taken = one('0000:41:00.0', '10de:20f1', '030200', 'vfio-pci', 7, 'driver_override vfio-pci\n');
    expect(bound(planned(functionsOf(taken), { devices: ['41:00.0'], driver: 'native' }))).toEqual([
      '0000:41:00.0>null',
    ]);
  });

  it('names the group mate that makes a group unviable', () => {
    expect(() => planned(functionsOf(...TU116, NIC), { devices: ['88:00.0'] })).toThrow(
      /0000:89:00\.0 \(8086:1528, ixgbe\) in group 33/,
    );
  });

  it('binds the whole group on request, but never what carries the network', () => {
    const raw = { devices: ['88:00.0'], group_policy: 'bind-all' };
    expect(bound(planned(functionsOf(...TU116, NIC, PORT), raw))).toHaveLength(5);
    const anchors = new Map([['0000:89:00.0', 'carries the network (eth0)']]);
    expect(() => planned(functionsOf(...TU116, NIC), raw, { anchors })).toThrow(
      /cannot do without 0000:89:00\.0 carries the network/,
    );
  });

  it('says E_NO_IOMMU where there are no groups', () => {
    expect(() =>
      planned(functionsOf(one('0000:88:00.0', '10de:11b4', '030000', null, null)), { devices: ['88:00.0'] }),
    ).toThrow(/E_NO_IOMMU.*intel_iommu=on/);
  });

  it('names who holds the card', () => {
    const holders = [{ pid: 812, command: 'nvidia-persiste', device: '/dev/nvidia0' }];
    expect(() => planned(functionsOf(...TU116), { devices: ['88:00.0'] }, { holders })).toThrow(
      /nvidia-persiste \(812\) has \/dev\/nvidia0 open/,
    );
  });

  it('leaves all to a reboot where one card is held, or where an unbind hung before, and asks for it', () => {
    const twoCards = [...TU116, one('0000:89:00.0', '10de:2182', '030000', 'nouveau', 34)];
    const wish = { devices: ['10de:2182'], in_use: 'leave' };
    const holders = [{ pid: 812, command: 'nvidia-persiste', device: '/dev/nvidia0' }];
    expect(planned(functionsOf(...twoCards), wish, { holders })).toEqual([]);
    const stuck = functionsOf(...TU116.slice(0, 3).map((text) => `${text}driver_override vfio-pci\n`));
    expect(planned(stuck, wish)).toEqual([]);
    expect(bound(planned(functionsOf(...TU116), wish))).toHaveLength(4);
    expect(reasonsFor(stuck, wish)).toEqual([
      { kind: 'binding', detail: '0000:88:00.0 is bound to nouveau, not to vfio-pci (a driver did not let go)' },
      { kind: 'binding', detail: '0000:88:00.1 is bound to snd_hda_intel, not to vfio-pci (a driver did not let go)' },
      { kind: 'binding', detail: '0000:88:00.2 is bound to xhci_hcd, not to vfio-pci (a driver did not let go)' },
    ]);
    expect(reasonsFor(functionsOf(...TU116), wish)).toEqual([]);
    expect(reasonsFor(functionsOf(...TU116.slice(0, 1)), wish, { holders })).toEqual([
      { kind: 'binding', detail: '0000:88:00.0 is bound to nouveau, not to vfio-pci (in use by nvidia-persiste)' },
    ]);
    expect(reasonsFor(stuck, { devices: ['10de:2182'] })).toEqual([]);
  });

  it('does not go on when a selector names nothing', () => {
    expect(() => planned(functionsOf(...TU116), { devices: ['11de:11b4'] })).toThrow(
      /no PCI function is 11de:11b4; display controllers here: 0000:88:00\.0 10de:2182/,
    );
  });

  it.each(['1e30', 'gpu', '88:00', 10])('does not accept the device %s', (device) => {
    expect(module.args.safeParse({ devices: [device] }).success).toBe(false);
  });
});

describe('at every boot', () => {
  const two = functionsOf(
    one('0000:41:00.0', '10de:20f1', '030200', null, 7),
    one('0000:42:00.0', '10de:20f1', '030200', null, 8),
  );

  it('is content with ids that name exactly the wanted cards', () => {
    expect(planned(two, { devices: ['10de:20f1'], mode: 'persist' }, { ids: ['10de:20f1'] })).toEqual([]);
  });

  it('binds by address where an identical card is kept', () => {
    expect(scripted(planned(two, { devices: ['41:00.0'], mode: 'persist' }))).toEqual([['0000:41:00.0', 'vfio-pci']]);
  });

  it('refuses ids that take the kept card too', () => {
    expect(() => planned(two, { devices: ['41:00.0'], mode: 'persist' }, { ids: ['10de:20f1'] })).toThrow(
      /takes 0000:42:00\.0 too/,
    );
  });

  it('keeps cards of other tasks, and forgets one that is given back', () => {
    const script = bindingScript(
      new Map([
        ['0000:41:00.0', 'vfio-pci'],
        ['0000:99:00.0', 'vfio-pci'],
      ]),
    );
    expect(scripted(planned(two, { devices: ['41:00.0'], driver: 'native', mode: 'persist' }, { script }))).toEqual([
      ['0000:99:00.0', 'vfio-pci'],
    ]);
    expect(planned(two, { devices: ['41:00.0'], mode: 'persist' }, { script })).toEqual([]);
  });

  it('needs no IOMMU group before the reboot that brings them', () => {
    const bare = functionsOf(one('0000:41:00.0', '10de:20f1', '030200', 'nouveau', null));
    expect(scripted(planned(bare, { devices: ['41:00.0'], mode: 'persist' }))).toHaveLength(1);
  });

  it('reads ids as the kernel takes them: arguments of the initramfs, then the command line, then modprobe.d', () => {
    const directives = parseModprobe('/etc/modprobe.d/a.conf', 'options vfio-pci ids=10de:1,10de:2');
    const cmdline = tokenize('vfio-pci.ids=10DE:3:ffff:ffff');
    expect(bootIds('vfio_pci', { directives, cmdline: [], early: 'vfio_pci\n' })).toEqual(['10de:1', '10de:2']);
    expect(bootIds('vfio_pci', { directives, cmdline, early: '' })).toEqual(['10de:3']);
    const early = '# vfio_pci ids=8086:1\nvfio-pci ids=10de:11b4,10de:0e0a\n';
    expect(bootIds('vfio_pci', { directives, cmdline, early })).toEqual(['10de:11b4', '10de:0e0a']);
  });

  it("binds by address what pci-stub's ids would take first", () => {
    const raw = { devices: ['10de:20f1'], mode: 'persist' };
    const early = 'pci_stub ids=10de:20f1,10de:0e0a\n';
    const stubIds = bootIds('pci_stub', { directives: [], cmdline: [], early });
    expect(scripted(planned(two, raw, { ids: ['10de:20f1'], stubIds }))).toHaveLength(2);
  });

  it('does not trust ids with a function that a built-in driver holds, nor forgets it once that let go', () => {
    const of = (driver: string, more = '') => functionsOf(one('0000:88:00.2', '10de:1aec', '0c0330', driver, 33, more));
    const raw = { devices: ['88:00.2'], mode: 'persist' };
    const ids = ['10de:1aec'];
    expect(scripted(planned(of('xhci_hcd', 'builtin\n'), raw, { ids }))).toEqual([['0000:88:00.2', 'vfio-pci']]);
    const script = bindingScript(new Map([['0000:88:00.2', 'vfio-pci']]));
    expect(planned(of('vfio-pci'), raw, { ids, script })).toEqual([]);
    expect(planned(of('xhci_hcd'), raw, { ids })).toEqual([]);
  });

  it("does not take vfio-pci's ids for those of a variant driver", () => {
    const raw = { devices: ['41:00.0', '42:00.0'], mode: 'persist', driver: 'nvgrace_gpu_vfio_pci' };
    expect(scripted(planned(two, raw, { ids: ['10de:20f1'] }))).toHaveLength(2);
  });

  it('writes a script that a real sh accepts and that answers for its prerequisites', () => {
    const text = bindingScript(new Map([['ffff:41:00.0', 'vfio-pci']]));
    expect(spawnSync('sh', ['-c', text, 'sh', 'prereqs']).stdout.toString()).toBe('\n');
    expect(spawnSync('sh', ['-c', text]).status).toBe(0);
  });

  it('lets a built-in driver go, and leaves the right one alone', () => {
    const root = mkdtempSync(join(tmpdir(), 'init-top-'));
    const xhci: CardFunction = { address: '0000:88:00.2', id: '10de:1aec', class: '0c0330', driver: 'xhci_hcd' };
    const vga: CardFunction = { address: '0000:88:00.0', id: '10de:2182', class: '030000', driver: 'vfio-pci' };
    makeSysfs(root, [xhci, vga]);
    const text = bindingScript(new Map([xhci, vga].map(({ address }) => [address, 'vfio-pci'])));
    spawnSync('sh', ['-c', text.replaceAll('/sys/', `${root}/`)]);
    const read = (path: string) => spawnSync('cat', [join(root, path)]).stdout.toString();
    expect(read('devices/pci0000:00/0000:88:00.2/driver_override')).toBe('vfio-pci');
    expect(read('bus/pci/drivers/xhci_hcd/unbind')).toBe('0000:88:00.2');
    expect(read('bus/pci/drivers/vfio-pci/unbind')).toBe('');
    expect(read('bus/pci/drivers_probe')).toBe('0000:88:00.2');
    rmSync(root, { recursive: true });
  });
});

describe('the binding script, over plain files that do not act', () => {
  const bind = (address: string, functions: readonly CardFunction[]) => {
    const root = mkdtempSync(join(tmpdir(), 'bind-'));
    makeSysfs(root, functions);
    spawnSync('mkdir', ['-p', join(root, 'bus/pci/drivers/vfio-pci')]);
    const done = spawnSync('sh', ['-c', BIND_SCRIPT, 'sh', address, 'vfio_pci', '3', root]);
    const override = functions[0]
      ? readFileSync(join(root, 'devices/pci0000:00', functions[0].address, 'driver_override'), 'utf8')
      : '';
    rmSync(root, { recursive: true });
    return { code: done.status, override };
  };
  const card: CardFunction = { address: '0000:88:00.0', id: '10de:11b4', class: '030000', driver: 'nvidia' };

  it('gives up on an unbind that never takes effect, and leaves the override for the next boot', () => {
    expect(bind('0000:88:00.0', [card])).toEqual({ code: 3, override: 'vfio-pci' });
  });

  it('takes the override back when the driver does not take the card', () => {
    expect(bind('0000:88:00.0', [{ address: '0000:88:00.0', id: '10de:11b4', class: '030000' }])).toEqual({
      code: 6,
      override: '\n',
    });
  });

  it('promises no binding at the next boot where only the override is set', async () => {
    const { apply } = bindPciFunctionKind;
    const stderr = new Uint8Array();
    const run = async () => ({ code: 3, stdout: stderr, stderr, truncated: false });
    const session = { run } as unknown as HostSession;
    const change = bindPciFunction({ address: '0000:88:00.0', driver: 'vfio-pci', before: 'nvidia' });
    await expect(apply(change, session)).rejects.toThrow(/mode: persist/);
  });

  it('sees that a function is gone', () => {
    expect(bind('0000:99:00.0', [card]).code).toBe(5);
  });
});

it('finds what this machine cannot do without, and who holds what', () => {
  expect([...readHere(pciAnchors()).values()].every((reason) => /^(holds|carries) /.test(reason))).toBe(true);
  expect(readHere(deviceHolders(['0000:00:00.0']))).toEqual([]);
});
