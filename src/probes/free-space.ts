import { type Probe, ProbeError, probe } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { scriptKind } from './script-kind.ts';

const kind = scriptKind<string, number>({
  name: 'free-space',
  script: `df -Pk -- "$1"`,
  args: (path) => [path],
  parse(stdout) {
    const kilobytes = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/).at(-3));
    if (!Number.isFinite(kilobytes)) throw new ProbeError(`df printed ${JSON.stringify(stdout.slice(0, 200))}`);
    return kilobytes * 1024;
  },
  predict: (_, value) => value,
});

/** Bytes that an unprivileged write may still use on the file system of a directory (df(1), POSIX output). */
export function freeSpace(directory: string): Probe<number> {
  return probe(kind, directory, [pathResource(directory)]);
}
