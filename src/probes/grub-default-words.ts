import { type Probe, probe } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { GRUB_DEFAULTS } from './grub-defaults.ts';
import { type CmdlineToken, tokenize } from './kernel-cmdline-tokens.ts';
import { scriptKind } from './script-kind.ts';

/** /etc/default/grub as it stands on the disk, with what a shell makes of it. */
export interface GrubDefaultWords {
  readonly text: string;
  /** GRUB_CMDLINE_LINUX and GRUB_CMDLINE_LINUX_DEFAULT, variables and commands put in; none where a command in it fails. */
  readonly words: readonly CmdlineToken[];
}

/** As grub-mkconfig reads it: a shell with an empty environment, stopped by the first command that fails. */
const SCRIPT = `f=$1
[ -f "$f" ] || exit 0
env -i PATH="$PATH" LC_ALL=C sh -c '
  exec 3>&1 >/dev/null 2>&1 </dev/null
  set -e
  . "$1"
  printf "%s %s" "\${GRUB_CMDLINE_LINUX-}" "\${GRUB_CMDLINE_LINUX_DEFAULT-}" >&3' sh "$f"
printf '\\036'
cat -- "$f"`;

const kind = scriptKind<string, GrubDefaultWords | null>({
  name: 'grub-default-words',
  script: SCRIPT,
  args: (path) => [path],
  parse(stdout) {
    const at = stdout.indexOf('\x1e');
    return at < 0 ? null : { text: stdout.slice(at + 1), words: tokenize(stdout.slice(0, at)) };
  },
  // Planned edits change words that can be seen; what variables and commands stand for stays.
  predict: (_, value) => value,
});

/** Null where there is no such file. @example (await read(grubDefaultWords()))?.words */
export function grubDefaultWords(path = GRUB_DEFAULTS): Probe<GrubDefaultWords | null> {
  return probe(kind, path, [pathResource(path)]);
}
