import { type ModuleSpec, moduleNamed, underscored } from './catalog.ts';
import { modalias } from './cards.ts';
import type { SimulatedKernel } from './kernel.ts';
import { type ModprobeConfig, modulesForAlias, paramsOf } from './modprobe-config.ts';

/** One step of what modprobe would do, in order. */
export type LoadStep =
  | { readonly kind: 'insert'; readonly module: ModuleSpec; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'command'; readonly module: ModuleSpec; readonly command: string };

export interface LoaderOptions {
  readonly config: ModprobeConfig;
  readonly kernel: SimulatedKernel;
  /** Modules whose files can be read: all that are installed, or those in the initramfs. */
  readonly available: (name: string) => boolean;
}

/** modprobe's order: soft dependencies before, hard dependencies, the module or its install command, soft ones after. */
export function loadSteps(
  loader: LoaderOptions,
  name: string,
  given: Readonly<Record<string, string>>,
): readonly LoadStep[] {
  const steps: LoadStep[] = [];
  const seen = new Set<string>();
  const visit = (wanted: string, params: Readonly<Record<string, string>>): void => {
    const module = moduleNamed(wanted);
    if (!module || seen.has(module.name) || !loader.available(module.name)) return;
    seen.add(module.name);
    const soft = loader.config.softdeps.get(module.name);
    for (const before of soft?.pre ?? []) visit(before, {});
    for (const dependency of module.depends) visit(dependency, {});
    steps.push(stepFor(loader, module, params));
    for (const after of soft?.post ?? []) visit(after, {});
  };
  visit(name, given);
  return steps;
}

function stepFor(loader: LoaderOptions, module: ModuleSpec, given: Readonly<Record<string, string>>): LoadStep {
  const { config, kernel } = loader;
  // modprobe.d(5): a softdep makes the install command of the same module void.
  const command = config.softdeps.has(module.name) ? undefined : config.install.get(module.name);
  if (command !== undefined) return { kind: 'command', module, command };
  const params = { ...paramsOf(config, module.name), ...kernel.bootParams(module.name), ...given };
  return { kind: 'insert', module, params };
}

/** Loads as early boot and systemd-modules-load do: nobody reads the errors, and install commands lead nowhere. */
export function loadQuietly(loader: LoaderOptions, name: string, params: Readonly<Record<string, string>> = {}): void {
  if (moduleBlacklist(loader.kernel).has(underscored(name))) return;
  for (const step of loadSteps(loader, name, params)) {
    if (step.kind === 'insert') loader.kernel.load(step.module.name, step.params);
  }
}

/** `module_blacklist=` is honoured by the kernel itself, whoever asks. */
export function moduleBlacklist(kernel: SimulatedKernel): ReadonlySet<string> {
  const tokens = kernel.options.cmdline.split(/\s+/).filter((token) => token.startsWith('module_blacklist='));
  return new Set(tokens.flatMap((token) => token.slice(token.indexOf('=') + 1).split(',')).map(underscored));
}

/** What udev does for every device that is there: `modprobe` with its modalias. */
export function coldplug(loader: LoaderOptions): void {
  for (const pci of loader.kernel.options.functions) {
    for (const module of modulesForAlias(loader.config, modalias(pci))) loadQuietly(loader, module.name);
  }
}
