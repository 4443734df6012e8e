import { z } from 'zod';
import { defineModule } from '../../contract/module.ts';
import { type PciNames, pciNames } from '../../probes/pci-names.ts';
import { type PciTree, pciTree } from '../../probes/pci.ts';
import { type GpuSurvey, surveyGpus } from './card-survey.ts';
import { gpuWishArgs, gpuWishTextArgs, wishOf } from './wish-args.ts';

interface Current {
  readonly tree: PciTree;
  readonly names: PciNames;
}

type Args = z.infer<typeof gpuWishArgs>;

/** What `tsplay gpus` runs on each host. It is no YAML key: `pci-facts` is its sibling for playbooks. */
export const gpuSurvey = defineModule<Args, Current>({
  name: 'gpu-survey',
  summary: 'Look at the GPUs of a host',
  args: gpuWishArgs,
  textArgs: gpuWishTextArgs,
  async observe(_, read) {
    const [tree, names] = await Promise.all([read(pciTree()), read(pciNames())]);
    return { tree, names };
  },
  plan: () => [],
  result: (given, { tree, names }) => ({ survey: surveyGpus(tree, names, wishOf(given)) satisfies GpuSurvey }),
  examples: [],
});
