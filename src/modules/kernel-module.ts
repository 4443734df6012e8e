import { z } from 'zod';
import { loadKernelModule } from '../changes/load-kernel-module.ts';
import { unloadKernelModule } from '../changes/unload-kernel-module.ts';
import type { Change, RebootReason } from '../contract/change.ts';
import { defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { directoryFiles } from '../probes/directory.ts';
import { fileContent } from '../probes/file.ts';
import { type KernelModule, kernelModule } from '../probes/kernel-modules.ts';
import { type CmdlineToken, tokenize } from '../probes/kernel-cmdline-tokens.ts';
import {
  filesInForce,
  listedModules,
  MODPROBE_DIRECTORIES,
  MODULES_LOAD_DIRECTORIES,
  normaliseModule,
  parseModprobeFiles,
} from '../probes/modprobe-config.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import { bootMenu } from './gpu/boot-menu.ts';
import { type ModprobeFacts, modprobeWarnings, paramText, planModprobeFile } from './gpu/modprobe-file.ts';
import { type BootLoadFacts, isBlockedBy, missingModule, planModulesLoad } from './gpu/modules-load.ts';

const moduleName = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be a module name: letters, digits, - and _');
const paramValue = z.union([
  z.string().regex(/^[^"\n]*$/, 'must hold neither " nor a line end'),
  z.number(),
  z.boolean(),
]);

/** As community.general.modprobe takes them: `a=1 b=2`. */
const paramLine = z
  .string()
  .regex(/^\s*([A-Za-z0-9_-]+=[^\s"]*(\s+|$))*$/, 'must be parameters such as `a=1 b=2`, or a mapping')
  .transform((line) => {
    const words = line.split(/\s+/).filter((word) => word !== '');
    const params = words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
    return words.length === 0 ? undefined : (Object.fromEntries(params) as Record<string, string>);
  });

/** true and false, or community.general.modprobe's words for them. */
const persistence = z
  .union([z.boolean(), z.enum(['present', 'absent', 'disabled'])])
  .transform((value) => (value === 'disabled' ? undefined : value === true || value === 'present'));

const args = z.strictObject({
  name: moduleName.describe('The module; `-` and `_` are the same.'),
  state: z
    .enum(['loaded', 'unloaded', 'unchanged', 'present', 'absent'])
    .optional()
    .describe(
      '`loaded` (or `present`) and `unloaded` (or `absent`) act now. Default: `unchanged` with `block`, else `loaded`.',
    ),
  persistent: persistence
    .optional()
    .describe(
      'Load it at every boot, by /etc/modules-load.d; `present` and `absent` mean true and false. Absent (or `disabled`): left as it is.',
    ),
  params: z
    .union([z.record(z.string().regex(/^[A-Za-z0-9_-]+$/), paramValue), paramLine])
    .optional()
    .describe(
      'Parameters for every later load, as one `options` line; a mapping or `a=1 b=2`. Absent: left as they are; `{}` removes ours.',
    ),
  block: z
    .enum(['none', 'alias', 'modprobe'])
    .optional()
    .describe(
      '`alias`: not loaded for matching hardware (blacklist). `modprobe`: not at all (also install /bin/false).',
    ),
  softdep: z
    .strictObject({
      pre: z.array(moduleName).default([]).describe('Loaded before it.'),
      post: z.array(moduleName).default([]).describe('Loaded after it.'),
    })
    .optional()
    .describe('Modules to load before or after it: `pre: [vfio-pci]` lets vfio-pci take its cards first.'),
  optional: z
    .boolean()
    .default(false)
    .describe(
      'Do nothing on a kernel that has no such module (vfio_virqfd is gone since 6.2), or has it built in where only `softdep` is asked for.',
    ),
});

type Args = z.infer<typeof args>;

interface Current extends BootLoadFacts, ModprobeFacts {}

export default defineModule<Args, Current>({
  name: 'kernel-module',
  aliases: ['modprobe'],
  summary: 'Load, persist, configure or block a kernel module',
  description: `Writes files of its own: \`/etc/modprobe.d/tsplay-<name>.conf\` (options, blacklist, install, softdep) and
\`/etc/modules-load.d/tsplay-<name>.conf\`; what a task does not mention stays as an earlier one wrote it. What they mean is judged together with all others, with the precedence of
modprobe.d(5). A \`blacklist\` line alone does not keep a module from being loaded by name or as a dependency (modprobe.d(5)),
which is what \`block: modprobe\` is for; a softdep makes an install line of the same module void, so the two exclude each
other. None of it reaches a module that is built into the kernel: that is refused. After a change rebuild the initramfs.`,
  args,
  textArgs: ['name', 'params.*'],
  observe,
  plan: (given, current) =>
    isSkipped(given, current) ? [] : [...planFiles(given, current), ...planLive(given, current)],
  result: (given, current) => ({
    builtin: current.module.isBuiltin,
    available: current.module.isAvailable,
    loaded: current.module.isLoaded,
    warnings: warningsOf(given, current),
    reboot_reasons: isSkipped(given, current) ? [] : rebootReasons(given, current),
  }),
  examples: [
    { title: 'vfio-pci now and at every boot', task: 'kernel-module:\n  name: vfio-pci\n  persistent: true' },
    { title: 'The host must never use its cards itself', task: 'kernel-module:\n  name: nouveau\n  block: modprobe' },
    {
      title: 'vfio-pci first',
      task: 'kernel-module:\n  name: snd_hda_intel\n  state: unchanged\n  softdep: {pre: [vfio-pci]}',
    },
    {
      title: 'As it is written for Ansible',
      task: 'community.general.modprobe:\n  name: vfio-pci\n  state: present\n  persistent: present\n  params: disable_vga=1',
    },
    { title: 'Cards by id', task: 'kernel-module:\n  name: vfio-pci\n  params: {ids: "10de:20f1,10de:1aef"}' },
  ],
});

async function observe({ name, params, persistent }: Args, read: Read): Promise<Current> {
  const own = normaliseModule(name);
  const [module, ownOptions, ownLoad, options, loads, cmdline] = await Promise.all([
    read(kernelModule(name)),
    read(fileContent(`/etc/modprobe.d/tsplay-${own}.conf`)),
    read(fileContent(`/etc/modules-load.d/tsplay-${own}.conf`)),
    Promise.all(MODPROBE_DIRECTORIES.map((directory) => read(directoryFiles(directory, '.conf')))),
    Promise.all(MODULES_LOAD_DIRECTORIES.map((directory) => read(directoryFiles(directory, '.conf')))),
    params || persistent ? nextCmdline(read) : [],
  ]);
  const directives = parseModprobeFiles(filesInForce(options));
  return { module, ownOptions, ownLoad, directives, listed: listedModules(filesInForce(loads)), cmdline };
}

async function nextCmdline(read: Read): Promise<readonly CmdlineToken[]> {
  const [{ entries }, live] = await Promise.all([bootMenu(read), read(pseudoFile('/proc/cmdline'))]);
  return entries?.default?.tokens ?? tokenize(live ?? '');
}

/** No kernel file system of modules, no answer: then nothing is skipped. */
function isSkipped(given: Args, { module }: Current): boolean {
  return (
    given.optional && ((module.hasIndex && !module.isAvailable && !module.isLoaded) || isBuiltinOrder(given, module))
  );
}

/** A built-in driver waits for nobody: where only a softdep is asked for, there is nothing to do. */
function isBuiltinOrder({ params, block, softdep }: Args, { isBuiltin }: KernelModule): boolean {
  return isBuiltin && softdep !== undefined && params === undefined && block === undefined;
}

function warningsOf(given: Args, current: Current): readonly string[] {
  if (!isSkipped(given, current)) return [...modprobeWarnings(given, current), ...initramfsWarnings(given, current)];
  return current.module.isBuiltin
    ? [`${given.name} is built into this kernel: it takes its devices before any module, whatever a softdep says`]
    : [];
}

/** dracut obeys rd.driver.blacklist in the initramfs only: then the module comes later than its options or softdeps mean. */
function initramfsWarnings({ name }: Args, { cmdline }: Current): readonly string[] {
  const token = cmdline.find((one) => isBlockedBy(one, name, ['rd.driver.blacklist']));
  return token
    ? [`the next boot's ${token.text} keeps ${name} out of the initramfs: it is loaded later, if at all`]
    : [];
}

function planFiles(given: Args, current: Current): readonly Change[] {
  if (current.module.isBuiltin && isFileAsked(given)) throw builtinRefusal(given);
  return [...planModprobeFile(given, current), ...planModulesLoad(given, current)];
}

function isFileAsked({ params = {}, block = 'none', softdep }: Args): boolean {
  return Object.keys(params).length > 0 || block !== 'none' || softdep !== undefined;
}

function planLive(given: Args, { module }: Current): readonly Change[] {
  const wanted = stateOf(given);
  if (wanted === 'loaded' && !module.isLoaded) {
    if (module.hasIndex && !module.isAvailable) throw missingModule(given.name, module);
    return [loadKernelModule(given.name)];
  }
  if (wanted !== 'unloaded' || !module.isLoaded) return [];
  refuseUnload(module);
  return [unloadKernelModule(module.name)];
}

function stateOf({ state, block = 'none' }: Args): 'loaded' | 'unloaded' | 'unchanged' {
  if (state === 'present') return 'loaded';
  if (state === 'absent') return 'unloaded';
  return state ?? (block === 'none' ? 'loaded' : 'unchanged');
}

function refuseUnload({ name, isBuiltin, references, holders, boundDevices }: KernelModule): void {
  if (isBuiltin) throw new TaskError(`${name} is built into the kernel and cannot be unloaded`);
  const users = [
    ...holders.map((holder) => `module ${holder}`),
    ...boundDevices.map((address) => `PCI function ${address}`),
  ];
  if (references > 0 || users.length > 0) {
    throw new TaskError(
      `${name} is in use (${references} references${users.length > 0 ? `: ${users.join(', ')}` : ''}) and was not unloaded; unload or unbind those first`,
    );
  }
}

function builtinRefusal({ name, params = {} }: Args): TaskError {
  const tokens = Object.entries(params).map(([param, value]) => `${name}.${param}=${paramText(value)}`);
  const hint =
    tokens.length > 0
      ? `put ${tokens.join(' ')} on the kernel command line (kernel-cmdline)`
      : 'only the kernel command line reaches it (initcall_blacklist, as a last resort)';
  return new TaskError(`${name} is built into this kernel, where files in modprobe.d have no effect: ${hint}`, {
    builtin: true,
  });
}

function rebootReasons(given: Args, { module }: Current): readonly RebootReason[] {
  if (!module.isLoaded || module.isBuiltin) return [];
  const blocked: readonly RebootReason[] =
    (given.block ?? 'none') !== 'none' && stateOf(given) === 'unchanged'
      ? [{ kind: 'blacklist', detail: `${module.name} is blocked but still loaded` }]
      : [];
  const differing = Object.entries(given.params ?? {}).filter(([param, value]) =>
    differs(module.params[normaliseModule(param)], paramText(value)),
  );
  return [
    ...blocked,
    ...differing.map(([param, value]) => ({
      kind: 'module-param' as const,
      detail: `${module.name} is loaded with ${param}=${module.params[normaliseModule(param)] ?? ''}, not ${paramText(value)}`,
    })),
  ];
}

/** The kernel prints booleans as Y and N, and numbers in its own base. Unreadable parameters cannot be compared. */
function differs(live: string | undefined, wanted: string): boolean {
  if (live === undefined || live === wanted) return false;
  const plain = (text: string) => {
    if (/^(y|yes|on|true)$/i.test(text)) return '1';
    if (/^(n|no|off|false)$/i.test(text)) return '0';
    return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? String(Number(text)) : text;
  };
  return plain(live) !== plain(wanted);
}
