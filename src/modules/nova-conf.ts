import type { Applied, Change, WriteFile } from '../contract/change.ts';
import type { FileContent } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { replaceContent } from '../changes/write-file.ts';
import { type NovaConfArgs, novaConfArgs, novaConfTextArgs } from './nova/args.ts';
import type { ConfigSet } from './nova/config-set.ts';
import { decide } from './nova/decide.ts';
import { environmentOptions } from './nova/environment-options.ts';
import { NOVA_CONF_EXAMPLES } from './nova/examples.ts';
import { type Current, observe } from './nova/observe.ts';
import { type OsloText, osloText, textOf } from './nova/oslo-text.ts';
import { requireUnits, restartsFor, unitNames } from './nova/restarts.ts';
import { osloSecrets, quotableSecrets } from './nova/secrets.ts';

export default defineModule<NovaConfArgs, Current>({
  name: 'nova-conf',
  summary: "Bring Nova's configuration to what was asked for, across all files a service reads, and restart it",
  description: `Reads every file the service reads, as oslo.config would, decides on the effective values, and edits single
lines: comments, order, unknown options and line ends stay. An option that the environment of a running service sets
(\`OS_PCI__ALIAS\`) is refused, for no file counts beside it. Nothing is written that Nova, or the host's hardware, would
refuse. Options Nova renamed move to their present names in the same write.

A unit under \`restart\` is restarted after a write, and also when it runs since before the newest of its configuration
files was modified, so that a run interrupted between the two is completed by the next. Times are compared by whole
seconds, and an equal second counts as older. A unit that is stopped stays stopped; one that does not stay active for
\`settle\` seconds fails the task with the last lines of its journal and its log. Had it been running before the write, the old files
come back first and the units restarted so far are restarted with them.

The registered result holds \`files\`, in reading order, and the \`source\` of that knowledge, \`release\`, \`notes\` (what became of
old lines, and what else would stop Nova), and \`effective\`: what the services see, by section/option, each value with its
file and line.

Sources: oslo.config iniparser.py and cfg.py; nova conf/pci.py, pci/request.py, pci/devspec.py, scheduler/host_manager.py,
compute/pci_placement_translator.py; systemctl(1).`,
  args: novaConfArgs,
  textArgs: novaConfTextArgs,
  observe,
  plan,
  result,
  examples: NOVA_CONF_EXAMPLES,
});

function plan(args: NovaConfArgs, current: Current): readonly Change[] {
  requireUnits(args.restart, current.units);
  const set = configSet(args, current.files);
  const environment = environmentOptions(current.units);
  const { set: wanted } = decide(args, { set, environment, release: current.release, functions: current.functions });
  const writes = current.files.flatMap((file) => writeOf(args, file, wanted));
  const units = current.units.filter(({ name }) =>
    [...args.restart, ...args.restart_if_present].flatMap(unitNames).includes(name),
  );
  const secrets = () => quotableSecrets([...set.texts, ...wanted.texts].map(textOf));
  return [...writes, ...restartsFor({ units, files: current.files, writes, settle: args.settle, secrets })];
}

function configSet(args: NovaConfArgs, files: readonly FileContent[]): ConfigSet {
  const stray = args.also_edit.find((path) => !files.some((file) => file.path === path));
  if (stray)
    throw new TaskError(
      `also_edit: ${stray} is not among the files the service reads: ${files.map((file) => file.path).join(', ')}`,
    );
  const texts = files.map((file) => knownText(args, file));
  const editable = new Set([args.path, ...args.also_edit]);
  refuseTwins(files.filter(({ path }) => editable.has(path)));
  return { texts, path: args.path, editable };
}

/** Two names of one file: each edit would undo the other. */
function refuseTwins(files: readonly FileContent[]): void {
  const [twins] = [...Map.groupBy(files, ({ realPath }) => realPath).values()].filter((same) => same.length > 1);
  if (twins)
    throw new TaskError(
      `${twins.map(({ path }) => path).join(' and ')} are one file, ${twins[0]?.realPath}: Nova reads it twice and counts repeatable options twice; take one of the names away`,
    );
}

/** What was planned with is what the result tells of; it is taken apart once. */
const known = new WeakMap<FileContent, OsloText>();

function knownText(args: NovaConfArgs, file: FileContent): OsloText {
  const text = known.get(file) ?? osloText(file.path, contentOf(args, file));
  // Whether one that is absent counts as empty, each task says for itself.
  if (file.kind === 'file') known.set(file, text);
  return text;
}

function contentOf(args: NovaConfArgs, file: FileContent): string {
  if (file.kind === 'file') return decoded(file.path, file.bytes);
  if (file.kind !== 'absent') throw new TaskError(`${file.path} must be a file of reasonable size`);
  if (args.create) return '';
  throw new TaskError(`${file.path} does not exist; install Nova first, or say \`create: true\``);
}

/** Nova itself stops at bytes that are not UTF-8. A byte order mark is kept, for the reader to complain about. */
function decoded(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TaskError(`${path} is not UTF-8 text; Nova cannot read it either`);
  }
}

const NEW_FILE = { mode: 0o640, owner: 'root', group: 'nova' };

function writeOf(args: NovaConfArgs, file: FileContent, wanted: ConfigSet): readonly WriteFile[] {
  const before = file.kind === 'file' ? decoded(file.path, file.bytes) : '';
  const after = wanted.texts.find((text) => text.path === file.path);
  if (!after || textOf(after) === before) return [];
  const secrets = [...new Set([...osloSecrets(before), ...osloSecrets(textOf(after))])];
  const options = { secrets, backup: args.backup, ...(file.kind === 'absent' ? NEW_FILE : {}) };
  return [replaceContent(file, Buffer.from(textOf(after)), options)];
}

/** The files, their source, the release, what the services see now, and what a person should know of the lines before. */
function result(args: NovaConfArgs, current: Current, applied: readonly Applied[]): Readonly<Record<string, unknown>> {
  const before = new Map(
    applied.flatMap(({ change }) =>
      change.kind === 'write-file' ? [[change.path, change.before.bytes] as const] : [],
    ),
  );
  const files = current.files.map((file) => {
    const bytes = file.kind === 'file' ? before.get(file.realPath) : undefined;
    return file.kind === 'file' && bytes ? { ...file, bytes } : file;
  });
  const environment = environmentOptions(current.units);
  const { notes, effective } = decide(args, { set: configSet(args, files), release: current.release, environment });
  const { source, release } = current;
  return { files: current.files.map((file) => file.path), source, release, notes, effective };
}
