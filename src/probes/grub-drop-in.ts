import { tokenize } from './kernel-cmdline-tokens.ts';

/** What /etc/default/grub.d/zz-tsplay.cfg does to the variables that the files before it have set. */
export interface GrubDropIn {
  /** Words of those files taken out, letter by letter. */
  readonly drop: readonly string[];
  readonly append: readonly string[];
}

export const EMPTY_DROP_IN: GrubDropIn = { drop: [], append: [] };

const HEADER = `# Kernel parameters kept by tsplay (module kernel-cmdline). Put parameters of your own into another file:
# tsplay completes this one again. update-grub reads it after /etc/default/grub and the files before it here.
`;

/**
 * A subshell, so that neither \`set -f\` nor a variable is left behind in grub-mkconfig's shell. A carriage return separates
 * words too, as it does for the kernel; GRUB drops it.
 */
const WITHOUT = `tsplay_without() (
  set -f
  IFS=$(printf ' \\t\\r\\n.')
  IFS=\${IFS%.}
  kept=
  for word in $1; do
    case " $tsplay_drop " in *" $word "*) ;; *) kept="$kept $word" ;; esac
  done
  printf '%s' "\${kept# }"
)
GRUB_CMDLINE_LINUX=$(tsplay_without "\${GRUB_CMDLINE_LINUX-}")
GRUB_CMDLINE_LINUX_DEFAULT=$(tsplay_without "\${GRUB_CMDLINE_LINUX_DEFAULT-}")
`;

/** DEFAULT keeps recovery entries clean (GRUB manual, GRUB_CMDLINE_LINUX_DEFAULT). */
export function renderGrubDropIn({ drop, append }: GrubDropIn): string {
  const dropping = drop.length > 0 ? `tsplay_drop='${drop.join(' ')}'\n${WITHOUT}` : '';
  const words = append.map((token) => token.replace(/["\\$`]/g, '\\$&')).join(' ');
  return `${HEADER}${dropping}GRUB_CMDLINE_LINUX_DEFAULT="\${GRUB_CMDLINE_LINUX_DEFAULT} ${words}"\n`;
}

/** Takes what it knows and leaves the rest: a hand-edited file loses foreign lines, never tokens of ours. */
export function parseGrubDropIn(text: string): GrubDropIn {
  const drop = /^tsplay_drop='([^'\n]*)'$/m.exec(text)?.[1] ?? '';
  const appended =
    /^GRUB_CMDLINE_LINUX_DEFAULT="\$\{?GRUB_CMDLINE_LINUX_DEFAULT\}?([^\n]*)"\s*$/m.exec(text)?.[1] ?? '';
  return {
    drop: drop.split(' ').filter(Boolean),
    append: tokenize(appended.replace(/\\(["\\$`])/g, '$1')).map((token) => token.text),
  };
}
