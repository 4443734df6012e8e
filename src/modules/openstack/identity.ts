import type { HttpClient, HttpRequest } from '../../contract/http.ts';
import type { HttpAnswer } from '../../contract/http-answer.ts';
import { Secret } from '../../contract/secret.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { HttpQuestion } from '../../probes/openstack/http-exchange.ts';
import type { CatalogService } from './catalog.ts';
import type { CloudSettings } from './cloud-settings.ts';
import type { Auth } from './connection-args.ts';

/** What keystone gave for credentials. */
export interface Token {
  readonly value: Secret;
  readonly catalog: readonly CatalogService[];
  readonly projectId?: string;
}

/** The request for a token. Source: Identity API v3, `POST /v3/auth/tokens`. */
export function tokenQuestion(settings: CloudSettings, client: HttpClient): HttpQuestion {
  const { auth, source } = settings;
  const secret = auth.application_credential_secret ?? auth.password;
  const body = { auth: { identity: identityOf(settings), scope: scopeOf(settings) } };
  const request: HttpRequest = {
    method: 'POST',
    url: `${versionedUrl(auth.auth_url, source)}/auth/tokens`,
    headers: { Accept: 'application/json' },
    body: new Secret(JSON.stringify(body)),
    ...(secret && { secrets: [secret] }),
  };
  const advice = {
    401: `keystone does not accept the ${isApplication(settings) ? 'application credential' : 'user, password or domain'} of ${source}`,
    404: `is ${auth.auth_url}, of ${source}, the address of keystone?`,
  };
  return { request, client, okStatuses: [201], advice };
}

/** @throws {TaskError} when the answer is not keystone's */
export function tokenOf({ request }: HttpQuestion, answer: HttpAnswer): Token {
  const value = answer.headers['x-subject-token'];
  const { token } = Object(jsonOf(request, answer));
  if (!value || !/^[\x21-\x7e]+$/.test(value) || !Array.isArray(Object(token).catalog))
    throw new TaskError(
      `${request.url} answered without a token and a catalogue of services; is it keystone, and do the credentials name a project?`,
    );
  const projectId: unknown = Object(token.project).id;
  return { value: new Secret(value), catalog: token.catalog, ...(typeof projectId === 'string' && { projectId }) };
}

/** @throws {TaskError} when the body is not JSON */
export function jsonOf({ method, url }: HttpRequest, { body, status }: HttpAnswer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const start = JSON.stringify(body.slice(0, 60));
    throw new TaskError(
      `${method} ${url} answered ${status} with what is not JSON: ${start}; is it an OpenStack service, or a proxy or web page in its place?`,
    );
  }
}

function versionedUrl(authUrl: string, source: string): string {
  const url = authUrl.replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url))
    throw new TaskError(`${source}: auth_url ${JSON.stringify(authUrl)} is no http or https URL`);
  if (url.endsWith('/v2.0'))
    throw new TaskError(`${source}: auth_url ${authUrl} is keystone's version 2, which is gone; it must end in /v3`);
  return url.endsWith('/v3') ? url : `${url}/v3`;
}

function isApplication({ auth, authType }: CloudSettings): boolean {
  return (
    authType === 'v3applicationcredential' ||
    (authType === undefined && auth.application_credential_secret !== undefined)
  );
}

const PASSWORD_TYPES = [undefined, 'password', 'v3password', 'v3applicationcredential'];

function identityOf(settings: CloudSettings): unknown {
  const { auth, authType, source } = settings;
  if (!PASSWORD_TYPES.includes(authType))
    throw new TaskError(`${source}: auth_type ${authType} is not supported; use password or v3applicationcredential`);
  if (isApplication(settings))
    return { methods: ['application_credential'], application_credential: credentialOf(auth, source) };
  if (!auth.password) throw new TaskError(`${source} has no password`);
  return { methods: ['password'], password: { user: { ...userOf(auth, source), password: auth.password.reveal() } } };
}

function credentialOf(auth: Auth, source: string): unknown {
  const {
    application_credential_id: id,
    application_credential_name: name,
    application_credential_secret: secret,
  } = auth;
  if (!secret || (id === undefined && name === undefined))
    throw new TaskError(
      `${source}: an application credential needs application_credential_secret with its id, or with its name and user`,
    );
  const owner = id === undefined ? { name, user: userOf(auth, source) } : { id };
  return { ...owner, secret: secret.reveal() };
}

function userOf(auth: Auth, source: string): object {
  if (auth.user_id !== undefined) return { id: auth.user_id };
  if (auth.username === undefined) throw new TaskError(`${source} has neither username nor user_id`);
  return {
    name: auth.username,
    domain: domainOf(auth.user_domain_id ?? auth.domain_id, auth.user_domain_name ?? auth.domain_name),
  };
}

/** The default domain is named Default and has the id `default`, unless somebody changed it. */
function domainOf(id: string | undefined, name: string | undefined): object {
  if (id !== undefined) return { id };
  return name === undefined ? { id: 'default' } : { name };
}

/** Application credentials carry their own project. */
function scopeOf(settings: CloudSettings): unknown {
  const { auth, source } = settings;
  if (isApplication(settings)) return undefined;
  if (auth.system_scope !== undefined) return { system: { all: true } };
  if (auth.project_id !== undefined) return { project: { id: auth.project_id } };
  if (auth.project_name === undefined)
    throw new TaskError(`${source} names no project to act in (project_name, project_id or system_scope)`);
  const domain = domainOf(auth.project_domain_id ?? auth.domain_id, auth.project_domain_name ?? auth.domain_name);
  return { project: { name: auth.project_name, domain } };
}
