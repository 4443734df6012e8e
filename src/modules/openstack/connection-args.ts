import { z } from 'zod';
import { Secret } from '../../contract/secret.ts';
import { hostPath } from '../fields.ts';

const secret = z
  .string()
  .min(1)
  .transform((text) => new Secret(text));

/** What an `auth` mapping may hold, in clouds.yaml and as an argument. */
export const authFields = z.strictObject({
  auth_url: z.string().describe('Where keystone is: `https://ctl:5000/v3`'),
  username: z.string().optional().describe('User name'),
  user_id: z.string().optional().describe('User id, instead of a name'),
  password: secret.optional().describe('Password; from a vault'),
  project_name: z.string().optional().describe('Project to act in'),
  project_id: z.string().optional().describe('Project id, instead of a name'),
  user_domain_name: z.string().optional().describe('Domain of the user'),
  user_domain_id: z.string().optional().describe('Domain id of the user'),
  project_domain_name: z.string().optional().describe('Domain of the project'),
  project_domain_id: z.string().optional().describe('Domain id of the project'),
  domain_name: z.string().optional().describe('Domain of user and project alike, where these are not given'),
  domain_id: z.string().optional().describe('Its id'),
  system_scope: z.string().optional().describe('`all`: act on the system instead of a project'),
  application_credential_id: z.string().optional().describe('Application credential'),
  application_credential_name: z.string().optional().describe('Its name, with the user it belongs to'),
  application_credential_secret: secret.optional().describe('Its secret; from a vault'),
});

export type Auth = z.output<typeof authFields>;

/** Arguments of every module that talks to an OpenStack cloud, named as Ansible's openstack.cloud collection names them. */
export const connectionArgs = {
  cloud: z
    .string()
    .min(1)
    .optional()
    .describe('Cloud of the host’s clouds.yaml; absent: `OS_CLOUD`, `OS_*`, or its only cloud'),
  auth: authFields.optional().describe('Credentials themselves, instead of `cloud`'),
  openrc: hostPath
    .optional()
    .describe('File on the host with lines `export OS_…=…`, instead of `cloud`; it is read, not run'),
  region_name: z.string().min(1).optional().describe('Region, where the cloud has several'),
  interface: z
    .enum(['public', 'internal', 'admin'])
    .optional()
    .describe('Which endpoints of the catalogue to use; absent: as the cloud says, else `public`'),
  ca_cert: hostPath.optional().describe('File on the host with the certificates to trust'),
  insecure: z
    .boolean()
    .default(false)
    .describe('Do not verify certificates. A clouds.yaml or OS_INSECURE that asks for it is refused without this'),
  timeout: z.number().min(1).max(100).default(30).describe('Seconds for each request'),
};

export type ConnectionArgs = z.output<z.ZodObject<typeof connectionArgs>>;

/** For the schema of a module: one source of credentials, known before any host is asked. */
export function hasOneSource({ cloud, auth, openrc }: Partial<ConnectionArgs>): boolean {
  return [cloud, auth, openrc].filter((given) => given !== undefined).length <= 1;
}
