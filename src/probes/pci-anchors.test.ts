import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { pciAnchors } from './pci-anchors.ts';

const roots: string[] = [];
afterEach(() => roots.splice(0).forEach((root) => rmSync(root, { recursive: true })));

interface Host {
  readonly mounts?: string;
  /** Interfaces of /proc/net/route. */
  readonly routes?: readonly string[];
  readonly routes6?: string;
  /** Links in /sys by path, and where they lead. */
  readonly links?: Readonly<Record<string, string>>;
}

function anchorsOf({ mounts = '', routes = [], routes6 = '', links = {} }: Host) {
  const root = mkdtempSync(join(tmpdir(), 'anchors-'));
  roots.push(root);
  mkdirSync(join(root, 'proc/self'), { recursive: true });
  mkdirSync(join(root, 'proc/net'));
  writeFileSync(join(root, 'proc/self/mountinfo'), mounts);
  writeFileSync(join(root, 'proc/swaps'), 'Filename Type Size Used Priority\n');
  const lines = routes.map((name) => `${name}\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`);
  writeFileSync(join(root, 'proc/net/route'), `Iface\tDestination\n${lines.join('')}`);
  writeFileSync(join(root, 'proc/net/ipv6_route'), routes6);
  for (const [link, target] of Object.entries(links)) {
    mkdirSync(join(root, 'sys', target), { recursive: true });
    mkdirSync(dirname(join(root, 'sys', link)), { recursive: true });
    symlinkSync(join(root, 'sys', target), join(root, 'sys', link));
  }
  return Object.fromEntries(readHere(pciAnchors(root)));
}

const NIC = 'devices/pci0000:00/0000:00:1c.0/0000:03:00.0';
const ETH0 = { 'class/net/eth0/device': NIC };

describe('what the host cannot do without, read by a real sh', () => {
  it('finds the card behind a route through a bond', () => {
    const links = { ...ETH0, 'class/net/bond0/lower_eth0': 'class/net/eth0' };
    expect(anchorsOf({ routes: ['bond0'], links })).toEqual({
      '0000:00:1c.0': 'carries the network (eth0)',
      '0000:03:00.0': 'carries the network (eth0)',
    });
  });

  it('finds the ports of an Open vSwitch bridge that has the route, though no link leads there', () => {
    const links = {
      ...ETH0,
      'class/net/ovs-system/lower_br-ex': 'class/net/br-ex',
      'class/net/ovs-system/lower_eth0': 'class/net/eth0',
    };
    expect(anchorsOf({ routes: ['br-ex'], links })).toHaveProperty('0000:03:00.0', 'carries the network (eth0)');
  });

  it('finds a network reached by IPv6 without a default route, but does not count link-local addresses', () => {
    const route = (to: string) => `${to} 40 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 1 0 00000001     eth0\n`;
    expect(anchorsOf({ routes6: route('20010db8000000000000000000000000'), links: ETH0 })).toHaveProperty([
      '0000:03:00.0',
    ]);
    expect(anchorsOf({ routes6: route('fe800000000000000000000000000000'), links: ETH0 })).toEqual({});
  });

  it('takes every disk for one of ZFS where ZFS is mounted', () => {
    const disk = 'devices/pci0000:00/0000:00:1d.0/0000:04:00.0/nvme/nvme0/nvme0n1';
    const links = { 'class/block/nvme0n1': disk, [`${disk}/device`]: dirname(disk) };
    const mounts = '36 1 0:32 / / rw,relatime shared:1 - zfs rpool/ROOT/ubuntu rw,xattr\n';
    expect(anchorsOf({ mounts, links })).toHaveProperty('0000:04:00.0', 'may hold / (ZFS)');
    expect(anchorsOf({ mounts: mounts.replace(' zfs ', ' nfs4 '), links })).toEqual({});
  });

  it('finds the disk of a btrfs root, whose device number is none of a disk', () => {
    const disk = 'devices/pci0000:00/0000:00:17.0/ata1/block/sda/sda2';
    const mounts = '29 1 0:26 /@ / rw,relatime shared:1 - btrfs /dev/sda2 rw,subvol=/@\n';
    expect(anchorsOf({ mounts, links: { 'class/block/sda2': disk } })).toEqual({ '0000:00:17.0': 'holds /' });
  });
});
