import { randomBytes, randomUUID } from 'node:crypto';
import { dumpScript, parseDump } from './host-files.ts';
import { installScript } from './install/install.ts';
import type { ConfigFiles } from './kernel/modprobe-config.ts';
import type { HostOptions } from './options.ts';
import type { Sandbox } from './sandbox.ts';
import { runInside } from './sandbox-run.ts';

export async function filesInside(sandbox: Sandbox | undefined, paths: readonly string[]): Promise<ConfigFiles> {
  if (!sandbox || paths.length === 0) return new Map();
  return parseDump((await runInside(sandbox, dumpScript, paths)).out);
}

/** Newest first, as grub-mkconfig sorts them. */
export async function installedKernels(sandbox: Sandbox): Promise<readonly string[]> {
  const script = 'for k in /boot/vmlinuz-*; do [ -f "$k" ] && echo "${k#/boot/vmlinuz-}"; done | sort -rV';
  const { out } = await runInside(sandbox, script);
  return out.toString().split('\n').filter(Boolean);
}

const newMachineId = (): string => randomBytes(16).toString('hex');

export async function changeMachineId(sandbox: Sandbox): Promise<void> {
  await runInside(sandbox, 'rm -f /etc/machine-id; printf "%s\\n" "$1" > /etc/machine-id', [newMachineId()]);
}

/** To the last byte: a file system with a free block still takes a small file. */
export async function fillBoot(sandbox: Sandbox): Promise<void> {
  const write =
    'dd if=/dev/zero bs=64k of=/boot/.filled 2>/dev/null; dd if=/dev/zero bs=1 2>/dev/null >> /boot/.filled';
  await runInside(sandbox, `${write}; true`);
}

export async function emptyBoot(sandbox: Sandbox): Promise<void> {
  await runInside(sandbox, 'rm -f /boot/.filled');
}

export interface InstalledKernels {
  readonly versions: readonly string[];
  readonly builtin: readonly string[];
}

/** @throws Error with what the host's shell complained of. */
export async function install(sandbox: Sandbox, host: HostOptions, kernels: InstalledKernels): Promise<void> {
  const identity = { machineId: newMachineId(), rootUuid: randomUUID() };
  const { code, err } = await runInside(sandbox, installScript(host, identity, kernels));
  if (code !== 0) throw new Error(`${host.name} could not be installed: ${err.trim()}`);
}
