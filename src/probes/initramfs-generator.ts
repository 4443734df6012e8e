import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** The tool that makes this host's initramfs images. */
export type InitramfsGenerator = 'initramfs-tools' | 'dracut' | 'none';

/**
 * Prints `generator NAME`. Found by looking: a distribution's name says nothing, because upgraded hosts keep their tool.
 * Where both are there, update-initramfs may be a wrapper that runs dracut; that of initramfs-tools calls mkinitramfs.
 */
export const FIND_GENERATOR = `generator=none
if u=$(command -v update-initramfs) && { ! command -v dracut >/dev/null 2>&1 || grep -q mkinitramfs "$u"; }; then generator=initramfs-tools
elif command -v dracut >/dev/null 2>&1; then generator=dracut; fi
echo "generator $generator"`;

const kind = scriptKind<'', InitramfsGenerator>({
  name: 'initramfs-generator',
  script: `${FIND_GENERATOR}\nexit 0`,
  parse: (stdout) => generatorOf(recordsOf(stdout)),
  // Exchanging the generator is not something a later task of the same run is meant to build on.
  predict: (_, value) => value,
});

/** @example await read(initramfsGenerator()) // 'dracut' */
export function initramfsGenerator(): Probe<InitramfsGenerator> {
  return probe(kind, '', ['path:/usr/sbin/update-initramfs', 'path:/usr/bin/dracut']);
}

export function generatorOf(records: readonly (readonly [string, string])[]): InitramfsGenerator {
  const name = records.find(([key]) => key === 'generator')?.[1];
  return name === 'initramfs-tools' || name === 'dracut' ? name : 'none';
}
