import { Secret } from '../../contract/secret.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { Auth } from './connection-args.ts';

/** How to reach one cloud, whoever said it. */
export interface CloudSettings {
  /** For messages: "cloud admin of /etc/openstack/clouds.yaml". */
  readonly source: string;
  readonly auth: Auth;
  readonly authType?: string;
  readonly regionName?: string;
  readonly interface?: string;
  readonly caFile?: string;
  /** False: somebody asked for certificates not to be verified. */
  readonly verify?: boolean;
}

type Texts = Readonly<Record<string, string>>;

/** `auth` keys by the names of keystoneauth's options; others (`tenant_name`) are old spellings. */
const AUTH_KEYS: Readonly<Record<string, keyof Auth>> = {
  auth_url: 'auth_url',
  username: 'username',
  user_name: 'username',
  user_id: 'user_id',
  password: 'password',
  project_name: 'project_name',
  tenant_name: 'project_name',
  project_id: 'project_id',
  tenant_id: 'project_id',
  user_domain_name: 'user_domain_name',
  user_domain_id: 'user_domain_id',
  project_domain_name: 'project_domain_name',
  project_domain_id: 'project_domain_id',
  default_domain: 'domain_id',
  default_domain_id: 'domain_id',
  default_domain_name: 'domain_name',
  domain_name: 'domain_name',
  domain_id: 'domain_id',
  system_scope: 'system_scope',
  application_credential_id: 'application_credential_id',
  application_credential_name: 'application_credential_name',
  application_credential_secret: 'application_credential_secret',
};

const SECRETS: readonly (keyof Auth)[] = ['password', 'application_credential_secret'];

/** @throws {TaskError} without an `auth_url` */
export function authOf(texts: Texts, source: string): Auth {
  const known = Object.entries(texts).flatMap(([name, text]) => {
    const key = Object.hasOwn(AUTH_KEYS, name) ? AUTH_KEYS[name] : undefined;
    return key === undefined || text === '' ? [] : [[key, SECRETS.includes(key) ? new Secret(text) : text] as const];
  });
  const { auth_url, ...rest } = Object.fromEntries(known) as Partial<Auth>;
  if (auth_url === undefined) throw new TaskError(`${source} has no auth_url: where is keystone?`);
  return { auth_url, ...rest };
}
