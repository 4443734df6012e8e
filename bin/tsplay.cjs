#!/usr/bin/env node
// Starts tsplay on a Node that is new enough: this one, or the one that `npm ci` put beside it. Old syntax on purpose.
'use strict';
var path = require('path');
var fs = require('fs');

var FLOOR = 24;
var root = path.join(__dirname, '..');
var bundle = path.join(root, 'dist', 'cli', 'tsplay.cjs');

if (!fs.existsSync(bundle)) {
  console.error('tsplay is not built yet: run `npm ci && npm run build` in ' + root);
  process.exit(1);
}

if (parseInt(process.versions.node, 10) >= FLOOR) load();
else startNewer();

/** Compiling what a short run needs takes longer than all else it does, so the build left compiled code beside the text. */
function load() {
  var vm = require('vm');
  var text = fs.readFileSync(bundle);
  var script = new vm.Script(text.latin1Slice(), {
    filename: bundle,
    cachedData: codeOf(text),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  script.runInThisContext()(require, bundle, path.dirname(bundle));
}

/** V8 tells other versions of itself apart, but another text only by its length: the code begins with the hash of its text. */
function codeOf(text) {
  var code;
  try {
    code = fs.readFileSync(bundle + '.code');
  } catch (error) {
    return undefined;
  }
  var hash = require('crypto').createHash('sha256').update(text).digest();
  return hash.equals(code.subarray(0, hash.length)) ? code.subarray(hash.length) : undefined;
}

function startNewer() {
  var newer = path.join(root, 'node_modules', 'node', 'bin', 'node');
  if (!fs.existsSync(newer)) {
    console.error('tsplay needs Node ' + FLOOR + ' or newer and this is ' + process.version + '; run `npm ci` in ' + root + ', which brings one along');
    process.exit(1);
  }
  var running = require('child_process').spawn(newer, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, since it shares the terminal; here it only must not end the parent first.
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (name) {
    process.on(name, function () {
      if (name !== 'SIGINT') running.kill(name);
    });
  });
  running.on('exit', function (code, signal) {
    if (signal) process.kill(process.pid, signal);
    else process.exit(code);
  });
}
