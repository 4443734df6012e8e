import { TaskError } from '../contract/task-error.ts';
import { type LineEdit, matcherOf } from './line-edit.ts';

/** Word processors and chat programs put these in; shells, GRUB and Nova take them for text. */
const TYPOGRAPHIC = /[\u201c\u201d\u2018\u2019\u00a0\ufeff]/u;

const KNOWN_SYNTAX =
  /^\/etc\/(?:default\/|sysctl|modprobe\.d\/|modules|modules-load\.d\/|fstab$|sudoers|ssh\/|nova\/|initramfs-tools\/|dracut|environment$|security\/)/;

/** Refuses lines that every run would add again, or that no program reads as they look. @throws {TaskError} */
export function refuseUnstableLine(edit: LineEdit, path: string): void {
  const { line, hasBackrefs } = edit;
  if (/[\r\n]/.test(line))
    throw new TaskError('line holds a line break: use blockinfile for several lines, or one task a line');
  const odd = TYPOGRAPHIC.exec(line);
  if (odd && KNOWN_SYNTAX.test(path)) {
    const code = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    throw new TaskError(
      `line holds U+${code} (a typographic quote or blank), which ${path} would take literally: type a plain one`,
    );
  }
  const matches = hasBackrefs ? undefined : matcherOf(edit);
  if (matches && matches(`${Buffer.from(line).toString('latin1')}\n`) === false) {
    throw new TaskError(
      `line does not match its own ${edit.regexp === undefined ? 'search_string' : 'regexp'}, so every run would change the file again: ${line}`,
    );
  }
}
