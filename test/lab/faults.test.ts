import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, labObstacle, type TestLab, testLab } from './lab-fixture.ts';

const obstacle = labObstacle();
const bootId = 'cat /proc/sys/kernel/random/boot_id';

describe.skipIf(obstacle)(`faults of a lab host${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let test: TestLab;
  beforeAll(async () => {
    test = await testLab([host('one'), host('two'), host('three'), host('noisy', { faults: [{ kind: 'noise' }] })]);
  });
  afterAll(() => test?.close());

  it('never-returns leaves the host dead until it is healed', async () => {
    await test.lab.fault('one', { kind: 'never-returns' });
    await test.lab.reset('one');
    expect((await test.ssh('one', 'true')).err).toContain('Connection refused');
    await test.lab.heal('one');
    expect((await test.ssh('one', 'true')).code).toBe(0);
  });

  it('new-host-key makes the machine’s ssh refuse the host after a reboot', async () => {
    await test.lab.fault('two', { kind: 'new-host-key' });
    expect((await test.ssh('two', 'true')).code).toBe(0);
    await test.lab.reset('two');
    expect((await test.ssh('two', 'true')).err).toContain('Host key verification failed');
  });

  it('same-boot-id makes reboot say yes and do nothing', async () => {
    await test.lab.fault('one', { kind: 'same-boot-id' });
    const before = await test.ssh('one', `${bootId}; reboot`);
    expect(before.code).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await test.ssh('one', bootId)).out).toBe(before.out);
    await test.lab.heal('one');
  });

  it('hang-unbind leaves the writer in uninterruptible sleep, which no kill ends and a reboot does', async () => {
    await test.lab.fault('one', { kind: 'hang-unbind' });
    const hang =
      'd=0000:84:00.0; (echo $d > /sys/bus/pci/devices/$d/driver/unbind) > /dev/null 2>&1 & sleep 0.3; kill -9 $!; sleep 0.2';
    const said = await test.ssh(
      'one',
      `${hang}; sed 's/.*) //' /proc/$!/stat | cut -c1; basename $(readlink /sys/bus/pci/devices/0000:84:00.0/driver)`,
    );
    expect(said.out).toBe('D\nnouveau\n');
    await test.lab.heal('one');
    await test.lab.fault('one', { kind: 'hang-unbind', bdf: '0000:84:00.1' });
    const other = await test.ssh('one', 'd=0000:84:00.0; echo $d > /sys/bus/pci/devices/$d/driver/unbind; echo done');
    expect(other.out).toBe('done\n');
    void test.ssh('one', 'd=0000:84:00.1; echo $d > /sys/bus/pci/devices/$d/driver/unbind');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await test.lab.reset('one');
    expect(test.lab.isUp('one')).toBe(true);
    await test.lab.heal('one');
  });

  it('full-boot makes update-initramfs fail and keeps the old image whole', async () => {
    await test.lab.fault('three', { kind: 'full-boot' });
    const said = await test.ssh(
      'three',
      'df --output=avail /boot | tail -1; sum=$(cksum < /boot/initrd.img-$(uname -r)); update-initramfs -u; echo $?; [ "$sum" = "$(cksum < /boot/initrd.img-$(uname -r))" ] && echo kept',
    );
    expect(said.out.split('\n').map((line) => line.trim())).toEqual([
      '0',
      expect.stringContaining('Generating'),
      '1',
      'kept',
      '',
    ]);
    expect(said.err).toContain('No space left on device');
    await test.lab.heal('three');
    expect((await test.ssh('three', 'update-initramfs -u')).code).toBe(0);
  });

  it('slow-link delays every answer', async () => {
    await test.lab.fault('three', { kind: 'slow-link', delayMs: 40 });
    const start = performance.now();
    expect((await test.ssh('three', 'echo slow')).out).toBe('slow\n');
    expect(performance.now() - start).toBeGreaterThan(300);
    await test.lab.heal('three');
  });

  it('drop-after-bytes cuts the connection in the middle of an answer', async () => {
    await test.lab.fault('three', { kind: 'drop-after-bytes', bytes: 100_000 });
    const said = await test.ssh('three', 'head -c 1000000 /dev/zero');
    expect(said.code).toBe(255);
    expect(said.out.length).toBeLessThan(100_000);
    await test.lab.heal('three');
    expect((await test.ssh('three', 'head -c 1000000 /dev/zero | wc -c')).out).toBe('1000000\n');
  });

  it('noise comes before what a program says', async () => {
    const said = await test.ssh('noisy', 'echo real');
    expect(said.out.startsWith('\u001b[2J')).toBe(true);
    expect(said.out).toMatch(/\{\{ 7\*7 \}\}.*real\n$/s);
  });

  it('wrong-machine-id shows another machine after the boot', async () => {
    await test.lab.fault('three', { kind: 'wrong-machine-id' });
    const before = (await test.ssh('three', 'cat /etc/machine-id')).out;
    await test.lab.reset('three');
    const after = (await test.ssh('three', 'cat /etc/machine-id')).out;
    expect(after).toMatch(/^[0-9a-f]{32}\n$/);
    expect(after).not.toBe(before);
  });

  it('second-reboot resets the host once more after it has come up', async () => {
    await test.lab.fault('three', { kind: 'second-reboot', afterMs: 700 });
    await test.lab.reset('three');
    const first = (await test.ssh('three', bootId)).out;
    expect(first).toMatch(/^[0-9a-f-]{36}\n$/);
    await test.rebooted('three', first);
  });
});
