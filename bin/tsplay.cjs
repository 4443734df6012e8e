#!/usr/bin/env node
// Starts tsplay on a Node that is new enough: this one, or the one that `npm ci` put beside it. Old syntax on purpose.
'use strict';
var path = require('path');
var fs = require('fs');
var child = require('child_process');

var FLOOR = 24;
var root = path.join(__dirname, '..');
var entry = path.join(root, 'dist', 'cli', 'main.js');

if (!fs.existsSync(entry)) {
  console.error('tsplay is not built yet: run `npm ci && npm run build` in ' + root);
  process.exit(1);
}

if (parseInt(process.versions.node, 10) >= FLOOR) {
  // Compiled code is kept between starts, as Node offers it.
  require('module').enableCompileCache();
  import(require('url').pathToFileURL(entry).href).catch(function (error) {
    console.error(error);
    process.exit(1);
  });
} else {
  var newer = path.join(root, 'node_modules', 'node', 'bin', 'node');
  if (!fs.existsSync(newer)) {
    console.error('tsplay needs Node ' + FLOOR + ' or newer and this is ' + process.version + '; run `npm ci` in ' + root + ', which brings one along');
    process.exit(1);
  }
  var running = child.spawn(newer, [entry].concat(process.argv.slice(2)), { stdio: 'inherit' });
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
