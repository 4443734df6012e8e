import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootLines, complaints, tasksOf } from './support/look.ts';
import { GPU_CLOUD, startTestMachine, type TestMachine, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();

describe.skipIf(obstacle)(
  `a host with AMD's IOMMU${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 1_800_000 },
  () => {
    let host: TestMachine;
    beforeAll(async () => {
      host = await startTestMachine({ name: 'vm01', iommu: 'amd' });
    });
    afterAll(() => host?.close());

    it('announces it by an IVRS table and shows groups', async () => {
      expect(await host.ssh('ls /sys/firmware/acpi/tables')).toMatch(/^IVRS$/m);
      expect(await host.ssh('ls /sys/class/iommu')).toMatch(/ivhd0/);
    });

    it('passes the gate, and gets no parameter that AMD does not have', async () => {
      const played = await host.play(GPU_CLOUD, { vars: { gpu_reboot: 'never', gpu_configure_nova: false } });
      expect(complaints(played)).toEqual([]);
      expect(tasksOf(played, 'changed')).toContain('Kernel command line');
      const lines = await bootLines(host);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        expect(line.split(/\s+/)).toContain('iommu=pt');
        expect(line).not.toMatch(/intel_iommu|amd_iommu/);
      }
    });
  },
);

describe.skipIf(obstacle)(
  `a host whose firmware announces no IOMMU${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 1_800_000 },
  () => {
    let host: TestMachine;
    beforeAll(async () => {
      host = await startTestMachine({ name: 'vm01', iommu: 'none' });
    });
    afterAll(() => host?.close());

    it('is refused before anything is written, and told where to switch it on', async () => {
      const refused = await host.play(GPU_CLOUD);
      expect(refused.exitCode).toBe(2);
      expect(complaints(refused).join('\n')).toMatch(
        /no DMAR \(Intel\) or IVRS \(AMD\) table.*switch on VT-d or AMD-Vi/s,
      );
      expect(tasksOf(refused, 'changed')).toEqual([]);
      expect(await host.ssh('find /etc -name "*tsplay*" -newer /etc/machine-id')).not.toMatch(/modprobe|default\/grub/);
    });
  },
);
