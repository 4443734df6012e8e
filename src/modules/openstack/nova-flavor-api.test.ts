import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playText } from '../../../test/support/play.ts';
import { type HostUnderTest, hostUnderTest } from '../../../test/support/run-module.ts';
import {
  PASSWORD,
  type SmallCloud,
  type SmallCloudOptions,
  startSmallCloud,
} from '../../../test/support/small-cloud.ts';
import { runCommand } from '../../changes/run-command.ts';
import flavor from '../nova-flavor.ts';

const NEW = { name: 'gpu.a100', vcpus: 8, ram: 65536, disk: 40, pci_aliases: ['a100'] };
const ALIAS = { 'pci_passthrough:alias': 'a100:1' };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsplay-api-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function auth(cloud: SmallCloud, password = PASSWORD) {
  return { auth_url: cloud.origin, username: 'admin', password, project_name: 'admin' };
}

interface Asked {
  readonly cloud?: SmallCloudOptions;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly shell?: readonly [string, ...string[]] | undefined;
}

/** One module run against a cloud that lives for this long. */
async function ask(
  { cloud: options, args, environment, shell }: Asked,
  then: (host: HostUnderTest, cloud: SmallCloud, args: Readonly<Record<string, unknown>>) => Promise<void>,
): Promise<void> {
  await using cloud = await startSmallCloud(options);
  const host = await hostUnderTest({ ...(environment && { environment }), ...(shell && { shell }) });
  try {
    await then(host, cloud, { ...NEW, properties: ALIAS, auth: auth(cloud), ...args });
  } finally {
    await host.close();
  }
}

/** A shell for which there is python3 but no curl. */
const HIDE_CURL = 'mount --bind /dev/null "$(command -v curl)" && exec sh';
const WITHOUT_CURL = ['unshare', '--map-root-user', '--mount', 'sh', '-c', HIDE_CURL] as const;

describe.each([
  ['curl', undefined],
  ['python3', WITHOUT_CURL],
])('over %s', (program, shell) => {
  it('creates a flavor with its extra specs, and a second run asks for nothing', async () => {
    await ask({ shell }, async (host, cloud, args) => {
      const first = await host.run(flavor, args);
      expect(first.remaining).toEqual([]);
      expect([...cloud.flavors.values()]).toMatchObject([{ name: 'gpu.a100', vcpus: 8, extra_specs: ALIAS }]);
      expect((await host.run(flavor, args)).changes).toEqual([]);
      expect((await host.run(flavor, { ...args, state: 'absent' })).remaining).toEqual([]);
      expect(cloud.flavors.size).toBe(0);
      expect(cloud.requests[0]?.headers['user-agent']).toMatch(program === 'curl' ? /^curl/ : /^Python-urllib/);
    });
  });

  it('sends what it is given byte for byte', async () => {
    const odd = { 'hw:a b': 'quo"te \\ back\\n ü $HOME `id` \t|' };
    await ask({ shell }, async (host, cloud, args) => {
      await host.run(flavor, { ...args, properties: odd });
      expect([...cloud.flavors.values()]).toMatchObject([{ extra_specs: odd }]);
    });
  });

  it.each([
    [
      'refused credentials',
      { instead: () => undefined },
      { auth: 'wrong' },
      /POST .*\/v3\/auth\/tokens was answered 401.*keystone does not accept the user, password or domain of the task's `auth`/,
    ],
    [
      'a keystone that is none',
      { instead: (r) => (r.path.includes('auth') ? [200, '<html>hello'] : undefined) },
      {},
      /was answered 200.*hello/,
    ],
    [
      'no JSON',
      { instead: (r) => (r.path.includes('detail') ? [200, '<html>sorry'] : undefined) },
      {},
      /GET .*flavors\/detail.* answered 200 with what is not JSON: "<html>sorry"/,
    ],
    [
      'a forbidden list',
      {
        instead: (r) =>
          r.path.includes('detail') ? [403, { forbidden: { code: 403, message: 'Policy says no' } }] : undefined,
      },
      {},
      /403 Forbidden: Policy says no \(the roles of these credentials/,
    ],
    [
      'a forbidden creation',
      {
        instead: (r) =>
          r.method === 'POST' && r.path.endsWith('flavors')
            ? [403, { forbidden: { code: 403, message: "Policy doesn't allow" } }]
            : undefined,
      },
      {},
      /^create the flavor gpu\.a100: POST .* 403 Forbidden: Policy doesn't allow/,
    ],
    [
      'a conflict',
      {
        instead: (r) =>
          r.method === 'POST' && r.path.endsWith('flavors')
            ? [409, { conflictingRequest: { code: 409, message: 'exists' } }]
            : undefined,
      },
      {},
      /409 Conflict: exists \(somebody else made it meanwhile; run again/,
    ],
    [
      'a value Nova refuses',
      {
        instead: (r) =>
          r.path.includes('os-extra_specs') ? [400, { badRequest: { code: 400, message: 'no' } }] : undefined,
      },
      {},
      /set pci_passthrough:alias of the flavor.*400 Bad Request: no \(Nova refuses the value/,
    ],
    [
      'a failing service',
      {
        instead: (r) =>
          r.path.includes('detail')
            ? [500, { computeFault: { code: 500, message: 'Unexpected API Error' } }]
            : undefined,
      },
      {},
      /500 Internal Server Error: Unexpected API Error.*log on the controller/,
    ],
    [
      'a proxy without a service',
      { instead: (r) => (r.path.includes('detail') ? [503, '<h1>503</h1> No server'] : undefined) },
      {},
      /503 Service Unavailable: 503 No server \(the service, or the proxy/,
    ],
    [
      'a redirect, which is not followed',
      { instead: (r) => (r.path.includes('detail') ? [302, '', { Location: 'http://127.0.0.1:1/' }] : undefined) },
      {},
      /was answered 302/,
    ],
    [
      'a service that says nothing',
      { instead: (r) => (r.path.includes('detail') ? 'hang' : undefined) },
      { timeout: 1 },
      /no answer in time/,
    ],
    [
      'a connection that breaks',
      { instead: (r) => (r.path.includes('detail') ? 'drop' : undefined) },
      {},
      /closed the connection without a word|the connection broke/,
    ],
    [
      'a catalogue without Nova',
      { catalog: () => [{ type: 'image', endpoints: [] }] },
      {},
      /the catalogue has no compute service; it has image/,
    ],
    ['no endpoint of that side', {}, { interface: 'internal' }, /no internal endpoint; it has public/],
    ['no endpoint in that region', {}, { region_name: 'Mars' }, /no endpoint in the region Mars; it has RegionOne/],
    [
      'nothing that listens',
      {
        catalog: () => [
          { type: 'compute', endpoints: [{ interface: 'public', region: 'R', url: 'http://127.0.0.1:1' }] },
        ],
      },
      {},
      /GET http:\/\/127\.0\.0\.1:1\/v2\.1\/: nothing accepts the connection/,
    ],
    [
      'a name that does not resolve',
      {
        catalog: () => [
          { type: 'compute', endpoints: [{ interface: 'public', region: 'R', url: 'http://nowhere.invalid:1' }] },
        ],
      },
      {},
      /the host cannot resolve the name/,
    ],
  ] as readonly (readonly [string, SmallCloudOptions, Readonly<Record<string, unknown>>, RegExp])[])(
    'explains %s',
    async (__, cloud, args, message) => {
      await ask({ cloud, shell }, async (host, peer, wanted) => {
        const given = args.auth ? { ...wanted, auth: auth(peer, 'hunter2hunter2') } : { ...wanted, ...args };
        const error = await host.run(flavor, given).then(
          () => new Error('it went through'),
          (thrown: unknown) => thrown,
        );
        const text = String(error instanceof Error ? error.message : error);
        expect(text).toMatch(message);
        expect(text).not.toMatch(/hunter2|gAAAA/);
      });
    },
  );

  it('verifies certificates: refused, trusted by ca_cert, or not verified when asked for', async () => {
    const tls = certificate();
    await ask({ cloud: { tls: tls }, shell }, async (host, _cloud, args) => {
      await expect(host.run(flavor, args)).rejects.toThrow(/certificate is not trusted.*ca_cert/);
      await expect(host.run(flavor, { ...args, ca_cert: '/nowhere.pem' })).rejects.toThrow(/cannot be read/);
      expect((await host.run(flavor, { ...args, ca_cert: tls.path })).remaining).toEqual([]);
      expect((await host.run(flavor, { ...args, insecure: true })).changes).toEqual([]);
    });
  });

  it('keeps secrets out of every process list and environment', async () => {
    await ask({ cloud: { instead: () => watch() as undefined }, shell }, async (host, _, args) => {
      seen.length = 0;
      await host.run(flavor, args);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((line) => /gAAAA-token|pa"ss/.test(line))).toEqual([]);
    });
  });
});

const seen: string[] = [];

/** While a request is under way: words and environment of all processes but this one, which holds the password itself. */
function watch(): void {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  for (const file of pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])) {
    try {
      seen.push(...readFileSync(file, 'utf8').split('\0'));
    } catch {
      // Ended in between.
    }
  }
}

function certificate() {
  const path = join(directory, 'ca.pem');
  const key = join(directory, 'key.pem');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      path,
      '-days',
      '2',
      '-subj',
      '/CN=127.0.0.1',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
    { stdio: 'ignore' },
  );
  return { path, key: readFileSync(key, 'utf8'), cert: readFileSync(path, 'utf8') };
}

describe('one host', () => {
  it('asks for one token, however many flavors there are', async () => {
    await ask({}, async (host, cloud, args) => {
      for (const name of ['a', 'b', 'c']) await host.run(flavor, { ...args, name });
      expect(cloud.flavors.size).toBe(3);
      expect(cloud.requests.filter(({ path }) => path === '/v3/auth/tokens')).toHaveLength(1);
    });
  });

  it('renews a token that has expired', async () => {
    await ask({}, async (host, cloud, args) => {
      await host.run(flavor, args);
      cloud.tokens.clear();
      await host.apply(runCommand(['true'], { touches: [`api:/${cloud.origin.slice('http://'.length)}/v2.1`] }));
      await host.run(flavor, { ...args, name: 'later' });
      expect(cloud.flavors.size).toBe(2);
    });
  });

  it('foretells in check mode, of several flavors and of one twice, and sends nothing that changes', async () => {
    await ask({}, async (host, cloud, args) => {
      expect((await host.check(flavor, args)).actions).toEqual([
        'create the flavor gpu.a100',
        'set pci_passthrough:alias of the flavor gpu.a100',
      ]);
      expect((await host.check(flavor, { ...args, name: 'other' })).changes).toHaveLength(2);
      expect((await host.check(flavor, args)).changes).toEqual([]);
      expect((await host.check(flavor, { ...args, state: 'absent' })).actions).toEqual(['delete the flavor gpu.a100']);
      expect((await host.check(flavor, { ...args, state: 'absent' })).changes).toEqual([]);
      const writes = cloud.requests.filter(({ method, path }) => method !== 'GET' && path !== '/v3/auth/tokens');
      expect(writes).toEqual([]);
    });
  });

  it('speaks to a Nova too old to list extra specs with the flavors', async () => {
    await ask({ cloud: { microversion: '2.42' } }, async (host, cloud, args) => {
      await host.run(flavor, args);
      expect((await host.run(flavor, args)).changes).toEqual([]);
      expect(cloud.requests.at(-1)?.headers['openstack-api-version']).toBe('compute 2.42');
    });
  });

  it('refuses clouds that do not want certificates verified, unless the task agrees', async () => {
    await ask({}, async (host, cloud, args) => {
      const path = join(directory, 'openrc');
      writeFileSync(
        path,
        `export OS_AUTH_URL=${cloud.origin}/v3\nexport OS_USERNAME=admin OS_x=1\nexport OS_PASSWORD='${PASSWORD}'\nOS_PROJECT_NAME="admin"\nexport OS_INSECURE=true\n`,
      );
      const { auth: _auth, ...rest } = args;
      await expect(host.run(flavor, { ...rest, openrc: path })).rejects.toThrow(
        /openrc asks for certificates not to be verified/,
      );
      expect((await host.run(flavor, { ...rest, openrc: path, insecure: true })).remaining).toEqual([]);
    });
  });

  it('takes the variables of the task, and says where it looked when there is nothing', async () => {
    await ask({}, async (host, _cloud, { auth: _auth, ...rest }) => {
      await expect(host.run(flavor, rest)).rejects.toThrow(
        /no `cloud`, `auth`, `openrc` or OS_AUTH_URL, and no clouds\.yaml .* in .*, \/etc\/openstack of this host/,
      );
    });
    await using cloud = await startSmallCloud();
    const environment = {
      OS_AUTH_URL: cloud.origin,
      OS_USERNAME: 'admin',
      OS_PASSWORD: PASSWORD,
      OS_PROJECT_NAME: 'admin',
    };
    const host = await hostUnderTest({ environment });
    expect((await host.run(flavor, { ...NEW, properties: ALIAS })).remaining).toEqual([]);
    await host.close();
  });
});

describe('a loop of a playbook', () => {
  const LOOP = `- hosts: all
  gather_facts: false
  tasks:
    - name: flavors
      nova-flavor:
        auth: {auth_url: "{{ url }}", username: admin, password: "{{ secret }}", project_name: admin}
        name: "{{ item.name }}"
        vcpus: "{{ item.vcpus | default(omit) }}"
        ram: "{{ item.ram }}"
        region_name: "{{ none_given | default(omit, true) }}"
        pci_aliases: [a100]
        properties: "{{ {'hw:cpu_policy': 'dedicated'} | combine({'pci_passthrough:alias': item.alias ~ ':' ~ item.gpus}) }}"
      loop:
        - {name: one, vcpus: 1, ram: 512, alias: a100, gpus: 1}
        - {name: two, vcpus: 2, ram: 1024, alias: a100, gpus: 2}
`;

  it('checks, makes and checks its flavors with one token each run', async () => {
    await using cloud = await startSmallCloud();
    const call = { extraVars: [JSON.stringify({ url: cloud.origin, secret: PASSWORD })] };
    const statuses = async (mode: 'run' | 'check') => {
      const played = await playText(LOOP, { ...call, mode });
      expect(JSON.stringify(played.events)).not.toMatch(/gAAAA-token/);
      return [played.exitCode, ...(played.results('flavors').get('h1')?.items ?? []).map(({ status }) => status)];
    };
    expect(await statuses('check')).toEqual([3, 'changed', 'changed']);
    expect(cloud.flavors.size).toBe(0);
    expect(await statuses('run')).toEqual([0, 'changed', 'changed']);
    expect([...cloud.flavors.values()]).toMatchObject([
      { name: 'one', extra_specs: { 'pci_passthrough:alias': 'a100:1' } },
      { name: 'two', vcpus: 2, extra_specs: { 'pci_passthrough:alias': 'a100:2', 'hw:cpu_policy': 'dedicated' } },
    ]);
    expect(await statuses('check')).toEqual([0, 'ok', 'ok']);
    expect(cloud.requests.filter(({ path }) => path === '/v3/auth/tokens')).toHaveLength(3);
  });
});
