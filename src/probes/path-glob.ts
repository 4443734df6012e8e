import { script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { cursor } from './cursor.ts';
import { fuse, succeeded } from './fuse.ts';

/** With IFS empty an unquoted word is only expanded as a pattern, never split. */
const SCRIPT = `IFS=
for pattern do
  found=0
  case $pattern in '~'|'~/'*) pattern=$HOME\${pattern#'~'};; esac
  for p in $pattern; do
    if [ -e "$p" ] || [ -L "$p" ]; then found=1; break; fi
  done
  printf '%s\\n' "$found"
done`;

const kind: ProbeKind<string, boolean> = {
  name: 'path-glob',
  ...fuse({
    group: () => '',
    size: 256,
    command: (patterns: readonly string[]) => script(SCRIPT, patterns),
    parse: (patterns, output) => {
      const at = cursor(output.stdout);
      return patterns.map(() => succeeded(at.line() === '1'));
    },
  }),
  predict: (pattern, value, overlay) => {
    const planned = /[*?[~]/.test(pattern) ? undefined : overlay.file(pattern);
    return planned ? planned.state.kind !== 'absent' : value;
  },
};

/**
 * Whether something exists at a path or matches a shell pattern.
 * @example await read(pathGlob('/boot/initrd.img-*'))
 */
export function pathGlob(pattern: string): Probe<boolean> {
  return probe(kind, pattern, [pathResource(pattern.replace(/[*?[].*$/, '').replace(/\/[^/]*$/, '') || '/')]);
}
