// A lab of one host in a process of its own, for tests that kill it.
import { labCommand } from '../../src/lab/command.ts';
import { host } from './lab-fixture.ts';

const directory = process.argv[2] ?? '';
process.exitCode = await labCommand({
  action: 'start',
  foreground: [process.execPath],
  lab: { directory, hosts: [host('solo')] },
  print: (line) => process.stdout.write(`${line}\n`),
});
