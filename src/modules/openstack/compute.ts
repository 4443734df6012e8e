import type { TaskView } from '../../contract/module.ts';
import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { type HttpQuestion, httpExchange } from '../../probes/openstack/http-exchange.ts';
import { type CloudAccess, cloudAccess, resourceOf, type ServiceApi, serviceUrl, tokenFor } from './api.ts';
import type { ConnectionArgs } from './connection-args.ts';
import { jsonOf, type Token } from './identity.ts';

/**
 * The newest microversion that is used: 2.61 lists extra specs with the flavors, 2.86 lets Nova check extra specs itself.
 *
 * Source: nova `api/openstack/compute/rest_api_version_history.rst`.
 */
const NEWEST_USED = 86;

export interface ComputeApi extends ServiceApi {
  /** The minor number of `2.x`. */
  readonly minor: number;
}

/** Opens the way to Nova: credentials, token, endpoint, microversion. */
export async function computeApi(args: ConnectionArgs, read: Read, task: TaskView): Promise<ComputeApi> {
  const access = await cloudAccess(args, read, task);
  return computeBehind(access, await tokenFor(access, read, 0), read);
}

/** The same, for one who has a token. */
export async function computeBehind(access: CloudAccess, token: Token, read: Read): Promise<ComputeApi> {
  const url = versionedUrl(serviceUrl(token, 'compute', access), token);
  const question: HttpQuestion = {
    request: { method: 'GET', url: `${url}/`, headers: { Accept: 'application/json', 'X-Auth-Token': token.value } },
    client: access.client,
    okStatuses: [200],
    advice: { 404: 'is the compute endpoint in the catalogue right?' },
  };
  const answer = await read(httpExchange(question, [resourceOf(`${url}/`)]));
  const minor = minorOf(jsonOf(question.request, answer), url);
  const version = `2.${minor}`;
  return {
    access,
    url,
    token: token.value,
    minor,
    // The second is what Nova understood before 2.27.
    headers: { 'OpenStack-API-Version': `compute ${version}`, 'X-OpenStack-Nova-API-Version': version },
  };
}

/** Old catalogues end in the project's id, and some name no version. */
function versionedUrl(url: string, { projectId }: Token): string {
  const own = projectId !== undefined && url.endsWith(`/${projectId}`) ? url.slice(0, -projectId.length - 1) : url;
  return /\/v2(\.\d+)?$/.test(own) ? own.replace(/\/v2(\.\d+)?$/, '/v2.1') : `${own}/v2.1`;
}

function minorOf(json: unknown, url: string): number {
  const newest = /^2\.(\d+)$/.exec(String(Object(Object(json).version).version));
  if (!newest) throw new TaskError(`${url}/ does not say which microversions it speaks; is it Nova's API?`);
  return Math.min(Number(newest[1]), NEWEST_USED);
}
