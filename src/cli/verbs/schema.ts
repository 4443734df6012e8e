import { registry } from '../compose.ts';
import { playbookSchema } from '../playbook-schema.ts';

/** `tsplay schema`. */
export async function schema(): Promise<number> {
  console.log(JSON.stringify(playbookSchema(registry().modules), null, 2));
  return 0;
}
