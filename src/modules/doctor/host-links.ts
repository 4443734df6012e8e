import { isHarmless } from '../gpu/group-offenders.ts';
import { isVfio } from '../gpu/boot-binding.ts';
import { misplaced } from '../gpu/card-survey.ts';
import { functionName } from '../gpu/known-models.ts';
import { obstacles } from '../gpu/obstacles.ts';
import { membersOf } from '../gpu/pci-classes.ts';
import { cmdline, iommu } from './cmdline-links.ts';
import type { HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';
import type { Remedies } from './remedies.ts';

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
  const hindered = chosen.flatMap((card) => card.functions.flatMap(obstacles));
  if (hindered.length > 0)
    return broken(
      'functions',
      some(hindered),
      'mend that in the set-up of the firmware, or keep the card: gpu_exclude in the variables of this host',
    );
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
      : holds('groups', `group ${numbers.join(', ')}`);
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
