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
import { type ImageFile, type Initramfs, initramfs } from '../probes/initramfs-image.ts';
import { describeWork, type PackageWork, packageWork } from '../probes/package-work.ts';
import { posixCksum } from '../probes/posix-cksum.ts';
import { BINDING_HOOK, BINDING_SCRIPT } from './gpu/boot-binding.ts';
import { type BootMenu, bootMenu } from './gpu/boot-menu.ts';
import { DRACUT_CONF, planDracutConf } from './gpu/dracut-conf.ts';
import { rebuildWithDracut } from './gpu/dracut-rebuild.ts';
import {
  complaintsOf,
  type ImageFacts,
  isSameLine,
  nameOf,
  OWN_SCRIPTS,
  stale,
  wantedModules,
} from './gpu/initramfs-complaints.ts';
import { rebuildInitramfs } from './gpu/initramfs-rebuild.ts';
import { planMenuImages } from './gpu/menu-images.ts';

const MODULES_FILE = '/etc/initramfs-tools/modules';
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

interface Current extends ImageFacts {
  readonly modulesFile: FileContent;
  readonly dracutConf: FileContent;
  readonly question: readonly string[];
  readonly freeBytes: number;
  readonly isRebuilt: boolean;
  readonly work: PackageWork | null;
  readonly menu: BootMenu;
}

export default defineModule<Args, Current>({
  name: 'initramfs',
  summary: "Keep every installed kernel's initramfs in step with modprobe.d and the modules to load early",
  description: `Compares what the images of all installed kernels hold with the files on the host, by content: times prove nothing, and a
run that died before its rebuild is completed by the next one. Images of all kernels count, because a newer one that waits
for its first boot would come up without the binding; and where update-grub writes the menu, an entry that was made before its
kernel had an image gets it. What an image holds is recorded in /var/lib/tsplay/initramfs after a
rebuild, so that later runs need not unpack it while it is the same file.

Which tool makes the images is found by looking. With initramfs-tools, modules to load early stand in
\`/etc/initramfs-tools/modules\` and update-initramfs(8) rebuilds. With dracut they stand as \`force_drivers\` in
\`/etc/dracut.conf.d/zz-tsplay.conf\` (dracut.conf(5)), which also takes /etc/modprobe.d into images made for any host; dracut(8)
writes each image beside the old one, which gives way only once the new one was unpacked and found whole. Rescue images are
left alone. Unified kernel images (\`uefi=yes\`) are recognised and refused.`,
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
  const question = [...listed.map(imagePath), ...OWN_SCRIPTS];
  const modules = given.modules.map(nameOf);
  const [images, modulesFile, dracutConf, config, others, script, hook, identity, freeBytes, menu, work] =
    await Promise.all([
      read(initramfs({ modules, files: question })),
      read(fileContent(MODULES_FILE)),
      read(fileContent(DRACUT_CONF)),
      given.files === 'modprobe' ? read(directoryFiles('/etc/modprobe.d', '.conf')) : [],
      Promise.all(listed.map((path) => read(fileContent(path)))),
      read(fileContent(BINDING_SCRIPT)),
      read(fileContent(BINDING_HOOK)),
      read(bootIdentity(task.runElapsedSeconds)),
      read(freeSpace('/boot')),
      bootMenu(read),
      read(packageWork()),
    ]);
  const missing = others.find((file) => file.kind !== 'file');
  if (missing) throw new TaskError(`${missing.path} should be in the initramfs but is no file on the host`);
  const ownScript = images.generator === 'dracut' ? hook : script;
  const wanted = Object.fromEntries([...config, ...others, ownScript].flatMap(wantedFile));
  const isRebuilt = identity.initramfsRebuilt;
  return { images, modulesFile, dracutConf, wanted, question, freeBytes, isRebuilt, menu, work };
}

function wantedFile(file: FileContent): readonly (readonly [string, ImageFile])[] {
  return file.kind === 'file'
    ? [[imagePath(file.path), { cksum: posixCksum(file.bytes), size: file.bytes.length }]]
    : [];
}

/** mkinitramfs(8) copies its scripts to /scripts, dracut a hook to where its own are, and both other files to where they are. */
function imagePath(path: string): string {
  if (path === BINDING_HOOK) return 'hooks/pre-udev/00-tsplay-pci-bind.sh';
  return path.replace(/^\/etc\/initramfs-tools\/(?=scripts\/)/, '').replace(/^\//, '');
}

function plan(given: Args, current: Current): readonly Change[] {
  refuseGenerator(current.images);
  const isDracut = current.images.generator === 'dracut';
  return [
    ...(isDracut ? planDracut(given, current) : planModulesFile(given, current)),
    ...planRebuild(given, current),
    ...planMenuImages(current.menu, current.images.images),
  ];
}

function planRebuild(given: Args, current: Current): readonly Change[] {
  const { generator, images } = current.images;
  const due = images.filter((image) => complaintsOf(image, given, current).length > 0);
  if (due.length === 0) return [];
  refuseLocked(current.images);
  refuseWork(current);
  refuseFullBoot(current);
  const early = wantedModules(given, current);
  const predicted = { early, modules: early.map(nameOf), files: current.wanted };
  const files = current.question;
  return [
    generator === 'dracut'
      ? rebuildWithDracut({ images: due, files, predicted })
      : rebuildInitramfs({ images, files, predicted }),
  ];
}

function refuseGenerator({ generator, unifiedBy, images }: Initramfs): void {
  const refuse = (found: string) => {
    throw new TaskError(`cannot keep the initramfs in step: ${found}`, { generator });
  };
  if (generator === 'none') refuse('no tool that makes images was found; initramfs-tools and dracut are supported');
  if (unifiedBy) refuse(`${unifiedBy} makes dracut write unified kernel images, which are not supported`);
  // An empty list would pass for images that are all as they should be.
  if (generator === 'dracut' && images.length === 0)
    refuse('no kernel with modules was found as /boot/vmlinuz-*; other layouts of dracut images are not supported');
}

/** dracut hands the names to modprobe alone: parameters come from modprobe.d. */
function planDracut(given: Args, current: Current): readonly Change[] {
  const withParams = given.modules.find((line) => /\s/.test(line));
  if (withParams)
    throw new TaskError(
      `dracut loads early modules without parameters: say modules: [${nameOf(withParams)}] and give "${withParams.replace(/^\S+\s+/, '')}" to kernel-module as params`,
    );
  const files = given.files === 'modprobe' ? [] : given.files;
  return planDracutConf(current.dracutConf, { drivers: wantedModules(given, current).map(nameOf), files });
}

/** `-u` does nothing then, and says so with exit status 0 (update-initramfs.conf(5)). */
function refuseLocked({ lockedBy, images }: Initramfs): void {
  if (lockedBy && images.some((image) => image.size !== null))
    throw new TaskError(`${lockedBy} says update_initramfs=no, so no image is made again; set it to yes`, {
      locked_by: lockedBy,
    });
}

/** A package that brings a kernel or a module has its images made too, by the same tool, over ours or under them. */
function refuseWork({ work }: Current): void {
  if (work)
    throw new TaskError(`${describeWork(work)}: images are not rebuilt meanwhile. Run again when that is over.`, {
      failure: 'packages-at-work',
    });
}

/** Either tool writes the new image beside the old one. */
function refuseFullBoot({ images, freeBytes }: Current): void {
  const largest = Math.max(0, ...images.images.map((image) => image.size ?? 0));
  if (freeBytes + images.spareBytes >= largest * 1.2) return;
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
