import type { BootEntry } from '../../probes/grub-config.ts';
import { effectiveTokens } from '../../probes/grub-defaults.ts';
import { type CmdlineToken, isComparable } from '../../probes/kernel-cmdline-tokens.ts';
import { surplus } from '../gpu/reboot-reasons.ts';
import type { CmdlineEvidence, HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';
import type { Remedies } from './remedies.ts';

export function iommu(evidence: HostEvidence, remedies: Remedies): Finding {
  const { tree } = evidence;
  const count = new Set(tree.functions.flatMap((one) => one.iommuGroup ?? [])).size;
  if (tree.iommuUnits.length > 0 && count > 0) return holds('iommu', `${some(tree.iommuUnits)} with ${count} groups`);
  const found = tree.iommuUnits.length > 0 ? 'no PCI function is in a group' : '/sys/class/iommu is empty';
  return broken('iommu', found, iommuRemedy(evidence, remedies));
}

/** Why the kernel leaves the IOMMU alone, from what it was booted with and what the next boot will bring. */
function iommuRemedy({ host, tree, cmdline: read }: HostEvidence, remedies: Remedies): string {
  if (!read.ok) return remedies.run(host);
  const { live, entry } = read.value;
  const off = live.find((token) => token.key.endsWith('iommu') && (token.value ?? '').split(',').includes('off'));
  if (off) return `take ${off.text} off the kernel command line, then ${remedies.reboot(host)}`;
  if (!tree.firmwareTables.includes('DMAR')) return 'look at: dmesg | grep -e AMD-Vi -e iommu';
  if (isIntelOn(live)) return 'booted with intel_iommu=on, so look at: dmesg | grep -e DMAR -e iommu';
  return entry && isIntelOn(entry.tokens) ? remedies.reboot(host) : remedies.run(host);
}

function isIntelOn(tokens: readonly CmdlineToken[]): boolean {
  return tokens.some((token) => token.key === 'intel_iommu' && (token.value ?? '').split(',').includes('on'));
}

/** Parameters that decide about passthrough. What else a next boot brings is no reason for "No valid host". */
const MATTERS =
  /^(intel_iommu|amd_iommu|iommu|vfio\w*(\..*)?|pci_stub\..*|modprobe\.blacklist|module_blacklist|rd\.driver\..*)$/;

export function cmdline({ host, cmdline: read }: HostEvidence, remedies: Remedies): Finding {
  if (!read.ok) return notChecked('cmdline', read.reason);
  const { loader, entry } = read.value;
  if (loader.kind !== 'grub-mkconfig' && loader.kind !== 'bls')
    return notChecked(
      'cmdline',
      `the boot loader is ${loader.kind} (${loader.evidence}), whose entries are not compared`,
    );
  if (!entry) return notChecked('cmdline', `${loader.configFile} does not say what the next boot takes`);
  const reboot = remedies.reboot(host);
  const unbuilt = loader.kind === 'bls' ? undefined : unbuiltFinding(read.value, { entry, ...loader, reboot });
  return unbuilt ?? bootedFinding(read.value.live, entry, reboot);
}

interface Menu {
  readonly entry: BootEntry;
  readonly updateCommand: string;
  readonly reboot: string;
}

/** GRUB's shell files against the menu that was made of them. */
function unbuiltFinding({ defaults }: CmdlineEvidence, { entry, updateCommand, reboot }: Menu): Finding | undefined {
  const [problem] = defaults.problems;
  if (problem) return broken('cmdline', problem, `mend ${problem.split(':', 2).join(':')}, then ${updateCommand}`);
  const configured = effectiveTokens(defaults.stages.at(-1)).filter(isComparable);
  const unbuilt = mattering(surplus(configured, entry.tokens.filter(isComparable)));
  if (unbuilt.length === 0) return undefined;
  const detail = `${unbuilt.join(' ')} is configured for GRUB, but not in the menu that was built`;
  return broken('cmdline', detail, `${updateCommand}, then ${reboot}`);
}

/** The menu against the running kernel. */
function bootedFinding(live: readonly CmdlineToken[], entry: BootEntry, reboot: string): Finding {
  const [running, next] = [live.filter(isComparable), entry.tokens.filter(isComparable)];
  const pending = mattering(surplus(next, running));
  const ending = isExact(entry) ? mattering(surplus(running, next)) : [];
  if (pending.length + ending.length === 0) return holds('cmdline', liveText(live));
  return broken('cmdline', pendingText(pending, ending), reboot);
}

function pendingText(pending: readonly string[], ending: readonly string[]): string {
  const parts = [
    ...(pending.length > 0 ? [`${pending.join(' ')} comes only with the next boot`] : []),
    ...(ending.length > 0 ? [`${ending.join(' ')} goes with the next boot`] : []),
  ];
  return parts.join(', ');
}

/** What GRUB's variables add to the live line cannot be told from the entry. */
function isExact(entry: BootEntry): boolean {
  return entry.tokens.every((token) => !token.text.includes('$') || token.text === '$vt_handoff');
}

function mattering(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => MATTERS.test((text.split('=', 1)[0] ?? '').replaceAll('-', '_')));
}

function liveText(live: readonly CmdlineToken[]): string {
  const texts = live.filter((token) => MATTERS.test(token.key)).map((token) => token.text);
  return texts.length > 0 ? texts.join(' ') : 'nothing about passthrough, as configured';
}
