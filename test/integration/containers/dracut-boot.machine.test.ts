import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Container, inventoryOf, startContainer } from '../../support/containers.ts';
import { play } from '../../support/play.ts';
import { makeSysfs } from '../../support/sysfs-tree.ts';
import { complaints } from '../support/look.ts';
import { kernels } from './look.ts';

/** Two equal network cards, where QEMU's q35 puts what stands behind its first two root ports. */
const TWINS = ['0000:01:00.0', '0000:02:00.0'].map((address) => ({
  address,
  id: '1af4:1041',
  class: '020000',
  driver: 'virtio-pci',
}));

const PLAYBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - sysfs-bind: {devices: ["0000:01:00.0"], functions: listed, mode: persist}
    - initramfs: {modules: [vfio, vfio_iommu_type1, vfio_pci]}
`;

/** Hooks of the test's own, in a second archive after the image: says who has the cards, then powers off. */
const SHOW = `d=$(mktemp -d); hooks=usr/lib/dracut/hooks/pre-udev; mkdir -p "$d/$hooks"
cat >"$d/$hooks/99-show.sh" <<'HOOK'
( cd /sys/bus/pci/devices; i=0
until [ -e 0000:01:00.0/driver ] && [ -e 0000:02:00.0/driver ] || [ $i -eq 100 ]; do i=$((i + 1)); sleep 3; done
for a in 0000:01:00.0 0000:02:00.0; do
  b=$(readlink "$a/driver"); echo "SHOWN $a \${b##*/}" >/dev/console
done
echo 1 >/proc/sys/kernel/sysrq; echo o >/proc/sysrq-trigger ) </dev/null >/dev/null 2>&1 &
HOOK
chmod 755 "$d/$hooks/99-show.sh"
# An archive begins at a multiple of four bytes (Documentation/driver-api/early-userspace/buffer-format.rst).
cp "$1" /tmp/initrd; truncate -s %4 /tmp/initrd; (cd "$d" && find . -mindepth 1 | cpio -o -H newc --quiet) >>/tmp/initrd`;

let container: Container;
const directory = mkdtempSync(join(tmpdir(), 'tsplay-dracut-boot-'));

beforeAll(async () => {
  const tree = join(directory, 'sys');
  makeSysfs(tree, TWINS);
  container = await startContainer('debian-dracut', { binds: { '/sys': tree, [tree]: tree } });
});
afterAll(async () => {
  await container?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function fetched(path: string): string {
  const { identityFile, knownHostsFile, address } = container;
  const login = ['-i', identityFile, '-o', `UserKnownHostsFile=${knownHostsFile}`, `root@${address}`];
  const done = spawnSync('ssh', [...login, 'cat', path], { maxBuffer: 200 * 1024 * 1024 });
  if (done.status !== 0) throw new Error(done.stderr.toString());
  const place = join(directory, path.slice(path.lastIndexOf('/') + 1));
  writeFileSync(place, done.stdout);
  return place;
}

const MACHINE = `-name tsplay-dracut-boot -nodefaults -no-user-config -display none -m 1024 -cpu max
-M q35,accel=tcg,kernel-irqchip=split -device intel-iommu,intremap=on
-device pcie-root-port,id=rp1,chassis=1,slot=1,addr=04.0 -device virtio-net-pci,bus=rp1
-device pcie-root-port,id=rp2,chassis=2,slot=2,addr=05.0 -device virtio-net-pci,bus=rp2`.split(/\s+/);

/** What the machine prints on its serial line until it powers itself off. */
async function booted(kernel: string, initrd: string): Promise<string> {
  const serial = join(directory, 'serial');
  const cmdline = 'console=ttyS0 intel_iommu=on iommu=pt root=/dev/nosuch';
  const words = [...MACHINE, '-serial', `file:${serial}`, '-kernel', kernel, '-initrd', initrd, '-append', cmdline];
  await promisify(execFile)('qemu-system-x86_64', words, { timeout: 540_000 });
  return readFileSync(serial, 'utf8');
}

it("binds one of two equal cards before udev can, in a real boot of dracut's image", async () => {
  const [older = '', newer = ''] = await kernels(container);
  await container.look(['rm', `/boot/vmlinuz-${newer}`]);
  const playbook = join(directory, 'bind.yaml');
  writeFileSync(playbook, PLAYBOOK);
  const run = await play(playbook, { inventory: [inventoryOf({ host: container })], taskTimeout: 900 });
  expect(complaints(run)).toEqual(new Map());
  await container.look(['sh', '-c', SHOW, 'sh', `/boot/initrd.img-${older}`]);
  const printed = await booted(fetched(`/boot/vmlinuz-${older}`), fetched('/tmp/initrd'));
  const shown = [...printed.matchAll(/SHOWN (\S+) (\S*)/g)].map(([, address, driver]) => [address, driver]);
  expect(shown).toEqual([
    ['0000:01:00.0', 'vfio-pci'],
    ['0000:02:00.0', 'virtio-pci'],
  ]);
});
