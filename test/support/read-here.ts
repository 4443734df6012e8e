import { spawnSync } from 'node:child_process';
import type { Command, Output } from '../../src/contract/command.ts';
import type { Probe } from '../../src/contract/probe.ts';

/** Makes a reading on this machine with its real `sh`. */
export function readHere<Value>(probe: Probe<Value>): Value {
  const outputs = probe.kind.commands([probe.subject]).map(runHere);
  const [reading] = probe.kind.parse([probe.subject], outputs);
  if (!reading) throw new Error(`${probe.kind.name} gave no reading`);
  if (!reading.ok) throw new Error(reading.error);
  return reading.value;
}

export function runHere(command: Command): Output {
  const [file, ...args] =
    command.kind === 'script' ? ['sh', '-c', command.script, 'sh', ...command.args] : command.argv;
  const done = spawnSync(file, args, { cwd: '/', env: { ...process.env, ...command.env, LC_ALL: 'C' } });
  return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr, truncated: false };
}
