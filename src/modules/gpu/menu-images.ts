import type { Change } from '../../contract/change.ts';
import type { BootEntry } from '../../probes/grub-config.ts';
import type { InitramfsImage } from '../../probes/initramfs-image.ts';
import type { BootMenu } from './boot-menu.ts';
import { updateGrub, withEntries } from './update-grub.ts';

type Images = readonly Pick<InitramfsImage, 'kernel' | 'path'>[];

/**
 * grub-mkconfig gives an entry the image that is there when it runs. One that was made afterwards is in no entry, and the
 * kernel would start without the drivers of its root disk, and without a binding.
 */
export function planMenuImages({ loader, entries }: BootMenu, images: Images): readonly Change[] {
  if (loader.kind !== 'grub-mkconfig' || !entries) return [];
  if (!entries.own.some((entry) => imageLackedBy(entry, images))) return [];
  const complete = (entry: BootEntry): BootEntry => {
    const image = imageLackedBy(entry, images);
    return image === undefined ? entry : { ...entry, initrds: [image] };
  };
  return [updateGrub(loader.updateCommand, withEntries(entries, complete))];
}

/** An entry of a hand-written menu may do without on purpose. */
function imageLackedBy({ section, kernel, initrds }: BootEntry, images: Images): string | undefined {
  if (section === null || initrds.length > 0) return undefined;
  return images.find((image) => /vmlinu[xz]-(.*)$/.exec(kernel)?.[1] === image.kernel)?.path;
}
