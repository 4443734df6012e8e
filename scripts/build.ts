import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { warmUp } from './warm-up.ts';

/**
 * Bundles src/ into dist/: reading four hundred small files cost half of what a short run takes. What `import()` names is
 * evaluated when it is called for, so that `tsplay --help` does not start ssh2. Types are checked by `npm run check`.
 */
const withoutHttpAgents: Plugin = {
  // ssh2 also brings agents for HTTP over SSH, which nothing here uses: they load Node's http, https and tls at every start.
  name: 'without-http-agents',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/http-agents\.js$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** zod's messages in forty languages are a fifth of the bundle, and only the English ones are ever asked for. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup(bundle) {
    bundle.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

const root = join(import.meta.dirname, '..');
const bundle = join(root, 'dist', 'cli', 'tsplay.cjs');
rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'src', 'cli', 'main.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  sourcemap: true,
  minifyWhitespace: true,
  // ssh2's native parts are optional and are left out.
  external: ['cpu-features', '*.node'],
  plugins: [withoutHttpAgents, withoutLocales],
  define: { 'import.meta.url': 'bundleUrl' },
  // One function, called by bin/tsplay.cjs.
  banner: {
    js: "(function (require, __filename, __dirname) { const module = { exports: {} }, bundleUrl = require('node:url').pathToFileURL(__filename).href;",
  },
  footer: { js: '})' },
  logLevel: 'warning',
});
const text = readFileSync(bundle);
if (text.some((byte) => byte > 127))
  throw new Error(`${bundle} is not plain ASCII, and bin/tsplay.cjs reads it as Latin-1`);
await warmUp(bundle);
