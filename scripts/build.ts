import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * Bundles src/ into dist/: reading four hundred small files cost half of what a short run takes. Verbs stay chunks of their
 * own, so that `tsplay --help` does not load ssh2. Types are checked by `npm run check`.
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
rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'src', 'cli', 'main.ts')],
  outdir: join(root, 'dist', 'cli'),
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // ssh2's native parts are optional and are left out.
  external: ['cpu-features', '*.node'],
  plugins: [withoutHttpAgents, withoutLocales],
  // ssh2 is CommonJS and asks for Node's own modules and its directory while it runs.
  banner: {
    js: "import { createRequire as tsplayRequire } from 'node:module'; const require = tsplayRequire(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;",
  },
  logLevel: 'warning',
});
