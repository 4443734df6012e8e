import { z } from 'zod';
import type { RebootReason } from '../contract/change.ts';
import type { FileContent } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { type DeviceHolder, deviceHolders } from '../probes/device-holders.ts';
import { directoryFiles } from '../probes/directory.ts';
import { fileContent, fileState } from '../probes/file.ts';
import { initramfsGenerator } from '../probes/initramfs-generator.ts';
import { filesInForce, MODPROBE_DIRECTORIES, parseModprobeFiles } from '../probes/modprobe-config.ts';
import { type PciAnchors, pciAnchors } from '../probes/pci-anchors.ts';
import { type PciFunction, pciTree } from '../probes/pci.ts';
import { vfioAliases } from '../probes/vfio-aliases.ts';
import { pseudoFile } from '../probes/pseudo-file.ts';
import { BINDING_HOOK, BINDING_MODULE, BINDING_SCRIPT, BINDING_SETUP, bootIds, isVfio } from './gpu/boot-binding.ts';
import { bindingReasons, isLeft, isMisbound } from './gpu/binding-reasons.ts';
import { bootMenu } from './gpu/boot-menu.ts';
import {
  expandTargets,
  refuseAnchors,
  refuseReserved,
  refuseShared,
  refuseUnviableGroups,
  type TargetRules,
  withGroups,
} from './gpu/binding-targets.ts';
import { planLive } from './gpu/live-binding.ts';
import { obstacles } from './gpu/obstacles.ts';
import { isSelector, parseSelector } from './gpu/pci-selector.ts';
import { type DracutModule, planBootBinding } from './gpu/plan-boot-binding.ts';
import { driverFor, type Variants, variantFor } from './gpu/variant-drivers.ts';

const hex = (digits: string) =>
  z.string().regex(new RegExp(`^(0x)?[0-9a-fA-F]{${digits}}$`), `must be ${digits} hexadecimal digits; quote it`);
const selector = z.union([
  z.string().refine(isSelector, 'must be an address (0000:88:00.0) or an id (10de:20f1); quote it'),
  z.strictObject({
    class: hex('2,6').describe('Beginning of the class: `0302` is a 3D controller, `03` any display controller.'),
    vendor: hex('4').optional().describe('Vendor id, e.g. `10de`.'),
  }),
]);

const args = z.strictObject({
  devices: z
    .array(selector)
    .min(1)
    .describe('Addresses, ids or classes of the functions to bind. Each must name at least one.'),
  exclude: z.array(selector).default([]).describe('What the host keeps, though `devices` names it.'),
  driver: z
    .string()
    .regex(
      /^(?!none$|vfio_pci$)[A-Za-z0-9_-]+$/,
      'must be the name of a driver as sysfs shows it, e.g. vfio-pci, or auto, or native',
    )
    .default('vfio-pci')
    .describe(
      'The driver; `auto` is vfio-pci or what the kernel has made of it for this device (Grace Hopper needs its own); `native` gives the functions back to their own.',
    ),
  functions: z
    .enum(['slot', 'listed'])
    .default('slot')
    .describe('`slot`: all functions of a card. `listed`: only those named.'),
  group_policy: z
    .enum(['require-viable', 'bind-all', 'ignore'])
    .default('require-viable')
    .describe(
      'What to do when another member of the IOMMU group is on a host driver: refuse, bind it too, or leave it.',
    ),
  mode: z
    .enum(['live', 'persist', 'both'])
    .default('live')
    .describe('`live`: bind now. `persist`: see that every boot does. `both`: each.'),
  in_use: z
    .enum(['refuse', 'leave'])
    .default('refuse')
    .describe(
      'When a process has one of the cards open, or a driver did not let go before: refuse, or leave all that are not bound yet to a reboot, which `reboot_reasons` asks for.',
    ),
});
type Args = z.infer<typeof args>;

interface Current {
  readonly functions: readonly PciFunction[];
  readonly targets: readonly PciFunction[];
  readonly anchors: PciAnchors;
  readonly holders: readonly DeviceHolder[];
  readonly script: FileContent;
  readonly dracut: DracutModule | null;
  /** What vfio-pci, and pci-stub, will take by id at boot. */
  readonly bootIds: readonly string[];
  readonly stubIds: readonly string[];
  /** With `driver: auto`. */
  readonly variants?: Variants;
}

export default defineModule<Args, Current>({
  name: 'sysfs-bind',
  summary: 'Bind PCI functions to a driver, now and at every boot',
  description: `Binds by driver_override and drivers_probe (Documentation/ABI/testing/sysfs-bus-pci), which reach exactly one function; ids
would reach every card alike. Before anything is unbound: the whole card is taken, its IOMMU group must be viable
(Documentation/driver-api/vfio.rst), no process may hold the device, the kernel must not have refused it to VFIO in this boot for
memory that the firmware reserves (RMRR), and functions that carry the host's disks or routes are
refused whatever the arguments say. A driver that does not let go within ten seconds is left alone, with the override set.
\`in_use: leave\` takes a held card for a matter of the next boot instead: nothing is unbound and \`reboot_reasons\` says why.

For every boot: where vfio-pci's ids (modprobe.d, command line, initramfs-tools' modules file) name exactly the wanted cards,
they are enough, unless pci-stub's name them too or a built-in driver is faster. Otherwise a script in the initramfs sets
driver_override by address before udev starts (a script of init-top with initramfs-tools, a module with a pre-udev hook with
dracut); run \`initramfs\` afterwards. A driver other than vfio-pci has to be loaded at boot too: \`kernel-module\` with
\`persistent: true\` for each \`wanted_driver\` of the result.`,
  args,
  textArgs: ['devices.*', 'exclude.*', 'devices.*.class', 'devices.*.vendor', 'exclude.*.class', 'exclude.*.vendor'],
  observe,
  plan: (asked, current) => {
    const given = withVariants(asked, current);
    refuseAnchors(current.targets, current.anchors);
    if (isVfio(given.driver) && given.group_policy !== 'ignore')
      refuseUnviableGroups(current.functions, current.targets, current.anchors);
    if (isVfio(given.driver)) refuseReserved(current.targets);
    refuseShared(
      current.functions,
      current.targets.filter((one) => isMisbound(one, given)),
    );
    const persisted = given.mode === 'live' ? [] : planBootBinding({ ...current, driver: given.driver });
    return given.mode === 'persist' ? persisted : [...persisted, ...planLive(given, current)];
  },
  result: (asked, current) => ({
    functions: current.targets.map((one) => ({
      address: one.address,
      driver: one.driver,
      wanted_driver: driverFor(one, withVariants(asked, current)),
      iommu_group: one.iommuGroup,
      reset_method: one.resetMethods,
    })),
    warnings: isVfio(withVariants(asked, current).driver) ? current.targets.flatMap(warningsOn) : [],
    reboot_reasons: bootReasons(withVariants(asked, current), current),
  }),
  examples: [
    { title: 'All cards of a model', task: 'sysfs-bind:\n  devices: ["10de:20f1"]' },
    {
      title: 'All NVIDIA 3D controllers but one, at every boot too',
      task: 'sysfs-bind:\n  devices: [{class: "0302", vendor: "10de"}]\n  exclude: ["0000:88:00.0"]\n  mode: both',
    },
    { title: 'Give a card back', task: 'sysfs-bind:\n  devices: ["0000:88:00.0"]\n  driver: native' },
  ],
});

/** That the firmware drew on a card does no harm by itself; what still lies in its memory does. */
function warningsOn(one: PciFunction): readonly string[] {
  const hindrances = obstacles(one);
  return one.bootVga && hindrances.length === 0
    ? [
        `${one.address} is the display of the firmware: a guest may find its memory taken (BAR 0: can't reserve). Make the BMC or onboard display the primary one.`,
      ]
    : hindrances;
}

/** `auto` is vfio-pci, and another name for those functions that have a driver of their own. */
function withVariants(given: Args, { variants }: Pick<Current, 'variants'>) {
  return given.driver === 'auto' ? { ...given, driver: 'vfio-pci', ...(variants && { variants }) } : given;
}

function bootReasons(given: ReturnType<typeof withVariants>, current: Current): readonly RebootReason[] {
  return given.mode === 'persist' || isLeft(given, current) ? bindingReasons(given, current) : [];
}

const EARLY_MODULES = '/etc/initramfs-tools/modules';

/** Which driver holds a function is a matter of this boot: in check mode nobody knows what the one after a planned reboot does. */
const thisBoot = pseudoFile('/proc/sys/kernel/random/boot_id', ['kernel:/boot-id']);

async function observe(given: Args, read: Read): Promise<Current> {
  const [tree, anchors, binding, menu, config, early, aliases] = await Promise.all([
    read(pciTree()),
    read(pciAnchors()),
    bindingFiles(read),
    given.mode === 'live' ? null : bootMenu(read),
    given.mode === 'live'
      ? []
      : Promise.all(MODPROBE_DIRECTORIES.map((directory) => read(directoryFiles(directory, '.conf')))),
    given.mode === 'live' ? null : read(fileContent(EARLY_MODULES)),
    given.driver === 'auto' ? read(vfioAliases()) : [],
    given.mode === 'persist' ? null : read(thisBoot),
  ]);
  const { functions } = tree;
  const named = expandTargets(functions, rulesOf(given));
  const targets = given.group_policy === 'bind-all' ? withGroups(functions, named) : named;
  const variants = new Map(targets.map((one) => [one.address, variantFor(one, aliases)]));
  const wish = withVariants(given, { variants });
  const moving = given.mode === 'persist' ? [] : targets.filter((one) => one.driver !== null && isMisbound(one, wish));
  const holders = moving.length > 0 ? await read(deviceHolders(moving.map((one) => one.address))) : [];
  const boot = {
    directives: parseModprobeFiles(filesInForce(config)),
    cmdline: menu?.entries?.default?.tokens ?? [],
    // dracut does not read that file, which may have stayed behind.
    early: early?.kind === 'file' && !binding.dracut ? Buffer.from(early.bytes).toString() : '',
  };
  return {
    functions,
    targets,
    anchors,
    holders,
    ...binding,
    bootIds: bootIds('vfio_pci', boot),
    stubIds: bootIds('pci_stub', boot),
    ...(given.driver === 'auto' && { variants }),
  };
}

async function bindingFiles(read: Read): Promise<Pick<Current, 'script' | 'dracut'>> {
  const [generator, script, hook, setup, directory] = await Promise.all([
    read(initramfsGenerator()),
    read(fileContent(BINDING_SCRIPT)),
    read(fileContent(BINDING_HOOK)),
    read(fileContent(BINDING_SETUP)),
    read(fileState(BINDING_MODULE)),
  ]);
  return generator === 'dracut' ? { script: hook, dracut: { directory, setup } } : { script, dracut: null };
}

function rulesOf({ devices, exclude, functions, group_policy }: Args): TargetRules {
  return {
    devices: devices.map(parseSelector),
    exclude: exclude.map(parseSelector),
    functions,
    groupPolicy: group_policy,
  };
}
