import type { BootEntry } from '../../probes/grub-config.ts';
import { effectiveTokens } from '../../probes/grub-defaults.ts';
import type { CmdlineToken } from '../../probes/kernel-cmdline-tokens.ts';
import { isComparable } from '../../probes/kernel-cmdline-tokens.ts';
import { isHarmless } from '../gpu/binding-targets.ts';
import { isVfio } from '../gpu/boot-binding.ts';
import { misplaced } from '../gpu/card-survey.ts';
import { functionName } from '../gpu/known-models.ts';
import { membersOf } from '../gpu/pci-classes.ts';
import { surplus } from '../gpu/reboot-reasons.ts';
import type { CmdlineEvidence, HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';

/** What a person types to have tsplay mend one host. */
export interface Remedies {
  /** Runs the playbook on this host. */
  readonly run: (host: string) => string;
  /** Reboots it within the limits of the fleet. */
  readonly reboot: (host: string) => string;
}

type HostLink = (evidence: HostEvidence, remedies: Remedies) => Finding;

/** Links one compute settles by itself, before Nova comes in. */
export function hostFindings(evidence: HostEvidence, remedies: Remedies): readonly Finding[] {
  const links: readonly HostLink[] = [firmware, iommu, cmdline, functions, groups, libvirt];
  return links.map((link) => link(evidence, remedies));
}

function firmware({ tree }: HostEvidence): Finding {
  if (tree.firmwareTables.length > 0) return holds('firmware', tree.firmwareTables.join(', '));
  return broken(
    'firmware',
    'no DMAR (Intel) or IVRS (AMD) table in /sys/firmware/acpi/tables',
    'switch on VT-d or AMD-Vi in the set-up of the firmware; no kernel parameter can replace that',
  );
}

function iommu(evidence: HostEvidence, remedies: Remedies): Finding {
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
  const off = live.find((token) => /iommu$/.test(token.key) && (token.value ?? '').split(',').includes('off'));
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

function cmdline({ host, cmdline: read }: HostEvidence, remedies: Remedies): Finding {
  if (!read.ok) return notChecked('cmdline', read.reason);
  const { loader, defaults, entry, live } = read.value;
  if (loader.kind !== 'grub-mkconfig')
    return notChecked(
      'cmdline',
      `the boot loader is ${loader.kind} (${loader.evidence}), whose entries are not compared`,
    );
  const [problem] = defaults.problems;
  if (problem)
    return broken('cmdline', problem, `mend ${problem.split(':', 2).join(':')}, then ${loader.updateCommand}`);
  if (!entry) return notChecked('cmdline', `${loader.configFile} does not say what the next boot takes`);
  const unbuilt = mattering(unbuiltTokens(read.value, entry));
  if (unbuilt.length > 0)
    return broken(
      'cmdline',
      `${unbuilt.join(' ')} is configured for GRUB, but not in the menu that was built`,
      `${loader.updateCommand}, then ${remedies.reboot(host)}`,
    );
  const pending = mattering(surplus(entry.tokens.filter(isComparable), live.filter(isComparable)));
  const ending = isExact(entry) ? mattering(surplus(live.filter(isComparable), entry.tokens.filter(isComparable))) : [];
  if (pending.length + ending.length === 0) return holds('cmdline', liveText(live));
  return broken('cmdline', pendingText(pending, ending), remedies.reboot(host));
}

function pendingText(pending: readonly string[], ending: readonly string[]): string {
  const parts = [
    ...(pending.length > 0 ? [`${pending.join(' ')} comes only with the next boot`] : []),
    ...(ending.length > 0 ? [`${ending.join(' ')} goes with the next boot`] : []),
  ];
  return parts.join(', ');
}

function unbuiltTokens({ defaults }: CmdlineEvidence, entry: BootEntry): readonly string[] {
  return surplus(effectiveTokens(defaults.stages.at(-1)).filter(isComparable), entry.tokens.filter(isComparable));
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

function functions({ host, cards, isGpuRequired }: HostEvidence, remedies: Remedies): Finding {
  if (!cards.ok) return broken('functions', cards.reason, "mend gpu_devices in the inventory's variables of this host");
  const { chosen, kept } = cards.value;
  if (chosen.length === 0) {
    const reasons = kept.map(({ card, reason }) => `${card.head.address} ${reason}`);
    const detail = kept.length > 0 ? `no GPU for guests; kept: ${some(reasons)}` : 'this host has no GPU';
    return isGpuRequired
      ? broken('functions', detail, 'name its cards in gpu_devices, or say gpu_required: false')
      : holds('functions', detail);
  }
  const wrong = chosen.flatMap((card) => card.functions).filter((one) => !isVfio(one.driver ?? ''));
  if (wrong.length > 0) return broken('functions', some(wrong.map(misplaced)), remedies.run(host));
  const count = chosen.reduce((sum, card) => sum + card.functions.length, 0);
  return holds('functions', `${count} functions of ${cardCount(chosen.length)} on vfio-pci`);
}

export function cardCount(count: number): string {
  return count === 1 ? '1 card' : `${count} cards`;
}

/** Only others than the cards' own functions, which the link before has judged. */
function groups({ tree, cards }: HostEvidence): Finding {
  if (!cards.ok) return notChecked('groups', cards.reason);
  const own = cards.value.chosen.flatMap((card) => card.functions);
  const numbers = [...new Set(own.flatMap((one) => one.iommuGroup ?? []))];
  const foreign = numbers
    .flatMap((group) => membersOf(tree.functions, group))
    .filter((one) => !own.includes(one) && !isHarmless(one));
  if (foreign.length === 0)
    return numbers.length === 0
      ? notChecked('groups', 'no card is in a group')
      : holds('groups', `${numbers.length} groups`);
  const named = foreign.map(
    (one) =>
      `${functionName(one.class)} function ${one.address} (${one.vendor}:${one.device}) on ${one.driver} shares group ${one.iommuGroup}`,
  );
  return broken('groups', some(named), 'move the card to another PCIe slot, or hand the other device over too');
}

function libvirt({ cards, libvirt: read, services }: HostEvidence): Finding {
  if (!read.ok) return notChecked('libvirt', read.reason);
  const { value } = read;
  if (value.kind === 'no-virsh') return notChecked('libvirt', 'virsh is not installed on this host');
  const isUnit = services.some(({ role, unit }) => role === 'compute' && unit !== null);
  if (value.kind === 'no-answer')
    return isUnit
      ? broken(
          'libvirt',
          `libvirt does not answer: ${value.complaint}`,
          'systemctl start libvirtd (or virtqemud and virtnodedevd)',
        )
      : notChecked('libvirt', `libvirt does not answer here: ${value.complaint}`);
  const heads = cards.ok ? cards.value.chosen.map(({ head }) => head) : [];
  const unseen = heads.filter((one) => !value.capabilities.has(one.address));
  if (unseen.length === 0) return holds('libvirt', `${cardCount(heads.length)}`);
  return broken(
    'libvirt',
    `libvirt does not know ${some(unseen.map((one) => one.address))}`,
    'systemctl restart libvirtd (or virtnodedevd), then nova-compute',
  );
}
