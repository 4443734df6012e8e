import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { drained } from '../report/drained.ts';
import { prose, span } from '../report/line.ts';
import { paint } from '../report/paint.ts';
import { withHostOptions, withInventory, withPlayOptions } from './options.ts';

// Verbs are imported when they are called: `tsplay --help` must not load ssh2.
const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

const tsplay = new Command('tsplay')
  .description('Idempotent, agentless provisioning for GPU clouds: typed YAML playbooks over SSH.')
  .version(version)
  .showHelpAfterError('(add --help for what is possible)')
  .addHelpText(
    'after',
    folded(
      'Exit codes: 0 converged, 1 invalid input, 2 a host failed, 3 drift found by check, 4 a host unreachable, 130 interrupted.',
    ),
  );

withPlayOptions(tsplay.command('run').description('apply playbooks to hosts').argument('<playbook...>'))
  .option('-C, --check', 'the same as `tsplay check`')
  .action(async (playbooks, options) => exit((await import('./verbs/play.ts')).play(playbooks, 'run', options)));

withPlayOptions(
  tsplay.command('check').description('report what a run would change, and change nothing').argument('<playbook...>'),
).action(async (playbooks, options) => exit((await import('./verbs/play.ts')).play(playbooks, 'check', options)));

withInventory(
  tsplay
    .command('validate')
    .description('find every mistake that can be found without a host')
    .argument('<playbook...>'),
).action(async (playbooks, options) => exit((await import('./verbs/validate.ts')).validate(playbooks, options)));

withInventory(
  tsplay
    .command('inventory')
    .description('show hosts, groups and variables')
    .argument('[pattern]', 'hosts to show', 'all'),
)
  .option('--list', 'as JSON, in the format of executable inventories')
  .option('--host <name>', 'the variables of one host as JSON')
  .option('--graph', 'groups and hosts as a tree (default)')
  .action(async (pattern, options) => exit((await import('./verbs/inventory.ts')).inventory(pattern, options)));

withHostOptions(
  tsplay
    .command('gpus')
    .description('list every GPU of the fleet, and what keeps it from guests; changes nothing')
    .argument('[pattern]', 'hosts to look at', 'all'),
)
  .addOption(new Option('--only <state>', 'show only these cards').choices(['ready', 'not-ready', 'kept']))
  .option('--require-ready', 'exit with 3 when a card for guests is not ready')
  .addOption(new Option('-o, --output <format>', 'how to report').choices(['table', 'json']).default('table'))
  .addHelpText(
    'after',
    folded(
      'A card is ready when every function of its slot is on vfio-pci and nothing else in its IOMMU group is on a host driver.',
      'Cards that gpu_devices and gpu_exclude of the inventory leave to the host, the firmware\'s console, and cards shared by SR-IOV are "kept". Model names come from each host\'s own pci.ids or hardware database.',
      '',
      'Exit codes: 0 listed, 1 invalid input, 2 a host failed, 3 a card is not ready (only with --require-ready), 4 a host unreachable, 130 interrupted.',
    ),
  )
  .action(async (pattern, options) => exit((await import('./verbs/gpus.ts')).gpus(pattern, options)));

withHostOptions(
  tsplay
    .command('doctor')
    .description('say why an instance gets "No valid host": the first broken link from firmware to flavor')
    .argument('[pattern]', 'hosts to look at: computes and controllers together', 'all'),
)
  .option('--flavor <name[=alias:count]>', "only this flavor; its property as in 'gpu.a100=a100:1'")
  .option('--all', 'show every link, not only those up to the first broken one')
  .addOption(new Option('-o, --output <format>', 'how to report').choices(['text', 'json']).default('text'))
  .addHelpText(
    'after',
    folded(
      'Changes nothing. nova.conf may be read by root and nova only: log in as root, or add --become.',
      "Hosts are computes when they are in the group gpu_hosts or have a GPU for guests, and controllers when they are in nova_controllers or run Nova's API, scheduler or conductor. Links between them can only be judged when both are asked.",
      'Flavors and Placement are asked from a controller, with its clouds.yaml or the OS_* variables set here.',
      'What cannot be looked at is "not checked", with the reason, and never counts as fine.',
      '',
      'Exit codes: 0 every link that could be checked holds, 1 invalid input, 2 a host failed, 3 a link is broken, 4 a host unreachable, 130 interrupted.',
    ),
  )
  .action(async (pattern, options) => exit((await import('./verbs/doctor.ts')).doctor(pattern, options)));

tsplay
  .command('doc')
  .description('show what a module does and takes')
  .argument('[module]', 'without one: all modules')
  .action(async (name) => exit((await import('./verbs/doc.ts')).doc(name)));

tsplay
  .command('schema')
  .description('print the JSON Schema of playbooks, for editors')
  .action(async () => exit((await import('./verbs/schema.ts')).schema()));

tsplay
  .command('lab')
  .description('start simulated GPU hosts and a controller on loopback addresses, to try, rehearse and test')
  .argument('[action]', 'start, stop or status', 'start')
  .option('-d, --detach', 'go on in the background until `tsplay lab stop`')
  .option('--vm', 'one virtual machine with a real kernel, IOMMU and boot loader instead (QEMU)')
  .option('--state <directory>', "where keys and the lab's state are kept", '.lab')
  .addOption(new Option('--fault <host=fault...>', 'order a fault, e.g. gpu02=never-returns').default([], 'none'))
  .addHelpText(
    'after',
    folded(
      'Simulated: PCI bus, drivers and IOMMU groups, kernel modules, boot menu, initramfs, reboot, systemd and the Nova services.',
      'Real: the SSH protocol, sh, files, processes and permissions, on a copy of this machine that is thrown away.',
      '',
      'Faults, ordered as --fault gpu02=never-returns (some take a value: gpu01=slow-link:200)',
      'at the next reboot: never-returns, same-boot-id, new-host-key, wrong-machine-id, second-reboot[:ms]',
      'at once: hang-unbind[:address], full-boot, slow-link[:ms], drop-after-bytes[:n], noise[:text]',
    ),
  )
  .action(async (action, options) => exit((await import('./verbs/lab.ts')).lab(action, options)));

/** Paragraphs below a verb's options, as wide as commander makes those. */
function folded(...paragraphs: readonly string[]): string {
  const lines = ['', ...paragraphs].map((text) => prose(0, span(text)));
  return paint(lines, { hasColour: false, columns: () => process.stdout.columns || 80 }).trimEnd();
}

/** Lets output drain before the process ends; the connections have said goodbye, and hosts may take their time to answer. */
async function exit(work: Promise<number>): Promise<void> {
  const code = await work.catch(unexpected);
  await Promise.all([process.stdout, process.stderr].map((stream) => drained(stream)));
  process.exit(code);
}

function unexpected(error: unknown): number {
  console.error(`tsplay: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env.TSPLAY_DEBUG) console.error(error);
  return 1;
}

tsplay.parseAsync().catch((error) => process.exit(unexpected(error)));
