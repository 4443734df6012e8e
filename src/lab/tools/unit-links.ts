import { settings, type UnitFile } from '../units.ts';
import { type Answer, quoted, type ToolHost } from './tool.ts';

const wants = '/etc/systemd/system';

const targetsOf = (file: UnitFile): readonly string[] =>
  settings(file, 'WantedBy').flatMap((value) => value.split(/\s+/));

export async function isMasked(host: ToolHost, unit: string): Promise<boolean> {
  return (await host.files([`${wants}/.masked/${unit}`])).size > 0;
}

/** The word `is-enabled` prints; nothing for a unit that does not exist. */
export async function enabledState(host: ToolHost, unit: string): Promise<string | undefined> {
  const file = await host.units.file(unit);
  if (await isMasked(host, unit)) return 'masked';
  if (!file) return undefined;
  const targets = targetsOf(file);
  if (targets.length === 0) return 'static';
  const links = await host.files(targets.map((target) => `${wants}/${target}.wants/${unit}`));
  return links.size > 0 ? 'enabled' : 'disabled';
}

/** enable and disable. */
export async function linkEach(host: ToolHost, units: readonly string[], on: boolean): Promise<Answer> {
  const lines: string[] = [];
  for (const unit of units) {
    const file = await host.units.file(unit);
    if (!file)
      return { err: `Failed to ${on ? 'enable' : 'disable'} unit: Unit file ${unit} does not exist.\n`, code: 1 };
    for (const target of targetsOf(file)) {
      const link = quoted(`${wants}/${target}.wants/${unit}`);
      const make = `mkdir -p ${quoted(`${wants}/${target}.wants`)}; [ -L ${link} ] || echo Created symlink ${link} '→' ${file.path}. >&2; ln -sf ${file.path} ${link}`;
      lines.push(on ? make : `[ ! -L ${link} ] || { rm -f ${link}; echo Removed ${link}. >&2; }`);
    }
  }
  return { script: lines.join('\n') };
}

/** Masks are kept beside the links, in a directory of the lab's own: a link to /dev/null has no bytes to be seen by. */
export function maskEach(units: readonly string[], on: boolean): Answer {
  const lines = units.map((unit) => {
    const [mark, link] = [`${wants}/.masked/${unit}`, `${wants}/${unit}`].map(quoted);
    if (on) return `mkdir -p ${wants}/.masked; echo masked > ${mark}; [ -e ${link} ] || ln -s /dev/null ${link}`;
    return `rm -f ${mark}; [ "$(readlink ${link})" != /dev/null ] || rm -f ${link}`;
  });
  return { script: lines.join('\n') };
}
