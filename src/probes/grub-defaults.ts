import { type Overlay, type PredictedFile, type Probe, probe, UNKNOWN } from '../contract/probe.ts';
import { parseGrubDropIn, renderGrubDropIn } from './grub-drop-in.ts';
import { pathResource } from '../contract/resource.ts';
import { type CmdlineToken, tokenize } from './kernel-cmdline-tokens.ts';
import { scriptKind } from './script-kind.ts';

export const GRUB_DEFAULTS = '/etc/default/grub';
export const GRUB_DROP_INS = '/etc/default/grub.d';
export const OWN_DROP_IN = `${GRUB_DROP_INS}/zz-tsplay.cfg`;

/** The two variables after one more file was sourced. */
export interface GrubStage {
  readonly path: string;
  readonly linux: string;
  readonly linuxDefault: string;
}

/** What GRUB's shell configuration means, and what in it keeps grub-mkconfig from working. */
export interface GrubDefaults {
  readonly stages: readonly GrubStage[];
  /** `path:line: what is wrong` or `path: what is wrong`. */
  readonly problems: readonly string[];
}

/**
 * The files are shell, so only a shell can tell what they mean. As in grub-mkconfig: `set -e`, first /etc/default/grub,
 * then grub.d/*.cfg in the order of the glob, all in one shell. The environment is empty, input and output are closed.
 * Curly quotes are pasted from slides and chat; sh takes them for letters and complains elsewhere, or not at all.
 */
const SCRIPT = `main=$1 dir=$2
set --
[ -f "$main" ] && set -- "$main"
for f in "$dir"/*.cfg; do [ -e "$f" ] && set -- "$@" "$f"; done
[ $# -gt 0 ] || exit 0
sane=1
for f do
  if ! said=$(sh -n "$f" 2>&1); then sane=0; printf 'problem\\037%s\\037%s\\n' "$f" "$said"; fi
done
q=$(printf '\\342\\200')
LC_ALL=C grep -n "$q"'['"$(printf '\\230-\\237')"']' -- "$@" /dev/null | LC_ALL=C grep -v '^[^:]*:[0-9]*:[[:space:]]*#' |
  while IFS= read -r l; do printf 'quote\\037%s\\n' "$l"; done
LC_ALL=C grep -n '^[[:space:]]*[A-Za-z_][A-Za-z0-9_]*+=' -- "$@" /dev/null | while IFS= read -r l; do printf 'bash\\037%s\\n' "$l"; done
LC_ALL=C grep -n "$(printf '\\r')$" -- "$@" /dev/null | while IFS= read -r l; do printf 'cr\\037%s\\n' "$l"; done
[ "$sane" = 1 ] || exit 0
printf '\\036'
env -i PATH="$PATH" LC_ALL=C sh -c '
  exec 3>&1 >/dev/null 2>&1 </dev/null
  set -e
  tsplay_report() { printf "stage\\037%s\\037%s\\037%s\\036" "$1" "\${GRUB_CMDLINE_LINUX-}" "\${GRUB_CMDLINE_LINUX_DEFAULT-}" >&3; }
  for tsplay_file do printf "open\\037%s\\036" "$tsplay_file" >&3; . "$tsplay_file"; tsplay_report "$tsplay_file"; done
  printf "done\\036" >&3' sh "$@"
exit 0`;

const kind = scriptKind<readonly [string, string], GrubDefaults>({
  name: 'grub-defaults',
  script: SCRIPT,
  args: (subject) => subject,
  parse: parseDefaults,
  predict,
});

/** @example effectiveTokens(await read(grubDefaults())) */
export function grubDefaults(main = GRUB_DEFAULTS, directory = GRUB_DROP_INS): Probe<GrubDefaults> {
  return probe(kind, [main, directory], [pathResource(main), pathResource(directory)]);
}

/** Tokens of a normal entry, in grub-mkconfig's order (10_linux: `${GRUB_CMDLINE_LINUX} ${GRUB_CMDLINE_LINUX_DEFAULT}`). */
export function effectiveTokens(stage: GrubStage | undefined): readonly CmdlineToken[] {
  return stage ? tokenize(`${stage.linux} ${stage.linuxDefault}`) : [];
}

function parseDefaults(stdout: string): GrubDefaults {
  const [head = '', ...rest] = stdout.split('\x1e');
  const notes = head.split('\n').map((line) => line.split('\x1f'));
  const complaints = notes.flatMap(problemOf);
  const records = rest.map((record) => record.split('\x1f'));
  const stages = records.filter(([word]) => word === 'stage').map(stageOf);
  const hasEnded = rest.length === 0 || records.some(([word]) => word === 'done');
  const last = records.filter(([word]) => word === 'open').at(-1)?.[1] ?? '';
  const stops = `${last}: a command in it fails or exits, so update-grub would stop here`;
  const broken = hasEnded ? [] : (hintsIn(last, notes) ?? [stops]);
  return { stages, problems: complaints.length > 0 ? complaints : broken };
}

/** What a shell that stops does not say; the first one that the file has. */
const HINTS: readonly (readonly [string, string])[] = [
  // To dash, which runs grub-mkconfig on Debian, the line is a command that is not there.
  ['bash', "+= is bash's, and this host's sh, which runs update-grub, stops there"],
  ['cr', 'the line ends as on Windows, and sh takes the carriage return for a command; convert the file first'],
];

function hintsIn(file: string, notes: readonly (readonly string[])[]): readonly string[] | undefined {
  for (const [word, hint] of HINTS) {
    const found = notes.find(([name, where = '']) => name === word && where.startsWith(`${file}:`))?.[1];
    const line = found?.slice(file.length + 1).split(':', 1)[0];
    if (line !== undefined) return [`${file}:${line}: ${hint}`];
  }
  return undefined;
}

function stageOf([, path = '', linux = '', linuxDefault = '']: readonly string[]): GrubStage {
  return { path, linux, linuxDefault };
}

function problemOf([word, where = '', said = '']: readonly string[]): readonly string[] {
  if (word === 'problem') return [`${where}: ${said || 'not valid shell'}`];
  const [, file, line, source = ''] = /^([^:]*):(\d+):(.*)$/.exec(where) ?? [];
  return word === 'quote' && file
    ? [`${file}:${line}: curly quotes are not quotes to the shell: ${source.trim()}`]
    : [];
}

/** Knows what our own drop-in adds to the files before it; any other planned edit of shell text is beyond prediction. */
function predict(
  [main, directory]: readonly [string, string],
  value: GrubDefaults,
  overlay: Overlay,
): GrubDefaults | typeof UNKNOWN {
  const own = `${directory}/zz-tsplay.cfg`;
  const planned = overlay.file(own);
  const others = overlay.filesIn(directory).filter((file) => file.path !== own && file.path.endsWith('.cfg'));
  if (!planned || others.length > 0 || overlay.file(main)) return UNKNOWN;
  const before = value.stages.filter((stage) => stage.path < own || stage.path === main);
  const changed = ownStages(own, before.at(-1), planned);
  if (changed === undefined) return UNKNOWN;
  const stages = withLater(
    [...before, ...changed],
    value.stages,
    value.stages.filter(({ path }) => path > own && path !== main),
  );
  return stages === undefined ? UNKNOWN : { ...value, stages };
}

/** What a planned drop-in of ours makes of the stage before it; nothing when it will not be there, undefined when it is not ours. */
function ownStages(
  own: string,
  before: GrubStage | undefined,
  planned: PredictedFile,
): readonly GrubStage[] | undefined {
  if (planned.state.kind === 'absent') return [];
  const source = planned.bytes && Buffer.from(planned.bytes).toString();
  const dropIn = source === undefined ? undefined : parseGrubDropIn(source);
  return dropIn && renderGrubDropIn(dropIn) === source ? [sourced(own, before, dropIn)] : undefined;
}

/** Later files add the same words again; undefined where one does more than add. */
function withLater(
  stages: readonly GrubStage[],
  read: readonly GrubStage[],
  later: readonly GrubStage[],
): readonly GrubStage[] | undefined {
  return later.reduce<readonly GrubStage[] | undefined>((done, stage) => {
    const earlier = read[read.indexOf(stage) - 1];
    const last = done?.at(-1);
    const isAdding =
      stage.linux.startsWith(earlier?.linux ?? '') && stage.linuxDefault.startsWith(earlier?.linuxDefault ?? '');
    if (!done || !last || !earlier || !isAdding) return undefined;
    const linux = last.linux + stage.linux.slice(earlier.linux.length);
    const linuxDefault = last.linuxDefault + stage.linuxDefault.slice(earlier.linuxDefault.length);
    return [...done, { path: stage.path, linux, linuxDefault }];
  }, stages);
}

function sourced(path: string, before: GrubStage | undefined, dropIn: ReturnType<typeof parseGrubDropIn>): GrubStage {
  const kept = (line = '') =>
    line
      .split(/\s+/)
      .filter((word) => word !== '' && !dropIn.drop.includes(word))
      .join(' ');
  return {
    path,
    linux: kept(before?.linux),
    linuxDefault: [kept(before?.linuxDefault), ...dropIn.append].join(' ').trim(),
  };
}
