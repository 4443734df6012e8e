/** @example octal(0o644) // '0644' */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** As chown(1) takes it; a part that is to stay is empty. @example ownership('', 'nova') // ':nova' */
export function ownership(owner: string, group: string): string {
  return group === '' ? owner : `${owner}:${group}`;
}

/** "(0644 root:root)"; the parts left to the writer are left out. */
export function attributesText(mode: number, owner: string, group: string): string {
  return `(${[octal(mode), ownership(owner, group)].filter(Boolean).join(' ')})`;
}
