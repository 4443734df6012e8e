import { TaskError } from '../../contract/task-error.ts';
import { ADDRESS, normaliseAddress, type PciFunction } from '../../probes/pci.ts';

/** Names PCI functions: one by address, all of an id, or all of a class and vendor. */
export type PciSelector =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'id'; readonly vendor: string; readonly device: string }
  | { readonly kind: 'class'; readonly class: string; readonly vendor: string | null };

const ID = /^(?:0x)?([0-9a-f]{4}):(?:0x)?([0-9a-f]{4})$/;

/** @example parseSelector('88:00.0') // { kind: 'address', address: '0000:88:00.0' } */
export function parseSelector(
  text: string | { readonly class: string; readonly vendor?: string | undefined },
): PciSelector {
  if (typeof text !== 'string')
    return { kind: 'class', class: plainHex(text.class), vendor: text.vendor ? plainHex(text.vendor) : null };
  const [, vendor, device] = ID.exec(text.trim().toLowerCase()) ?? [];
  if (vendor && device) return { kind: 'id', vendor, device };
  const address = normaliseAddress(text);
  if (ADDRESS.test(address)) return { kind: 'address', address };
  throw new TaskError(
    `${text} names no PCI device: write an address (0000:88:00.0), an id (10de:20f1), or {class: "0302", vendor: "10de"}`,
  );
}

export function isSelector(text: string): boolean {
  return ID.test(text.trim().toLowerCase()) || ADDRESS.test(normaliseAddress(text));
}

export function matches(one: PciFunction, selector: PciSelector): boolean {
  switch (selector.kind) {
    case 'address':
      return one.address === selector.address;
    case 'id':
      return one.vendor === selector.vendor && one.device === selector.device;
    case 'class':
      return one.class.startsWith(selector.class) && (selector.vendor === null || one.vendor === selector.vendor);
  }
}

export function describeSelector(selector: PciSelector): string {
  switch (selector.kind) {
    case 'address':
      return selector.address;
    case 'id':
      return `${selector.vendor}:${selector.device}`;
    case 'class':
      return `class ${selector.class}${selector.vendor ? ` of vendor ${selector.vendor}` : ''}`;
  }
}

function plainHex(text: string): string {
  return text.toLowerCase().replace(/^0x/, '');
}
