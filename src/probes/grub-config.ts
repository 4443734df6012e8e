import { type CmdlineToken, tokenize } from './kernel-cmdline-tokens.ts';

/** One `menuentry` with a `linux` line. */
export interface BootEntry {
  readonly title: string;
  /** The `--id`, where it has one. */
  readonly id: string | null;
  /** Enclosing submenus, outermost first. */
  readonly submenus: readonly MenuName[];
  /** The /etc/grub.d script that generated it, e.g. `10_linux`; null in a hand-written grub.cfg. */
  readonly section: string | null;
  readonly line: number;
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly tokens: readonly CmdlineToken[];
  readonly isRecovery: boolean;
}

export interface MenuName {
  readonly title: string;
  readonly id: string | null;
}

interface MenuItem extends MenuName {
  readonly children: readonly MenuItem[] | null;
  /** Here `blscfg` puts the entries of /boot/loader/entries. */
  readonly isBlsPlace?: true;
  readonly entry: BootEntry | null;
}

export interface GrubConfig {
  readonly entries: readonly BootEntry[];
  readonly menu: readonly MenuItem[];
  /** What the header sets `default` to when no one-shot entry is pending, as written: `0`, `${saved_entry}`, an id. */
  readonly defaultEntry: string;
  /** `blscfg`: entries come from /boot/loader/entries instead. */
  readonly usesBls: boolean;
}

/** A block that is still open while lines are read; functions are blocks too, but no menu items. */
interface OpenBlock extends MenuName {
  readonly kind: 'menuentry' | 'submenu' | 'other';
  readonly children: MenuItem[];
  readonly line: number;
  linux: readonly CmdlineToken[];
  initrds: readonly string[];
}

interface Progress {
  readonly top: OpenBlock;
  readonly open: OpenBlock[];
  readonly entries: BootEntry[];
  section: string | null;
}

const BLS_PLACE: MenuItem = { title: '', id: null, children: null, entry: null, isBlsPlace: true };

/** The menu with entries of files in it, where `blscfg` stands. */
export function withBlsEntries(config: GrubConfig, entries: readonly BootEntry[]): GrubConfig {
  const items = entries.map((entry) => ({ title: entry.title, id: entry.id, children: null, entry }));
  return {
    ...config,
    entries: [...config.entries, ...entries],
    menu: config.menu.flatMap((item) => (item.isBlsPlace ? items : [item])),
  };
}

/** Reads what grub-mkconfig writes: one statement a line, blocks closed by `}` alone. GRUB drops carriage returns (grub_file_getline). */
export function parseGrubConfig(text: string): GrubConfig {
  const lines = text.replaceAll('\r', '').split('\n');
  const progress: Progress = { top: openBlock('', 0), open: [], entries: [], section: null };
  lines.forEach((line, index) => readLine(progress, line.trim(), index + 1));
  return {
    entries: progress.entries,
    menu: progress.top.children,
    defaultEntry: lastDefault(lines),
    usesBls: lines.some((line) => /^\s*blscfg\b/.test(line)),
  };
}

function readLine(progress: Progress, line: string, number: number): void {
  const section = /^### (BEGIN|END) \/etc\/grub\.d\/(\S+) ###$/.exec(line);
  if (section) progress.section = section[1] === 'BEGIN' ? (section[2] ?? null) : null;
  else if (/^(menuentry|submenu|function)\s.*\{$/.test(line)) progress.open.push(openBlock(line, number));
  else if (line === '}') closeBlock(progress);
  else if (/^blscfg\b/.test(line)) progress.top.children.push({ ...BLS_PLACE });
  else readBootLine(progress.open.at(-1), line);
}

function openBlock(line: string, number: number): OpenBlock {
  const words = grubWords(line);
  const idAt = words.findIndex((word) => word === '--id' || word === '$menuentry_id_option');
  return {
    kind: words[0] === 'menuentry' || words[0] === 'submenu' ? words[0] : 'other',
    title: words[1] ?? '',
    id: idAt < 0 ? null : (words[idAt + 1] ?? null),
    line: number,
    children: [],
    linux: [],
    initrds: [],
  };
}

function readBootLine(block: OpenBlock | undefined, line: string): void {
  const [, verb, rest = ''] = /^(linux|initrd)(?:efi|16)?\s+(.*)$/.exec(line) ?? [];
  if (block?.kind !== 'menuentry' || !verb) return;
  if (verb === 'linux') block.linux = tokenize(rest);
  else block.initrds = tokenize(rest).map((token) => token.text);
}

function closeBlock(progress: Progress): void {
  const block = progress.open.pop();
  if (!block || block.kind === 'other') return;
  const { title, id } = block;
  const entry = bootEntry(block, progress);
  if (entry) progress.entries.push(entry);
  const siblings = (progress.open.at(-1) ?? progress.top).children;
  siblings.push({ title, id, children: block.kind === 'submenu' ? block.children : null, entry });
}

function bootEntry(block: OpenBlock, { open, section }: Progress): BootEntry | null {
  const [kernel, ...tokens] = block.linux;
  if (!kernel) return null;
  const { title, id, line, initrds } = block;
  const submenus = open.map((outer) => ({ title: outer.title, id: outer.id }));
  const isRecovery = looksLikeRecovery(id, tokens);
  return { title, id, submenus, section, line, kernel: kernel.text, initrds, tokens, isRecovery };
}

/** 10_linux puts `-recovery-` in the id in every language; the words after `ro` are `single` or `recovery`. */
function looksLikeRecovery(id: string | null, tokens: readonly CmdlineToken[]): boolean {
  if (id) return /-recovery-/.test(id);
  return tokens.some((token) => token.text === 'single' || token.text === 'recovery');
}

/** Words of a grub script line: single quotes are literal (`'\''` is one), double quotes know `\"`. */
export function grubWords(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, (_, single, double, escaped) => {
      return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
    }),
  );
}

function lastDefault(lines: readonly string[]): string {
  const values = lines
    .map((line) => /^\s*set default=(.*)$/.exec(line)?.[1])
    .filter((value) => value !== undefined)
    .map((value) => value.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .filter((value) => value !== '${next_entry}' && value !== '');
  return values.at(-1) ?? '0';
}

/**
 * The entry GRUB will boot: a pending one-shot entry, else the default; ids, titles and indexes may be mixed along a
 * path `a>b`. Undefined when it leads to no Linux entry.
 */
export function defaultBootEntry(config: GrubConfig, environment: ReadonlyMap<string, string>): BootEntry | undefined {
  const oneShot = environment.get('next_entry');
  const written =
    config.defaultEntry === '${saved_entry}' ? (environment.get('saved_entry') ?? '') : config.defaultEntry;
  const path = oneShot || written || '0';
  return followPath(config.menu, path.replaceAll('>>', '\0').split('>'));
}

function followPath(menu: readonly MenuItem[], [head = '', ...rest]: readonly string[]): BootEntry | undefined {
  const name = head.replaceAll('\0', '>');
  const named = menu.find((one) => one.id === name || one.title === name);
  // GRUB falls back to the first entry when a name or a number is not in the menu (grub-core/normal/menu.c).
  const item = named ?? menu[/^\d+$/.test(name) ? Number(name) : 0] ?? menu[0];
  if (!item?.children) return item?.entry ?? undefined;
  return rest.length > 0 ? followPath(item.children, rest) : undefined;
}

/** Entries that update-grub regenerates for this system: not memtest, other systems, or an operator's own. */
export function ownEntries(config: GrubConfig): readonly BootEntry[] {
  const isGenerated = config.entries.some((entry) => entry.section !== null);
  return config.entries.filter(
    (entry) => !entry.isRecovery && (!isGenerated || /^\d+_linux/.test(entry.section ?? '')),
  );
}
