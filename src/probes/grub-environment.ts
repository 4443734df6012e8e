/**
 * GRUB's environment block (GRUB manual, "The GRUB environment block"): `name=value` lines, padded with `#` to a size that
 * never changes, because GRUB itself writes saved_entry into the blocks where it found the file.
 */
const HEADER = '# GRUB Environment Block\n';
const USUAL_SIZE = 1024;

/** @example parseGrubEnvironment('# GRUB Environment Block\nsaved_entry=0\n####').get('saved_entry') // '0' */
export function parseGrubEnvironment(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').filter((line) => !line.startsWith('#') && line.includes('='));
  return new Map(
    pairs.map((line) => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1).replaceAll(/\\(.)/g, '$1'),
    ]),
  );
}

/** The block with one variable set and everything else as it was; null when it does not fit. Lengths are in bytes. */
export function withGrubVariable(block: string, name: string, value: string): string | null {
  const text = block === '' ? HEADER : block;
  const size = Math.max(USUAL_SIZE, Buffer.byteLength(block));
  const line = `${name}=${value.replaceAll('\\', '\\\\')}`;
  const lines = text.replace(/#*$/, '').split('\n').slice(0, -1);
  const at = lines.findIndex((one) => one.startsWith(`${name}=`));
  const kept = at < 0 ? [...lines, line] : lines.with(at, line);
  const content = `${kept.join('\n')}\n`;
  const padding = size - Buffer.byteLength(content);
  return padding < 0 ? null : content + '#'.repeat(padding);
}
