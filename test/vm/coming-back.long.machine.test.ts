import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUEST_PARAMETERS } from '../../src/lab/vm/guest-files.ts';
import { until } from '../integration/support/until.ts';
import { run } from '../lab/lab-fixture.ts';
import { bootId, complaints, tasksOf } from './support/look.ts';
import { provisionedDisk } from './support/provisioned.ts';
import { BOOT_MS, GPU_CLOUD, startTestMachine, type TestMachine, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();
const reboot = (deadline: number): string => `- reboot-and-wait: {policy: always, deadline: ${deadline}, stable: 2}\n`;

/** Only a test may look past a wrong host key, to put the right one back. */
async function sshWhateverTheKey({ machine }: TestMachine, command: string): Promise<void> {
  const settings = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes'];
  const words = ['ssh', '-F', 'none', '-i', machine.privateKeyPath, '-p', String(machine.port)] as const;
  const said = await run([...words, ...settings, `root@${machine.address}`, command]);
  if (said.code !== 0) throw new Error(`${command}: exit ${said.code}: ${said.err}`);
}

describe.skipIf(obstacle)(
  `a host that was rebooted${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 1_800_000 },
  () => {
    let host: TestMachine;

    beforeAll(async () => {
      host = await startTestMachine({ name: 'vm01', baseDisk: await provisionedDisk() });
    });
    afterAll(() => host?.close());

    it('and never comes back is said to be down, within the deadline', async () => {
      // The machine goes down as it should, and then its power fails.
      host.machine.dieAtReset();
      const played = await host.playText(reboot(180));
      expect(played.exitCode).toBe(2);
      expect(complaints(played).join('\n')).toMatch(/the host went down and never came back within 180 s/);
      await until('the machine to be down', BOOT_MS, () => host.machine.pid === undefined);
      await host.machine.powerOn();
      await host.machine.waitForSsh(BOOT_MS);
    });

    it('and comes back under another host key is not talked to', async () => {
      await host.ssh(NEW_KEY);
      const played = await host.playText(reboot(900));
      expect(played.exitCode).toBe(2);
      expect(complaints(played).join('\n')).toMatch(
        /another machine came back in the host's place: its host key is not/,
      );
      await sshWhateverTheKey(host, 'cp -p /root/key /etc/ssh/ssh_host_ed25519_key');
    });

    it('and comes back from another boot entry, with an old command line, is told what happened', async () => {
      const before = await bootId(host);
      await host.ssh(OTHER_ENTRY);
      const played = await host.playText(reboot(900));
      expect(played.exitCode).toBe(2);
      expect(complaints(played).join('\n')).toMatch(
        /a reboot did not help: .*iommu=pt.*perhaps another one was booted/s,
      );
      expect(await bootId(host)).not.toBe(before);
      expect(await host.ssh('cat /proc/cmdline')).not.toContain('iommu=pt');
    });

    it('and is right again after one more reboot, which the next run makes by itself', async () => {
      await host.ssh('systemctl disable --now --quiet other-entry; rm /etc/systemd/system/other-entry.service');
      await host.ssh('grub-editenv /boot/grub/grubenv unset next_entry');
      const played = await host.play(GPU_CLOUD);
      expect(complaints(played)).toEqual([]);
      expect(tasksOf(played, 'changed')).toEqual(['Reboot, if anything needs it']);
      expect(await host.ssh('cat /proc/cmdline')).toContain('iommu=pt');
    });
  },
);

/** A key that takes the place of the host's own at the next boot: sshd reads its keys anew for every connection. */
const NEW_KEY = `set -e
cp -p /etc/ssh/ssh_host_ed25519_key /root/key
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/next_key
cat >/etc/systemd/system/new-key.service <<END
[Unit]
Before=ssh.service
ConditionPathExists=/etc/ssh/next_key
[Service]
Type=oneshot
ExecStart=mv /etc/ssh/next_key /etc/ssh/ssh_host_ed25519_key
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet new-key`;

/**
 * An entry without our parameters, and somebody who picks it: at the very end of this boot, when every look at the boot menu
 * is over. `next_entry` is what grub-reboot(8) writes.
 */
const OTHER_ENTRY = `set -e
[ -e /boot/grub/grubenv ] || grub-editenv /boot/grub/grubenv create
k=$(uname -r); root=$(sed 's/.*\\(root=[^ ]*\\).*/\\1/' /proc/cmdline)
cat >/boot/grub/custom.cfg <<END
menuentry 'older' --id older {
  search --no-floppy --fs-uuid --set=root $(findmnt -no UUID /boot)
  linux /vmlinuz-$k $root ro ${GUEST_PARAMETERS}
  initrd /initrd.img-$k
}
END
cat >/etc/systemd/system/other-entry.service <<END
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=true
ExecStop=/usr/bin/grub-editenv /boot/grub/grubenv set next_entry=older
[Unit]
RequiresMountsFor=/boot
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now --quiet other-entry`;
