import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run demo`: starts the lab's fleet, takes it from bare to GPU-ready, runs the same again, and says what to try next.
 * Exit code 0 only if the second run found nothing to do. The lab goes on running until `npx tsplay lab stop`.
 */
const root = join(import.meta.dirname, '..');
const tsplay = [process.execPath, join(root, 'bin', 'tsplay.cjs')] as const;
const playbook = ['playbooks/gpu-cloud.yaml', '-i', 'inventory/'] as const;

function say(text: string): void {
  console.log(process.stdout.isTTY ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);
}

/** Runs a verb as a person would see it. */
function run(...words: readonly string[]): Promise<number> {
  console.log(`$ npx tsplay ${words.join(' ')}`);
  const child = spawn(tsplay[0], [tsplay[1], ...words], { cwd: root, stdio: 'inherit' });
  // Ctrl-C goes to the whole foreground group: the run decides how to stop, the demo only waits for it.
  process.on('SIGINT', () => {});
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

/** The second run again, for machines: what changed on which host. */
function changesOf(output: string): readonly string[] {
  const end = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as {
    recap?: readonly { host: string; changed: number }[];
  };
  return (end.recap ?? [{ host: 'no host', changed: 1 }]).filter(({ changed }) => changed > 0).map(({ host }) => host);
}

if (process.getuid?.() !== 0) {
  console.error(
    'The lab simulates hosts with mount namespaces and FUSE, for which it must be root: try sudo npm run demo.',
  );
  process.exit(1);
}

say('1. A throwaway fleet: three GPU hosts and a controller, simulated, behind real SSH');
spawnSync(tsplay[0], [tsplay[1], 'lab', 'stop'], { cwd: root, stdio: 'ignore' });
const started = await run('lab', 'start', '--detach');
if (started !== 0) process.exit(started);
console.log(readFileSync(join(root, '.lab', 'lab.log'), 'utf8').trimEnd());

say('2. From bare hosts to GPU-ready ones');
const first = await run('run', ...playbook);
if (first !== 0) process.exit(first);

say('3. The same again: nothing to do');
console.log(`$ npx tsplay run ${playbook.join(' ')} --output json`);
const second = spawnSync(tsplay[0], [tsplay[1], 'run', ...playbook, '--output', 'json'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
const changed = second.status === 0 ? changesOf(second.stdout) : ['(the run failed)'];
if (changed.length > 0) {
  console.error(`the second run changed ${changed.join(', ')}\n${second.stderr}`);
  process.exit(second.status || 1);
}
console.log('changed=0 on every host, no reboot');

say('The lab runs on. Try:');
console.log(`  npx tsplay check ${playbook.join(' ')}
  ssh -i .lab/id_ed25519 -o UserKnownHostsFile=.lab/known_hosts -p 2222 root@127.77.0.11
      echo 0000:88:00.1 > /sys/bus/pci/devices/0000:88:00.1/driver/unbind     break something,
  npx tsplay check ${playbook.join(' ')}                                       see it found (exit code 3),
  npx tsplay run ${playbook.join(' ')}                                         and mended
  npx tsplay run playbooks/rolling-reboot.yaml -i inventory/                  one host down at a time
  npx tsplay lab stop`);
