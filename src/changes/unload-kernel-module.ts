import type { Applied, ChangeKind, UnloadKernelModule } from '../contract/change.ts';
import { program } from '../contract/command.ts';
import type { HostSession } from '../contract/host-session.ts';
import { TaskError } from '../contract/task-error.ts';
import { MODULE_TOUCHES, moduleResource } from './load-kernel-module.ts';

export function unloadKernelModule(module: string): UnloadKernelModule {
  return { kind: 'unload-kernel-module', module };
}

export const unloadKernelModuleKind: ChangeKind<UnloadKernelModule> = {
  kind: 'unload-kernel-module',
  describe: ({ module }) => `unload kernel module ${module}`,
  diff: (change) => ({ kind: 'action', description: unloadKernelModuleKind.describe(change) }),
  touches: () => MODULE_TOUCHES,
  predict: ({ module }) => ({ files: [], facts: [{ resource: moduleResource(module), value: { isLoaded: false } }] }),
  apply,
  undo: ({ module }) => ({ kind: 'load-kernel-module', module, params: [] }),
};

/** Without -f: the kernel's own refusal of a module in use is the last guard. */
async function apply(change: UnloadKernelModule, session: HostSession): Promise<Applied> {
  const start = performance.now();
  const output = await session.run(program(['modprobe', '-r', '--', change.module]));
  if (output.code !== 0) {
    const said = Buffer.from(output.stderr).toString().trim();
    throw new TaskError(
      `kernel module ${change.module} could not be unloaded: ${said || `modprobe exited with ${output.code}`}`,
      { rc: output.code },
    );
  }
  return { change, output, elapsed: (performance.now() - start) / 1000 };
}
