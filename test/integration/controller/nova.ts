import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, startContainer } from '../../support/containers.ts';

/** A controller that runs, and Nova asked without any of tsplay's code. */
export interface NovaController extends AsyncDisposable {
  readonly host: Container;
  /** One request to nova-api as admin. */
  nova(method: string, path: string, body?: unknown): Promise<NovaAnswer>;
  /** One request to Placement as admin. */
  placement(method: string, path: string, body?: unknown): Promise<NovaAnswer>;
  /** Looks every second until something is there. Rejects, with the journal's end, after `seconds`. */
  until<Value>(what: string, look: () => Promise<Value | undefined>, seconds?: number): Promise<Value>;
}

export interface NovaAnswer {
  readonly status: number;
  // biome-ignore lint: JSON of another program, looked into by tests
  readonly json: any;
}

const KEYSTONE_PORT = 5000;
const COMPUTE = { port: 8774, root: '/v2.1', version: 'compute 2.90' };
const PLACEMENT = { port: 8778, root: '', version: 'placement 1.36' };

interface Ask {
  readonly port: number;
  readonly root: string;
  readonly version: string;
  readonly method: string;
  readonly path: string;
}

/**
 * docker/nova-controller, with all its services answering and its compute known to the scheduler.
 * @param binds as {@link ContainerOptions.binds}
 */
export async function startController(binds: Readonly<Record<string, string>> = {}): Promise<NovaController> {
  const options = { hasSystemd: true, hostname: 'ctl01', startMs: 120_000, binds };
  const host = await startContainer('nova-controller', options);
  const controller = controllerOn(host);
  try {
    await controller.until('answers of all services', () => allUp(controller), 900);
    await host.look(['nova-manage', 'cell_v2', 'discover_hosts']);
  } catch (error) {
    await host.stop();
    throw error;
  }
  return controller;
}

export function controllerOn(host: Container): NovaController {
  return {
    host,
    nova: (method, path, body) => ask(host, { ...COMPUTE, method, path }, body),
    placement: (method, path, body) => ask(host, { ...PLACEMENT, method, path }, body),
    until: (what, look, seconds = 120) => until(host, what, look, seconds),
    [Symbol.asyncDispose]: () => host.stop(),
  };
}

async function allUp(controller: NovaController): Promise<true | undefined> {
  const answer = await controller.nova('GET', '/os-services').catch(() => undefined);
  const up: readonly string[] = (answer?.json.services ?? [])
    .filter((one: { state: string }) => one.state === 'up')
    .map((one: { binary: string }) => one.binary);
  return ['nova-scheduler', 'nova-conductor', 'nova-compute'].every((name) => up.includes(name)) ? true : undefined;
}

async function ask(host: Container, asked: Ask, body: unknown): Promise<NovaAnswer> {
  const { port, root, version, method, path } = asked;
  const token = await tokenOf(host);
  const headers = {
    'X-Auth-Token': token,
    'Content-Type': 'application/json',
    'OpenStack-API-Version': version,
  };
  const answer = await fetch(`http://${host.address}:${port}${root}${path}`, {
    method,
    headers,
    // A worker that was restarted loads all of Nova before it answers.
    signal: AbortSignal.timeout(180_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text.startsWith('{') ? JSON.parse(text) : text };
}

async function tokenOf(host: Container): Promise<string> {
  const user = { name: 'admin', domain: { id: 'default' }, password: 'secret' };
  const scope = { project: { name: 'admin', domain: { id: 'default' } } };
  const answer = await fetch(`http://${host.address}:${KEYSTONE_PORT}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } }),
    signal: AbortSignal.timeout(120_000),
  });
  return answer.headers.get('x-subject-token') ?? '';
}

async function until<Value>(
  host: Container,
  what: string,
  look: () => Promise<Value | undefined>,
  seconds: number,
): Promise<Value> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(1000)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  const journal = await host.exec(['journalctl', '-n', '60', '--no-pager', '-o', 'short-monotonic']);
  throw new Error(`${what}: not within ${seconds} s\n${journal.output}`);
}
