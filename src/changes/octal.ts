/** @example octal(0o644) // '0644' */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** "(0644 root:root)"; the parts left to the writer are left out. */
export function attributesText(mode: number, owner: string, group: string): string {
  const names = owner || group ? ` ${owner}${group ? `:${group}` : ''}` : '';
  return `(${octal(mode)}${names})`;
}
