/** Whether a pattern is more than a name: it then looks at host names even where group names match. */
export function hasGlob(pattern: string): boolean {
  return pattern.startsWith('~') || /[?*[]/.test(pattern);
}

/** Python's fnmatch: `*`, `?`, `[abc]`, `[!abc]`; nothing is escaped, an unclosed bracket is itself. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\*+|\?|\[!?\]?[^\]]*\]|[^]/gu, (part) => {
    if (part.startsWith('*')) return '.*';
    if (part === '?') return '.';
    return part.length > 1 && part.startsWith('[') ? characterClass(part) : escapeForRegExp(part);
  });
  return new RegExp(`^(?:${source})$`, 'su');
}

function characterClass(part: string): string {
  const [negation, members] = part.startsWith('[!') ? ['^', part.slice(2, -1)] : ['', part.slice(1, -1)];
  return `[${negation}${members.replace(/[\\\][^]/g, '\\$&')}]`;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
