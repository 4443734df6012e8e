import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOf } from '../../src/changes/kinds.ts';
import type { Change } from '../../src/contract/change.ts';
import type { Command, Output } from '../../src/contract/command.ts';
import { ConnectionLost, Unreachable } from '../../src/contract/connection.ts';
import type { HostSession } from '../../src/contract/host-session.ts';
import type { AnyModule, TaskView } from '../../src/contract/module.ts';
import { CheckOverlay } from '../../src/engine/check-overlay.ts';
import { ReadAhead } from '../../src/engine/read-ahead.ts';
import initramfs from '../../src/modules/initramfs.ts';
import kernelCmdline from '../../src/modules/kernel-cmdline.ts';
import kernelModule from '../../src/modules/kernel-module.ts';
import pciFacts from '../../src/modules/pci-facts.ts';
import rebootAndWait from '../../src/modules/reboot-and-wait.ts';
import sysfsBind from '../../src/modules/sysfs-bind.ts';
import { host, labObstacle, type TestLab, testLab } from './lab-fixture.ts';

const obstacle = labObstacle();
const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

function sessionOver(test: TestLab, name: string): HostSession {
  const run = async (command: Command): Promise<Output> => {
    const words = command.kind === 'script' ? ['sh', '-c', command.script, 'sh', ...command.args] : command.argv;
    const stdin =
      command.stdin instanceof Uint8Array ? Buffer.from(command.stdin).toString() : String(command.stdin ?? '');
    const said = await test.ssh(name, `LC_ALL=C ${words.map(quote).join(' ')}`, stdin);
    if (said.code === null || said.code === 255) throw new ConnectionLost(said.err);
    return { code: said.code, stdout: Buffer.from(said.out), stderr: Buffer.from(said.err), truncated: false };
  };
  return {
    host: name,
    run,
    exchange: async (commands) => {
      const outputs: Output[] = [];
      for (const command of commands) outputs.push(await run(command));
      return outputs;
    },
    async reconnect({ deadlineMs }) {
      for (const until = performance.now() + deadlineMs; performance.now() < until; await sleep(200)) {
        if ((await test.ssh(name, 'true')).code === 0) return;
      }
      throw new Unreachable('timeout', `${name} does not answer`);
    },
    progress: () => {},
    signal: new AbortController().signal,
  };
}

describe.skipIf(obstacle)(`the GPU modules on a lab host${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let test: TestLab;
  let session: HostSession;
  const began = performance.now();
  beforeAll(async () => {
    test = await testLab([host('gpu1')]);
    session = sessionOver(test, 'gpu1');
  });
  afterAll(() => test?.close());

  const view = (isCheckMode: boolean): TaskView => ({
    host: 'gpu1',
    isCheckMode,
    isVerifying: false,
    verbosity: 0,
    session,
    environment: {},
    runElapsedSeconds: (performance.now() - began) / 1000,
    evaluate: () => {
      throw new Error('no expressions here');
    },
  });
  const plan = async (module: AnyModule, raw: object, overlay = new CheckOverlay()) => {
    const args: unknown = module.args.parse(raw);
    const reads = new ReadAhead((commands) => session.exchange(commands), overlay);
    const current: unknown = await module.observe(args, reads.read, view(true));
    const changes = module.plan(args, current);
    return { changes, values: module.result?.(args, current, []) ?? {} };
  };
  const converge = async (module: AnyModule, raw: object) => {
    const { changes } = await plan(module, raw);
    for (const change of changes) await kindOf(change).apply(change, session);
    const after = await plan(module, raw);
    expect(after.changes).toEqual([]);
    return { changes: changes.map((change: Change) => change.kind), values: after.values };
  };
  const CMDLINE = { tokens: ['intel_iommu=on', 'iommu=pt'] };
  const MODULES = { modules: ['vfio', 'vfio_iommu_type1', 'vfio_pci'] };
  let card = '';

  it('goes from a bare host to cards on vfio-pci', async () => {
    const facts = (await plan(pciFacts, {})).values['ansible_facts'] as {
      readonly gpus: readonly { readonly address: string }[];
    };
    card = facts.gpus[0]?.address ?? '';
    expect(card).toMatch(/^0000:/);
    expect((await converge(kernelCmdline, CMDLINE)).values['reboot_reasons']).toMatchObject([{ kind: 'cmdline' }]);
    await converge(kernelModule, { name: 'nouveau', state: 'unchanged', softdep: { pre: ['vfio-pci'] } });
    expect((await converge(initramfs, MODULES)).values['reboot_reasons']).toMatchObject([{ kind: 'initramfs' }]);
    const reboot = await converge(rebootAndWait, { deadline: 60, stable: 1 });
    expect(reboot).toMatchObject({ changes: ['reboot'], values: { reboot_reasons: [] } });
    const bound = await converge(sysfsBind, { devices: [card] });
    expect(bound.changes.length).toBeGreaterThan(0);
    expect(await test.ssh('gpu1', `readlink /sys/bus/pci/devices/${card}/driver`)).toMatchObject({
      out: expect.stringContaining('vfio-pci'),
    });
  });

  it('has nothing left to do', async () => {
    for (const [module, args] of [
      [kernelCmdline, CMDLINE],
      [initramfs, MODULES],
      [rebootAndWait, {}],
      [sysfsBind, { devices: [card] }],
    ] as const) {
      expect((await plan(module, args)).changes).toEqual([]);
    }
  });

  it('shows one parameter taken out by hand as drift, and no reason to reboot', async () => {
    await test.ssh('gpu1', "sed -i 's/ iommu=pt//' /etc/default/grub.d/zz-tsplay.cfg");
    const overlay = new CheckOverlay();
    const { changes } = await plan(kernelCmdline, CMDLINE, overlay);
    expect(changes.map((change) => change.kind)).toEqual(['write-file']);
    for (const change of changes) overlay.add(kindOf(change).predict(change), kindOf(change).touches(change));
    expect((await plan(kernelCmdline, CMDLINE, overlay)).changes).toEqual([]);
    expect((await plan(rebootAndWait, {}, overlay)).changes).toEqual([]);
  });

  it('completes a run that died between the edit and the rebuild', async () => {
    await test.ssh('gpu1', 'echo "options vfio-pci disable_vga=1" > /etc/modprobe.d/extra.conf');
    expect((await converge(initramfs, MODULES)).changes).toEqual(['run-command']);
  });

  it('gives a card back and takes it again', async () => {
    await converge(sysfsBind, { devices: [card], driver: 'native' });
    expect((await test.ssh('gpu1', `readlink /sys/bus/pci/devices/${card}/driver`)).out).not.toContain('vfio-pci');
    await converge(sysfsBind, { devices: [card] });
  });

  it('leaves a driver alone that does not let go, with the override set for the next boot', async () => {
    await test.lab.fault('gpu1', { kind: 'hang-unbind' });
    const { changes } = await plan(sysfsBind, { devices: [card], driver: 'native', functions: 'listed' });
    const [change] = changes;
    if (change?.kind !== 'bind-pci-function') throw new Error('nothing to bind');
    await expect(kindOf(change).apply({ ...change, deadlineMs: 1_500 }, session)).rejects.toThrow(
      /did not let go of vfio-pci within 1.5 s/,
    );
    await test.lab.heal('gpu1');
  });

  it('tells a host that said yes to a reboot and did nothing', async () => {
    await test.lab.fault('gpu1', { kind: 'same-boot-id' });
    const { changes } = await plan(rebootAndWait, { expect: { cmdline: ['panic=30'] }, deadline: 6, stable: 0 });
    const [change] = changes;
    if (change?.kind !== 'reboot') throw new Error('no reboot planned');
    await expect(kindOf(change).apply(change, session)).rejects.toThrow(/never went down/);
    await test.lab.heal('gpu1');
  });
});
