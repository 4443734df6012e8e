import { defineModule } from '../../contract/module.ts';
import { gpuWishTextArgs } from '../gpu/wish-args.ts';
import { type DoctorArgs, doctorArgs } from './args.ts';
import type { HostEvidence } from './evidence.ts';
import { observeHost } from './observe.ts';

/** What `tsplay doctor` runs on each host. It is no YAML key, and plans nothing. */
export const doctorSurvey = defineModule<DoctorArgs, HostEvidence>({
  name: 'doctor-survey',
  summary: 'Look at everything a GPU needs on its way to an instance',
  args: doctorArgs,
  textArgs: gpuWishTextArgs,
  observe: (args, read, task) => observeHost(args, read, task),
  plan: () => [],
  result: (_, evidence) => ({ evidence }),
  examples: [],
});
