import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface CloudRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Status, body (objects as JSON), headers. Undefined leaves the answer to the cloud itself. */
export type Reply = readonly [number, unknown, Readonly<Record<string, string>>?] | undefined;

export interface SmallCloudOptions {
  /** Answers instead of the cloud, for what a real one does only when it is broken. */
  readonly instead?: (request: CloudRequest) => Reply | 'hang' | 'drop';
  /** Whether the connection breaks although the cloud did what was asked. */
  readonly after?: (request: CloudRequest) => boolean;
  readonly catalog?: (origin: string) => readonly unknown[];
  readonly microversion?: string;
  readonly password?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

type Record_ = Record<string, unknown>;

/** A peer that speaks as much of keystone and Nova as flavors need, over a real socket. */
export interface SmallCloud extends AsyncDisposable {
  readonly origin: string;
  readonly requests: readonly CloudRequest[];
  readonly flavors: Map<string, Record_>;
  /** Tokens given so far; deleting one makes it expire. */
  readonly tokens: Set<string>;
}

export const PASSWORD = 'pa"ss\\wörd $1';

export async function startSmallCloud(options: SmallCloudOptions = {}): Promise<SmallCloud> {
  const state = { flavors: new Map<string, Record_>(), tokens: new Set<string>(), requests: [] as CloudRequest[] };
  const listener = (incoming: IncomingMessage, response: ServerResponse) => void serve(incoming, response);
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `${options.tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body };
    state.requests.push(request);
    const reply = options.instead?.(request) ?? answer(request, { ...state, options, origin });
    if (reply === 'hang') return;
    if (reply === 'drop' || options.after?.(request)) return void incoming.socket.destroy();
    const [status, content, headers = {}] = reply ?? [500, 'no answer'];
    const text = typeof content === 'string' ? content : content === undefined ? '' : JSON.stringify(content);
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(text);
  }

  return {
    origin,
    ...state,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

interface State extends Pick<SmallCloud, 'flavors' | 'tokens' | 'origin'> {
  readonly options: SmallCloudOptions;
}

function answer(request: CloudRequest, state: State): Reply {
  const path = decodeURIComponent(request.path.split('?', 1)[0] ?? '');
  if (request.method === 'POST' && path === '/v3/auth/tokens') return tokenReply(request, state);
  if (path === '/v2.1/') return [200, { version: { id: 'v2.1', version: state.options.microversion ?? '2.93' } }];
  if (!state.tokens.has(String(request.headers['x-auth-token'])))
    return [401, { error: { code: 401, message: 'The request you have made requires authentication.' } }];
  const [, flavor, below, key] = /^\/v2\.1\/flavors(?:\/([^/]+))?(?:\/([^/]+))?(?:\/(.+))?$/.exec(path) ?? [];
  if (request.method === 'GET' && flavor === 'detail') return [200, { flavors: [...state.flavors.values()] }];
  if (request.method === 'POST' && flavor === undefined) return createReply(request, state);
  return flavorReply(request, { id: flavor ?? '', below, key }, state);
}

function tokenReply({ body }: CloudRequest, { options, tokens, origin }: State): Reply {
  const { identity } = JSON.parse(body).auth;
  const secret = identity.password?.user.password ?? identity.application_credential.secret;
  if (secret !== (options.password ?? PASSWORD)) return [401, { error: { code: 401, message: `wrong: ${secret}` } }];
  const token = `gAAAA-token-${tokens.size}`;
  tokens.add(token);
  const catalog = options.catalog?.(origin) ?? [
    { type: 'compute', endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${origin}/v2.1` }] },
  ];
  return [201, { token: { catalog, project: { id: 'p1' } } }, { 'X-Subject-Token': token }];
}

function createReply({ body }: CloudRequest, { flavors }: State): Reply {
  const flavor = JSON.parse(body).flavor;
  if (flavors.has(flavor.id)) return [409, { conflictingRequest: { code: 409, message: 'Flavor exists' } }];
  flavors.set(flavor.id, { ...flavor, extra_specs: {} });
  return [200, { flavor }];
}

interface Place {
  readonly id: string;
  readonly below: string | undefined;
  readonly key: string | undefined;
}

function flavorReply({ method, body }: CloudRequest, { id, below, key }: Place, { flavors }: State): Reply {
  const flavor = flavors.get(id);
  if (!flavor) return [404, { itemNotFound: { code: 404, message: `Flavor ${id} could not be found.` } }];
  if (method === 'DELETE' && below === undefined) {
    flavors.delete(id);
    return [202, undefined];
  }
  const access = (flavor.access ?? []) as readonly string[];
  if (below === 'os-flavor-access')
    return [200, { flavor_access: access.map((tenant_id) => ({ flavor_id: id, tenant_id })) }];
  if (below === 'action') {
    flavor.access = [...access, JSON.parse(body).addTenantAccess.tenant];
    return [200, {}];
  }
  if (method === 'PUT') {
    Object.assign(flavor, JSON.parse(body).flavor);
    return [200, { flavor }];
  }
  const specs = flavor.extra_specs as Record_;
  if (method === 'GET') return [200, { extra_specs: specs }];
  if (method === 'DELETE') delete specs[key ?? ''];
  else Object.assign(specs, JSON.parse(body).extra_specs);
  return [200, { extra_specs: specs }];
}
