import { TaskError } from '../contract/task-error.ts';
import { type LineEdit, presentLine } from './line-edit.ts';

/** Word processors and chat programs put these in; shells, GRUB and Nova take them for text. */
const TYPOGRAPHIC = /[\u201c\u201d\u2018\u2019\u00a0\ufeff]/u;

const KNOWN_SYNTAX =
  /^\/etc\/(?:default\/|sysctl|modprobe\.d\/|modules|modules-load\.d\/|fstab$|sudoers|ssh\/|nova\/|initramfs-tools\/|dracut|environment$|security\/)/;

/** Refuses lines that no program reads as they look. @throws {TaskError} */
export function refuseUnsuitableLine({ line }: LineEdit, path: string): void {
  if (/[\r\n]/.test(line))
    throw new TaskError('line holds a line break: use blockinfile for several lines, or one task a line');
  const odd = TYPOGRAPHIC.exec(line);
  if (odd && KNOWN_SYNTAX.test(path)) {
    const code = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    throw new TaskError(
      `line holds U+${code} (a typographic quote or blank), which ${path} would take literally: type a plain one`,
    );
  }
}

/**
 * Refuses an edit that the next run would make again. A regexp need not match its line: `^#Port` finds nothing any more
 * once its line stands there without the #, as long as no second line has one.
 * @throws {TaskError}
 */
export function refuseUnstableResult(after: string, edit: LineEdit): void {
  const again = presentLine(after, edit);
  if (again === after) return;
  const lines = after.split('\n');
  const at = again.split('\n').findIndex((line, index) => line !== lines[index]);
  const found = Buffer.from(lines[at] ?? '', 'latin1').toString();
  throw new TaskError(
    `every run would change the file again: ${edit.searchString === undefined ? 'regexp' : 'search_string'} finds a line to change also after this edit (line ${at + 1}: ${found}); let it find the wanted line only`,
  );
}
