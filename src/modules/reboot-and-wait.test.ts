import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { hostUnderTest } from '../../test/support/run-module.ts';
import { parseIdentity } from '../probes/boot-identity.ts';
import { defaultBootEntry, parseGrubConfig } from '../probes/grub-config.ts';
import { tokenize } from '../probes/kernel-cmdline-tokens.ts';
import { needsRestarting } from '../probes/needs-restarting.ts';
import { parsePciTree } from '../probes/pci.ts';
import { rebootGate } from '../probes/reboot-gate.ts';
import type { RebootReason } from '../contract/change.ts';
import { cmdlineReasons, driverReasons, passedReasons, survivors, type BootObservation } from './gpu/reboot-reasons.ts';
import module from './reboot-and-wait.ts';

const menu = parseGrubConfig(readFileSync(new URL('../probes/fixtures/grub-debian12.cfg', import.meta.url), 'utf8'));
const identity = parseIdentity(
  'boot 11111111-1111-4111-8111-111111111111\nmachine abc\nuptime 5000.12 1.0\nrelease 6.1.0\n',
);
const LIVE = 'BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64 root=UUID=6c2e ro net.ifnames=0 quiet intel_iommu=on iommu=pt';
const observed = (more: Partial<BootObservation> & { readonly line?: string } = {}): BootObservation => ({
  identity,
  runElapsedSeconds: 10,
  live: tokenize(more.line ?? LIVE),
  nextEntry: defaultBootEntry(menu, new Map()) ?? null,
  functions: parsePciTree('function 0000:88:00.0\nvendor 0x10de\ndevice 0x20f1\nclass 0x030200\ndriver nouveau\n')
    .functions,
  ...more,
});
const details = (reasons: readonly RebootReason[]) => reasons.map((reason) => reason.detail);

describe('reasons', () => {
  it('finds none where the next boot takes what the running kernel has', () => {
    expect(cmdlineReasons(observed())).toEqual([]);
  });

  it('finds a parameter that comes and one that goes, in every run', () => {
    const [reason] = cmdlineReasons(observed({ line: LIVE.replace('iommu=pt', 'nomodeset') }));
    expect(reason?.detail).toBe('iommu=pt comes with the next boot, nomodeset goes with the next boot');
  });

  it('counts repeated parameters', () => {
    expect(details(cmdlineReasons(observed({ line: `${LIVE} quiet` })))).toEqual(['quiet goes with the next boot']);
  });

  it('does not mind quoting, which GRUB changes', () => {
    const entry = parseGrubConfig('menuentry x {\nlinux /v ro dyndbg="file a +p"\n}').entries[0] ?? null;
    expect(cmdlineReasons(observed({ nextEntry: entry, line: '"dyndbg=file a +p"' }))).toEqual([]);
  });

  it('finds a card that another driver holds', () => {
    const expectation = { cmdline: [], drivers: { '10de:20f1': 'vfio-pci' } };
    expect(details(driverReasons(observed(), expectation))).toEqual([
      '0000:88:00.0 is bound to nouveau, not to vfio-pci',
    ]);
  });

  it('takes reasons of earlier tasks until the host was booted during this run', () => {
    const passed = [{ kind: 'module-param', detail: 'x' }] as const;
    expect(passedReasons(observed(), passed)).toEqual(passed);
    expect(passedReasons(observed({ runElapsedSeconds: 6000 }), passed)).toEqual([]);
  });

  it('still takes a rebuild that came after that boot', () => {
    const passed = [{ kind: 'initramfs', detail: 'x' }] as const;
    const rebuilt = { ...identity, initramfsRebuilt: true };
    expect(passedReasons(observed({ runElapsedSeconds: 6000, identity: rebuilt }), passed)).toEqual(passed);
  });

  it('knows a reason for which this very boot was made', () => {
    const reasons = [{ kind: 'cmdline', detail: 'iommu=pt comes with the next boot' }] as const;
    const again = { ...identity, rebootedFor: ['cmdline: iommu=pt comes with the next boot'] };
    expect(survivors(reasons, observed())).toEqual([]);
    expect(survivors(reasons, observed({ identity: again }))).toEqual(reasons);
  });

  it('reboots again in a later run that asks for it, although this very boot was asked for too', () => {
    const asked = [{ kind: 'requested', detail: 'the playbook asks for it' }] as const;
    const again = { ...identity, rebootedFor: ['requested: the playbook asks for it'] };
    expect(survivors(asked, observed({ identity: again }))).toEqual([]);
  });
});

describe('plan', () => {
  const gate = { brokenFiles: [], unnamedImage: null, guests: [], guestsUnknown: null };
  const current = {
    ...observed(),
    reasons: [{ kind: 'cmdline', detail: 'iommu=pt comes' }] as const,
    gate,
    work: null,
    hasMenu: true,
    entryProblem: null,
    isVerifying: false,
  };
  const plan = (raw: object, more: object = {}) => module.plan(module.args.parse(raw), { ...current, ...more });

  it('sees that another entry was booted, though the reboot was for another reason', () => {
    const reasons = [{ kind: 'cmdline', detail: 'iommu=pt comes with the next boot' }] as const;
    expect(plan({ policy: 'always' }, { reasons })).toHaveLength(1);
    expect(() => plan({ policy: 'always' }, { reasons, isVerifying: true })).toThrow(
      /a reboot did not help: iommu=pt comes with the next boot\. .*perhaps another one was booted/,
    );
  });

  it('reboots while a reason exists, with the deadline and test of the task', () => {
    expect(plan({ deadline: 60, test_command: 'systemctl is-system-running' })).toMatchObject([
      {
        kind: 'reboot',
        deadlineMs: 60_000,
        stableMs: 10_000,
        machineId: 'abc',
        testCommand: ['sh', '-c', 'systemctl is-system-running'],
        kernelRelease: '6.1.0-18-amd64',
      },
    ]);
  });

  it('expects no kernel of which the name of its file does not tell the release', () => {
    const nextEntry = { ...current.nextEntry, kernel: '/vmlinuz' };
    expect(plan({}, { nextEntry })).toMatchObject([{ kind: 'reboot' }]);
    expect(plan({}, { nextEntry })[0]).not.toHaveProperty('kernelRelease');
  });

  it('does nothing without one, and nothing when it may not', () => {
    expect(plan({}, { reasons: [] })).toEqual([]);
    expect(plan({ policy: 'never' })).toEqual([]);
  });

  it.each([
    [{ nextEntry: null }, 'no default boot entry'],
    [{ gate: { ...gate, brokenFiles: ['/boot/initrd.img-6.1'] } }, '/boot/initrd.img-6.1'],
    [
      { gate: { ...gate, unnamedImage: '/boot/initrd.img-6.1' } },
      'names no initrd, though /boot/initrd.img-6.1 is there',
    ],
    [{ gate: { ...gate, guests: ['vm1', 'vm2'] } }, 'guests are running: vm1, vm2'],
    [{ gate: { ...gate, guestsUnknown: 'no socket' } }, 'no socket'],
    [{ work: { pid: 12, command: 'apt-get' } }, 'packages are being installed or removed (apt-get, process 12)'],
  ])('refuses with %j', (more, said) => {
    expect(() => plan({}, more)).toThrow(said);
  });

  it('lets a task leave a check out', () => {
    expect(plan({ checks: ['boot-files'] }, { gate: { ...gate, guests: ['vm1'] } })).toHaveLength(1);
  });

  it('never reboots twice for one reason', () => {
    const again = { ...identity, rebootedFor: ['cmdline: iommu=pt comes'] };
    expect(() => plan({}, { identity: again })).toThrow(/did not help.*"Debian GNU\/Linux"/);
  });
});

it('does not forget reasons where the uptime cannot be read', () => {
  expect(() => parseIdentity('boot 11111111-1111-4111-8111-111111111111\nuptime \n')).toThrow(/\/proc\/uptime/);
});

describe('on this machine', () => {
  it('finds the boot files of the next entry wanting, by a real sh', () => {
    expect(
      readHere(rebootGate({ named: ['/etc/hostname', '/no/such', '/dev/null'], kernelAlone: null })).brokenFiles,
    ).toEqual(['/no/such', '/dev/null']);
  });

  describe('guests', () => {
    const folder = mkdtempSync(join(tmpdir(), 'guests-'));
    const path = process.env['PATH'];
    const virsh = (text: string) => writeFileSync(join(folder, 'virsh'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    // Virtual machines of whoever runs the tests, `tsplay lab start --vm` among them.
    let others: readonly string[] = [];
    const guestsHere = () =>
      readHere(rebootGate({ named: [], kernelAlone: null })).guests.filter((name) => !others.includes(name));
    beforeAll(() => {
      process.env['PATH'] = `${folder}:${path}`;
      virsh('exit 0');
      others = guestsHere();
    });
    afterAll(() => {
      process.env['PATH'] = path;
      rmSync(folder, { recursive: true });
    });

    it('counts paused guests, which a reboot ends as well', () => {
      virsh('case "$*" in *--state-running*) ;; *) echo paused1;; esac');
      expect(guestsHere()).toEqual(['paused1']);
    });

    it('finds guests of a libvirt that lives in a container, by their processes', async () => {
      virsh('exit 0');
      const qemu = join(folder, 'qemu-system-x86_64');
      copyFileSync('/bin/sh', qemu);
      const args = ['-c', 'sleep 30; :', '-name', 'guest=instance-0000002a,debug-threads=on'];
      const guest = spawn(qemu, args, { stdio: 'ignore', detached: true });
      const deadline = Date.now() + 5000;
      let guests: readonly string[] = [];
      while (guests.length === 0 && Date.now() < deadline) guests = guestsHere();
      process.kill(-(guest.pid ?? 0));
      expect(guests).toEqual(['instance-0000002a']);
    });

    it('does not take an error of virsh for an empty host', () => {
      virsh('echo "error: failed to connect to the hypervisor" >&2; exit 1');
      expect(readHere(rebootGate({ named: [], kernelAlone: null })).guestsUnknown).toBe(
        'error: failed to connect to the hypervisor',
      );
    });
  });

  it('takes the word of needs-restarting only when asked to, and names the packages', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'restarting-'));
    // Words of dnf-utils 4.3 (RHEL 9).
    const said =
      'Core libraries or services have been updated since boot-up:\\n  * kernel\\n  * linux-firmware\\n\\nReboot is required to fully utilize these updates.\\n';
    writeFileSync(join(folder, 'needs-restarting'), `#!/bin/sh\n[ "$1" = -r ] && printf '${said}'; exit 1\n`, {
      mode: 0o755,
    });
    const path = process.env['PATH'];
    process.env['PATH'] = `${folder}:${path}`;
    const host = await hostUnderTest();
    const reasonsWith = async (args: object) =>
      (await host.check(module, { policy: 'never', ...args })).values['reboot_reasons'];
    expect(await reasonsWith({})).toEqual([]);
    expect(await reasonsWith({ honour_reboot_required: true })).toEqual([
      { kind: 'package', detail: 'needs-restarting (kernel, linux-firmware)' },
    ]);
    writeFileSync(join(folder, 'needs-restarting'), '#!/bin/sh\necho "No core libraries or services"; exit 0\n');
    await host.close();
    expect(readHere(needsRestarting())).toBeNull();
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true });
  });

  it('sees that nothing needs a reboot', async () => {
    const host = await hostUnderTest();
    const done = await host.check(module, { policy: 'if-needed' });
    expect(done.changes).toEqual([]);
    expect(done.values).toMatchObject({ rebooted: false, reboot_reasons: [] });
    await host.close();
  });

  it('would reboot once when asked to always', async () => {
    const host = await hostUnderTest();
    const done = await host.check(module, { policy: 'always', checks: [] });
    expect(done.changes.map((change) => change.kind)).toEqual(['reboot']);
    await host.close();
  });
});
