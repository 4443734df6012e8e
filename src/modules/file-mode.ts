import { TaskError } from '../contract/task-error.ts';

/** A wanted mode: bits, or symbolic clauses that depend on the mode found (`u=rwX,g-w`). */
export type FileMode =
  | { readonly kind: 'bits'; readonly bits: number }
  | { readonly kind: 'symbolic'; readonly clauses: string };

const OCTAL = /^(?:0o?)?([0-7]{3,4})$/;
const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;
const SHIFT: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/**
 * Reads a mode as chmod(1) does. A number comes from YAML that took `0644` as octal; one that makes no sense as a mode
 * was meant as octal digits, and is refused rather than guessed at (mode 644 would be 01204).
 * @throws {TaskError} with the form to write
 */
export function parseFileMode(value: string | number): FileMode {
  if (typeof value === 'number') return { kind: 'bits', bits: fromNumber(value) };
  const octal = OCTAL.exec(value);
  if (octal?.[1]) return { kind: 'bits', bits: Number.parseInt(octal[1], 8) };
  if (value.split(',').every((clause) => CLAUSE.test(clause))) return { kind: 'symbolic', clauses: value };
  throw new TaskError(`'${value}' is no file mode: write '0644' or u=rw,g=r,o=r`);
}

/** @example modeAfter(parseFileMode('u+x'), 0o644, 'file') // 0o744 */
export function modeAfter(mode: FileMode, before: number, kind: 'file' | 'directory'): number {
  if (mode.kind === 'bits') return mode.bits;
  return mode.clauses.split(',').reduce((bits, clause) => afterClause(bits, clause, kind), before);
}

function fromNumber(value: number): number {
  const asDigits = Number.parseInt(/^[0-7]{3,4}$/.test(String(value)) ? String(value) : '', 8);
  const isClear = Number.isInteger(value) && isPlausible(value) && !isPlausible(asDigits);
  if (isClear) return value;
  throw new TaskError(`the number ${value} is no file mode: write '${String(value).padStart(4, '0')}' in quotes`);
}

/** Others may do no more than the group, and the group no more than the owner. */
function isPlausible(bits: number): boolean {
  const [user, group, others] = [(bits >> 6) & 7, (bits >> 3) & 7, bits & 7];
  return bits > 0 && bits <= 0o7777 && (group & ~user) === 0 && (others & ~group) === 0;
}

function afterClause(bits: number, clause: string, kind: 'file' | 'directory'): number {
  const [, who = '', operations = ''] = CLAUSE.exec(clause) ?? [];
  const targets = who === '' || who.includes('a') ? ['u', 'g', 'o'] : [...new Set(who)];
  const parts = operations.match(/[-+=][^-+=]*/g) ?? [];
  return parts.reduce((current, part) => afterOperation(current, part, targets, kind), bits);
}

function afterOperation(bits: number, part: string, targets: readonly string[], kind: 'file' | 'directory'): number {
  const [operator, permissions] = [part[0], part.slice(1)];
  return targets.reduce((current, target) => {
    const shift = SHIFT[target] ?? 0;
    const special = specialBits(permissions, target);
    const wanted = (permissionBits(permissions, bits, kind) << shift) | special;
    if (operator === '+') return current | wanted;
    if (operator === '-') return current & ~wanted;
    return (current & ~(0o7 << shift) & ~clearedSpecial(target, kind)) | wanted;
  }, bits);
}

function permissionBits(permissions: string, bits: number, kind: 'file' | 'directory'): number {
  if (/^[ugo]$/.test(permissions)) return (bits >> (SHIFT[permissions] ?? 0)) & 7;
  const canExecute =
    permissions.includes('x') || (permissions.includes('X') && (kind === 'directory' || (bits & 0o111) !== 0));
  return (permissions.includes('r') ? 4 : 0) | (permissions.includes('w') ? 2 : 0) | (canExecute ? 1 : 0);
}

function specialBits(permissions: string, target: string): number {
  if (/^[ugo]$/.test(permissions)) return 0;
  const setId = permissions.includes('s') ? ({ u: 0o4000, g: 0o2000 }[target] ?? 0) : 0;
  return setId | (permissions.includes('t') ? 0o1000 : 0);
}

/** chmod(1): `=` leaves the set-ID bits of a directory alone. */
function clearedSpecial(target: string, kind: 'file' | 'directory'): number {
  return kind === 'directory' ? 0 : ({ u: 0o4000, g: 0o2000, o: 0o1000 }[target] ?? 0);
}
