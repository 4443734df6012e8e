/**
 * Everything that must hold before Nova can give a GPU to an instance, from the firmware to the flavor. A link is of no
 * use while one before it is broken, so the first broken one is the one to mend.
 */
export const LINKS = [
  ['firmware', 'the firmware announces an IOMMU'],
  ['iommu', 'the kernel uses the IOMMU'],
  ['cmdline', 'the running kernel has the command line that is configured'],
  ['functions', 'every function of the cards is on vfio-pci'],
  ['groups', "the cards' IOMMU groups are viable"],
  ['libvirt', 'libvirt sees the cards'],
  ['device-spec', 'device_spec gives the cards, and only function 0, to Nova'],
  ['device-type', "an alias fits the cards' ids and device type"],
  ['alias', 'the alias is the same on the API and the computes'],
  ['filter', 'the scheduler has PciPassthroughFilter'],
  ['placement-pairing', 'pci_in_placement and report_in_placement go together'],
  ['placement-free', 'Placement has a card free'],
  ['numa', "the alias's NUMA policy fits the cards"],
  ['flavor', 'the flavor asks for an alias that there is'],
  ['services', 'the services run with the configuration as it is'],
] as const;

export type LinkId = (typeof LINKS)[number][0];

/** What was found out about one link. */
export interface Finding {
  readonly link: LinkId;
  readonly status: 'holds' | 'broken' | 'not-checked';
  /** What was found, or why it could not be looked at. */
  readonly detail: string;
  /** A command or a line that mends it. */
  readonly mend?: string;
}

export const holds = (link: LinkId, detail: string): Finding => ({ link, status: 'holds', detail });

export const broken = (link: LinkId, detail: string, mend: string): Finding => ({
  link,
  status: 'broken',
  detail,
  mend,
});

export const notChecked = (link: LinkId, reason: string): Finding => ({ link, status: 'not-checked', detail: reason });

/** @example linkNumber('functions') // 4 */
export function linkNumber(link: LinkId): number {
  return LINKS.findIndex(([id]) => id === link) + 1;
}

export function linkTitle(link: LinkId): string {
  return LINKS.find(([id]) => id === link)?.[1] ?? link;
}

/** In the order of the chain; several about one link stay in theirs. */
export function inChainOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => linkNumber(a.link) - linkNumber(b.link));
}

/** Some of many, so that a message stays one. */
export function some(texts: readonly string[], most = 3): string {
  const rest = texts.length - most;
  return rest > 0 ? `${texts.slice(0, most).join('; ')}; and ${rest} more` : texts.join('; ');
}
