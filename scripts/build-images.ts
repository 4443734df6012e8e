import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage } from '../test/support/docker/image.ts';

/** `node scripts/build-images.ts [name…]`: the images of docker/, all of them by default, as the container tests would. */
const names = process.argv.slice(2);
const all = readdirSync(join(import.meta.dirname, '../docker'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
for (const name of names.length > 0 ? names : all) {
  const start = performance.now();
  const tag = await buildImage(name);
  console.log(`${tag}  ${Math.round((performance.now() - start) / 1000)} s`);
}
