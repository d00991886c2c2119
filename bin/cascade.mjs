#!/usr/bin/env node
// Runs one of the program's TypeScript files: `node bin/cascade.mjs <file> [arguments]`. Node 24 and newer run it as it
// stands. An older one hands over to the Node that `npm ci` installed beside us, so this file itself is plain
// JavaScript that old versions understand. The file runs on being imported, so it must not ask `import.meta.main`.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const majorLeast = 24;
const [file, ...args] = process.argv.slice(2);

if (file === undefined) fail('Usage: node bin/cascade.mjs <file> [arguments]');
else if (Number(process.versions.node.split('.')[0]) >= majorLeast) await runHere(path.resolve(file));
else handOver(packagedNode());

async function runHere(entry) {
  process.argv = [process.argv[0], entry, ...args];
  await import(pathToFileURL(entry).href);
}

function packagedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
  } catch {
    return undefined;
  }
}

function handOver(node) {
  if (node === undefined) return tooOld('none is installed beside us (npm ci left out the optional packages)');
  const child = spawn(node, [...process.execArgv, path.resolve(file), ...args], { stdio: 'inherit' });
  for (const name of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(name, () => child.kill(name));
  // Ctrl-C in a terminal reaches the child by itself; a second one from us would look like impatience.
  if (!process.stdin.isTTY) process.on('SIGINT', () => child.kill('SIGINT'));
  else process.on('SIGINT', () => undefined);
  child.on('error', (error) => tooOld(`the installed one does not run here (${error.message})`));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

function tooOld(reason) {
  fail(`Cascade needs Node ${majorLeast} or newer. This is ${process.version}, and ${reason}.`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
