import type { HttpClient, HttpMethod, HttpRequest } from '../../contract/http.ts';
import type { TaskView } from '../../contract/module.ts';
import type { Read } from '../../contract/probe.ts';
import type { Resource } from '../../contract/resource.ts';
import type { Secret } from '../../contract/secret.ts';
import { TaskError } from '../../contract/task-error.ts';
import { hostClient } from '../../probes/openstack/host-client.ts';
import { type HttpQuestion, httpExchange } from '../../probes/openstack/http-exchange.ts';
import { endpointOf } from './catalog.ts';
import type { CloudSettings } from './cloud-settings.ts';
import type { ConnectionArgs } from './connection-args.ts';
import { jsonOf, type Token, tokenOf, tokenQuestion } from './identity.ts';
import { cloudSettings } from './settings.ts';

/** A way into one cloud: who asks, with what, and how often a new token was needed. */
export interface CloudAccess {
  readonly settings: CloudSettings;
  readonly client: HttpClient;
  readonly interface: string;
  readonly regionName?: string;
}

/** One service of the cloud, as far as requests to it need it. */
export interface ServiceApi {
  readonly access: CloudAccess;
  /** Without a slash at the end. */
  readonly url: string;
  /** Headers that every request needs, beside the token. */
  readonly headers: Readonly<Record<string, string>>;
  readonly token: Secret;
}

/** A token lives for an hour or more: renewing it twice in a run covers the longest ones. */
const RENEWALS = 2;

/** @throws {TaskError} when the host has no client, no credentials are found, or they ask for what the task does not allow */
export async function cloudAccess(args: ConnectionArgs, read: Read, task: TaskView): Promise<CloudAccess> {
  const host = await read(hostClient());
  if (host.program === null)
    throw new TaskError(
      'this host has neither curl nor python3 to ask the API with; delegate the task to one that has',
    );
  const settings = await cloudSettings(args, host, task.environment, read);
  if (settings.verify === false && !args.insecure)
    throw new TaskError(
      `${settings.source} asks for certificates not to be verified; name the authority's file with \`ca_cert\`, or say \`insecure: true\` if you mean it`,
    );
  const caFile = args.ca_cert ?? settings.caFile;
  const regionName = args.region_name ?? settings.regionName;
  return {
    settings,
    client: {
      program: host.program,
      isInsecure: args.insecure,
      timeoutMs: args.timeout * 1000,
      ...(caFile && { caFile }),
    },
    interface: sideOf(args.interface ?? settings.interface ?? 'public'),
    ...(regionName && { regionName }),
  };
}

/** The names of keystone's version 2 live on in openrc files: `publicURL`. */
function sideOf(name: string): string {
  return name.replace(/URL$/, '');
}

/** A token, and with it the catalogue. `attempt` 0 is the one that all tasks of a host share. */
export async function tokenFor({ settings, client }: CloudAccess, read: Read, attempt: number): Promise<Token> {
  const question = { ...tokenQuestion(settings, client), attempt };
  return tokenOf(question, await read(httpExchange(question, [resourceOf(question.request.url)])));
}

/** Where a service is. @throws {TaskError} as {@link endpointOf} */
export function serviceUrl(token: Token, type: string, access: CloudAccess): string {
  const { regionName } = access;
  return endpointOf(token.catalog, { type, interface: access.interface, ...(regionName && { regionName }) });
}

/** Requests carry the token in a header that messages mask. */
export function requestTo(api: ServiceApi, method: HttpMethod, path: string, body?: unknown): HttpRequest {
  return {
    method,
    url: `${api.url}${path}`,
    headers: { Accept: 'application/json', ...api.headers, 'X-Auth-Token': api.token },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

export interface Got {
  readonly json: unknown;
  /** With the token that was accepted. */
  readonly api: ServiceApi;
}

/** The JSON behind a path; a token that has expired meanwhile is renewed. */
export async function get(api: ServiceApi, path: string, read: Read, about: Resource): Promise<Got> {
  let current = api;
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt > RENEWALS;
    const question: HttpQuestion = {
      request: requestTo(current, 'GET', path),
      client: api.access.client,
      okStatuses: isLast ? [200] : [200, 401],
    };
    const answer = await read(httpExchange(question, [about]));
    if (answer.status === 200) return { json: jsonOf(question.request, answer), api: current };
    current = { ...current, token: (await tokenFor(api.access, read, attempt)).value };
  }
}

/** @example resourceOf('http://ctl:8774/v2.1', 'flavors') // 'api:/ctl:8774/v2.1/flavors' */
export function resourceOf(url: string, ...below: readonly string[]): Resource {
  return `api:/${[url.replace(/^https?:\/\//, ''), ...below].join('/')}`;
}
