// node compile.cjs BUNDLE ARGUMENT…: runs tsplay once for each way to report and leaves the code V8 has compiled by then in
// BUNDLE.code, behind the hash of the bundle. The script must be made exactly as bin/tsplay.cjs makes it.
'use strict';
const { createHash } = require('node:crypto');
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
const vm = require('node:vm');

const [bundle, ...words] = process.argv.slice(2);
const text = readFileSync(bundle);
const script = new vm.Script(text.latin1Slice(), {
  filename: bundle,
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

async function compile() {
  const exit = process.exit;
  for (const format of ['plain', 'json', 'pretty']) {
    process.argv = [process.argv[0], bundle, ...words, '-o', format];
    const code = await new Promise((resolve) => {
      process.exit = resolve;
      script.runInThisContext()(require, bundle, dirname(bundle));
    });
    if (code !== 0) throw new Error(`tsplay ${words.join(' ')} ended with ${code}`);
  }
  process.exit = exit;
  const hash = createHash('sha256').update(text).digest();
  writeFileSync(`${bundle}.code.new`, Buffer.concat([hash, script.createCachedData()]));
  renameSync(`${bundle}.code.new`, `${bundle}.code`);
}

compile().then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
