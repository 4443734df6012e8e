import type { ImageFile, Initramfs, InitramfsImage } from '../../probes/initramfs-image.ts';
import { normaliseModule } from '../../probes/modprobe-config.ts';

/** Where each generator puts the script of sysfs-bind, in an image. */
export const OWN_SCRIPTS = ['scripts/init-top/00-tsplay-pci-bind', 'hooks/pre-udev/00-tsplay-pci-bind.sh'];

/** What a task wants in every image. */
export interface ImageWish {
  readonly modules: readonly string[];
  readonly files: 'modprobe' | readonly string[];
}

/** What is there. */
export interface ImageFacts {
  readonly images: Initramfs;
  /** Wanted content by path in the image. */
  readonly wanted: Readonly<Record<string, ImageFile>>;
}

/** One complaint for each image that is not in step. */
export function stale(given: ImageWish, current: ImageFacts): readonly string[] {
  return current.images.images.flatMap((image) => {
    const complaints = complaintsOf(image, given, current);
    return complaints.length > 0 ? [`${image.path}: ${complaints.join(', ')}`] : [];
  });
}

export function complaintsOf(image: InitramfsImage, given: ImageWish, current: ImageFacts): readonly string[] {
  if (image.size === null) return ['there is none'];
  if (image.broken !== null) return [`cannot be unpacked (${image.broken})`];
  if (image.isUnjudged) return ['the run that made it did not end, and nobody looked at it'];
  const files = Object.entries(current.wanted).filter(([path, file]) => !isEqualFile(image.files[path], file));
  const surplus = Object.keys(image.files).filter(
    (path) => !(path in current.wanted) && (OWN_SCRIPTS.includes(path) || isModprobe(path, given)),
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

function isModprobe(path: string, { files }: ImageWish): boolean {
  return files === 'modprobe' && /^etc\/modprobe\.d\/[^/]*\.conf$/.test(path);
}

function isEqualFile(a: ImageFile | undefined, b: ImageFile): boolean {
  return a?.cksum === b.cksum && a.size === b.size;
}

/** A carriage return is part of the name for mkinitramfs, which then finds no such module. */
export function nameOf(line: string): string {
  return normaliseModule(line.split(/[ \t]/, 1)[0] ?? '');
}

export function wantedModules({ modules }: ImageWish, { images }: ImageFacts): readonly string[] {
  return modules.filter(
    (line) => images.images.length === 0 || images.images.some((image) => has(image, nameOf(line))),
  );
}

function has(image: InitramfsImage, name: string): boolean {
  return image.available.includes(name) || image.builtin.includes(name);
}

/** A line without parameters asks for the module only; one with parameters is taken at its word. */
export function isSameLine(line: string, wanted: string): boolean {
  return wanted.includes(' ')
    ? nameOf(line) === nameOf(wanted) && line.slice(line.indexOf(' ')) === wanted.slice(wanted.indexOf(' '))
    : nameOf(line) === nameOf(wanted);
}
