import type { Applied, ChangeKind, LoadKernelModule } from '../contract/change.ts';
import { script } from '../contract/command.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { Resource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';

/** Loading pulls in dependencies and may bind devices, so readings of either are stale afterwards. */
export const MODULE_TOUCHES: readonly Resource[] = ['module:/', 'pci:/', 'path:/proc/modules', 'path:/sys'];

export function moduleResource(name: string): Resource {
  return `module:/${name.replaceAll('-', '_')}`;
}

export function loadKernelModule(module: string, params: readonly string[] = []): LoadKernelModule {
  return { kind: 'load-kernel-module', module, params };
}

/** modprobe(8) exits 0 for a module whose `install` line is /bin/true, so only sysfs tells whether it is there. */
const SCRIPT = `m=$1
modprobe -- "$@" || exit
n=$(printf '%s' "$m" | tr - _)
[ -d "/sys/module/$n" ] || grep -q "^$n " /proc/modules && exit 0
echo "modprobe reported success but $m is not loaded: an install line in modprobe.d may block it" >&2
exit 1`;

export const loadKernelModuleKind: ChangeKind<LoadKernelModule> = {
  kind: 'load-kernel-module',
  describe: ({ module, params }) => `load kernel module ${[module, ...params].join(' ')}`,
  diff: (change) => ({ kind: 'action', description: loadKernelModuleKind.describe(change) }),
  touches: () => MODULE_TOUCHES,
  predict: ({ module }) => ({ files: [], facts: [{ resource: moduleResource(module), value: { isLoaded: true } }] }),
  apply,
  undo: ({ module }) => ({ kind: 'unload-kernel-module', module }),
};

async function apply(change: LoadKernelModule, session: HostSession): Promise<Applied> {
  const start = performance.now();
  const output = await session.run(script(SCRIPT, [change.module, ...change.params]));
  if (output.code !== 0) {
    const said = Buffer.from(output.stderr).toString().trim();
    throw new TaskError(
      `kernel module ${change.module} could not be loaded: ${said || `modprobe exited with ${output.code}`}`,
      { rc: output.code },
    );
  }
  return { change, output, elapsed: (performance.now() - start) / 1000 };
}
