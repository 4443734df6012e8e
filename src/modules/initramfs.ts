import { z } from 'zod';
import { replaceContent } from '../changes/write-file.ts';
import type { Change } from '../contract/change.ts';
import type { FileContent } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { bootIdentity } from '../probes/boot-identity.ts';
import { directoryFiles } from '../probes/directory.ts';
import { fileContent } from '../probes/file.ts';
import { freeSpace } from '../probes/free-space.ts';
import { type ImageFile, type Initramfs, type InitramfsImage, initramfs } from '../probes/initramfs-image.ts';
import { normaliseModule } from '../probes/modprobe-config.ts';
import { posixCksum } from '../probes/posix-cksum.ts';
import { rebuildInitramfs } from './gpu/initramfs-rebuild.ts';

const MODULES_FILE = '/etc/initramfs-tools/modules';
const OWN_SCRIPT = 'scripts/init-top/00-tsplay-pci-bind';

const args = z.strictObject({
  modules: z
    .array(
      z.string().regex(/^[A-Za-z0-9_-]+( [^\n"']+)?$/, 'must be a module name, perhaps with parameters after a space'),
    )
    .default([])
    .describe(
      'Loaded early, in this order, before the root file system is mounted. Names that no installed kernel has are left out.',
    ),
  files: z
    .union([z.literal('modprobe'), z.array(z.string().startsWith('/'))])
    .default('modprobe')
    .describe(
      'Files every image must hold as they are on the host: `modprobe` is all of /etc/modprobe.d, and nothing else of that directory.',
    ),
});
type Args = z.infer<typeof args>;

interface Current {
  readonly images: Initramfs;
  readonly modulesFile: FileContent;
  /** Wanted content by path in the image. */
  readonly wanted: Readonly<Record<string, ImageFile>>;
  readonly question: readonly string[];
  readonly freeBytes: number;
  readonly isRebuilt: boolean;
}

export default defineModule<Args, Current>({
  name: 'initramfs',
  summary: "Keep every installed kernel's initramfs in step with modprobe.d and the modules to load early",
  description: `Compares what the images of all installed kernels hold with the files on the host, by content: times prove nothing, and a
run that died before its rebuild is completed by the next one. Rebuilds with update-initramfs(8) for all kernels, because a
newer one that waits for its first boot would come up without the binding. What an image holds is recorded in
/var/lib/tsplay/initramfs after a rebuild, so that later runs need not unpack it while it is the same file. A host whose
images dracut makes is recognised and refused.`,
  args,
  observe,
  plan,
  result: (given, current) => ({
    generator: current.images.generator,
    stale: stale(given, current),
    reboot_reasons:
      current.isRebuilt || stale(given, current).length > 0
        ? [{ kind: 'initramfs', detail: 'the running kernel was booted with an older initramfs' }]
        : [],
  }),
  examples: [
    { title: 'After changes in modprobe.d', task: 'initramfs:' },
    { title: 'vfio-pci before any graphics driver', task: 'initramfs:\n  modules: [vfio, vfio_iommu_type1, vfio_pci]' },
  ],
});

async function observe(given: Args, read: Read, task: { readonly runElapsedSeconds: number }): Promise<Current> {
  const listed = given.files === 'modprobe' ? [] : given.files;
  const question = [...listed.map(imagePath), OWN_SCRIPT];
  const modules = given.modules.map(nameOf);
  const [images, modulesFile, config, others, ownScript, identity, freeBytes] = await Promise.all([
    read(initramfs({ modules, files: question })),
    read(fileContent(MODULES_FILE)),
    given.files === 'modprobe' ? read(directoryFiles('/etc/modprobe.d', '.conf')) : [],
    Promise.all(listed.map((path) => read(fileContent(path)))),
    read(fileContent(`/etc/initramfs-tools/${OWN_SCRIPT}`)),
    read(bootIdentity(task.runElapsedSeconds)),
    read(freeSpace('/boot')),
  ]);
  const missing = others.find((file) => file.kind !== 'file');
  if (missing) throw new TaskError(`${missing.path} should be in the initramfs but is no file on the host`);
  const wanted = Object.fromEntries([...config, ...others, ownScript].flatMap(wantedFile));
  return { images, modulesFile, wanted, question, freeBytes, isRebuilt: identity.initramfsRebuilt };
}

function wantedFile(file: FileContent): readonly (readonly [string, ImageFile])[] {
  return file.kind === 'file'
    ? [[imagePath(file.path), { cksum: posixCksum(file.bytes), size: file.bytes.length }]]
    : [];
}

/** mkinitramfs(8) copies its scripts to /scripts and other files to where they are. */
function imagePath(path: string): string {
  return path.replace(/^\/etc\/initramfs-tools\/(?=scripts\/)/, '').replace(/^\//, '');
}

function plan(given: Args, current: Current): readonly Change[] {
  refuseGenerator(current.images);
  const persisted = planModulesFile(given, current);
  if (stale(given, current).length === 0) return persisted;
  refuseFullBoot(current);
  const missing = current.images.images.filter((image) => image.size === null).map((image) => image.kernel);
  const early = wantedModules(given, current);
  const predicted = { early, modules: early.map(nameOf), files: current.wanted };
  return [...persisted, rebuildInitramfs({ missing, files: current.question, predicted })];
}

function refuseGenerator({ generator }: Initramfs): void {
  if (generator === 'initramfs-tools') return;
  const found =
    generator === 'dracut'
      ? 'dracut makes the images here (force_drivers in /etc/dracut.conf.d would be its way)'
      : 'no tool that makes images was found';
  throw new TaskError(`cannot keep the initramfs in step: ${found}; only initramfs-tools is supported`, { generator });
}

/** mkinitramfs writes the new image beside the old one. */
function refuseFullBoot({ images, freeBytes }: Current): void {
  const largest = Math.max(0, ...images.images.map((image) => image.size ?? 0));
  if (freeBytes >= largest * 1.2) return;
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new TaskError(
    `/boot has ${mebibytes(freeBytes)} left and a rebuild needs ${mebibytes(largest * 1.2)}: an image cut short does not boot. Remove old kernels first.`,
    { free_bytes: freeBytes },
  );
}

/** Bytes outside our lines stay as they are, whatever their encoding: hence latin1, which loses none. */
function planModulesFile(given: Args, current: Current): readonly Change[] {
  const { modulesFile } = current;
  const text = modulesFile.kind === 'file' ? Buffer.from(modulesFile.bytes).toString('latin1') : '';
  const lines = text.split('\n').map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ''));
  const lacking = wantedModules(given, current).filter((wanted) => !lines.some((line) => isSameLine(line, wanted)));
  if (lacking.length === 0) return [];
  const replaced = text.split('\n').filter((line) => !lacking.some((wanted) => nameOf(wanted) === nameOf(line.trim())));
  const kept = replaced.join('\n').replace(/\n*$/, '\n').replace(/^\n$/, '');
  return [
    replaceContent(modulesFile, Buffer.concat([Buffer.from(kept, 'latin1'), Buffer.from(`${lacking.join('\n')}\n`)])),
  ];
}

/** A line without parameters asks for the module only; one with parameters is taken at its word. */
function isSameLine(line: string, wanted: string): boolean {
  return wanted.includes(' ')
    ? nameOf(line) === nameOf(wanted) && line.slice(line.indexOf(' ')) === wanted.slice(wanted.indexOf(' '))
    : nameOf(line) === nameOf(wanted);
}

function wantedModules({ modules }: Args, { images }: Current): readonly string[] {
  return modules.filter(
    (line) => images.images.length === 0 || images.images.some((image) => has(image, nameOf(line))),
  );
}

function has(image: InitramfsImage, name: string): boolean {
  return image.available.includes(name) || image.builtin.includes(name);
}

/** One complaint for each image that is not in step. */
function stale(given: Args, current: Current): readonly string[] {
  return current.images.images.flatMap((image) => {
    const complaints = complaintsOf(image, given, current);
    return complaints.length > 0 ? [`${image.path}: ${complaints.join(', ')}`] : [];
  });
}

function complaintsOf(image: InitramfsImage, given: Args, current: Current): readonly string[] {
  if (image.size === null) return ['there is none'];
  if (image.broken !== null) return [`cannot be unpacked (${image.broken})`];
  const files = Object.entries(current.wanted).filter(([path, file]) => !isEqualFile(image.files[path], file));
  const surplus = Object.keys(image.files).filter(
    (path) => !(path in current.wanted) && (path === OWN_SCRIPT || isModprobe(path, given)),
  );
  const wanted = wantedModules(given, current).filter((line) => has(image, nameOf(line)));
  const absent = wanted.filter(
    (line) =>
      image.available.includes(nameOf(line)) &&
      !image.builtin.includes(nameOf(line)) &&
      !image.modules.includes(nameOf(line)),
  );
  const late = wanted.filter((line) => !image.early.some((early) => isSameLine(early, line)));
  return [
    ...files.map(([path]) => `/${path} ${image.files[path] ? 'differs' : 'is missing'}`),
    ...surplus.map((path) => `/${path} is gone from the host`),
    ...absent.map((line) => `module ${nameOf(line)} is missing`),
    ...late.filter((line) => !absent.includes(line)).map((line) => `module ${nameOf(line)} is not loaded early`),
  ];
}

function isModprobe(path: string, { files }: Args): boolean {
  return files === 'modprobe' && /^etc\/modprobe\.d\/[^/]*\.conf$/.test(path);
}

function isEqualFile(a: ImageFile | undefined, b: ImageFile): boolean {
  return a?.cksum === b.cksum && a.size === b.size;
}

/** A carriage return is part of the name for mkinitramfs, which then finds no such module. */
function nameOf(line: string): string {
  return normaliseModule(line.split(/[ \t]/, 1)[0] ?? '');
}
