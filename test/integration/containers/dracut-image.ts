import type { Container } from '../../support/containers.ts';

/** What lsinitrd(1) lists of an image. */
export async function dracutFiles(container: Container, image: string): Promise<readonly string[]> {
  const listed = await container.look(['lsinitrd', image]);
  return listed.split('\n').map((line) => line.split(/\s+/).slice(8).join(' '));
}

/** One file out of an image; empty when it is not there. */
export async function dracutFile(container: Container, image: string, path: string): Promise<string> {
  return (await container.exec(['lsinitrd', '-f', path, image])).output;
}

/** When an image was made, in nanoseconds since 1970, and which one it is. */
export async function madeAt(container: Container, images: readonly string[]): Promise<string> {
  return container.look(['stat', '-c', '%n %i %z', ...images]);
}
