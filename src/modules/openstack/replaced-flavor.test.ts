import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostUnderTest, hostUnderTest } from '../../../test/support/run-module.ts';
import { type CloudRequest, PASSWORD, type SmallCloud, startSmallCloud } from '../../../test/support/small-cloud.ts';
import flavor from '../nova-flavor.ts';

/** Most of it named by no task below. */
const OLD = {
  id: 'f1',
  name: 'gpu.a100',
  vcpus: 8,
  ram: 65536,
  disk: 40,
  swap: 512,
  'OS-FLV-EXT-DATA:ephemeral': 0,
  'os-flavor-access:is_public': false,
  rxtx_factor: 2,
  description: 'Für das Labor – "A100"',
  access: ['p1', 'p2'],
};
const SPECS = { 'pci_passthrough:alias': 'a100:1', 'hw:mem_page_size': 'large', 'quota:x': 'ü"\\' };
const REPLACED = { ...OLD, vcpus: 16, extra_specs: { ...SPECS, 'hw:cpu_policy': 'dedicated' } };

/** Requests that change something: copy, delete, create, two projects, extra specs, delete the copy. */
const WRITES = 7;

let host: HostUnderTest;
let cloud: SmallCloud;
/** Writes until the cloud does what it must not do, and whether it has done the write by then. */
let trouble: { left: number; readonly kind: 'before' | 'after' } | undefined;

beforeEach(async () => {
  host = await hostUnderTest();
  trouble = undefined;
  cloud = await startSmallCloud({ instead: interrupt, after: interruptAfter });
  cloud.flavors.set('f1', { ...OLD, extra_specs: { ...SPECS } });
});
afterEach(async () => {
  await host.close();
  await cloud[Symbol.asyncDispose]();
});

const isWrite = ({ method, path }: CloudRequest) => method !== 'GET' && path !== '/v3/auth/tokens';

function interrupt(request: CloudRequest) {
  return trouble?.kind === 'before' && isWrite(request) && trouble.left-- <= 0 ? ('drop' as const) : undefined;
}

function interruptAfter(request: CloudRequest) {
  return trouble?.kind === 'after' && isWrite(request) && trouble.left-- <= 0;
}

function replaced(args: Readonly<Record<string, unknown>> = {}) {
  const auth = { auth_url: cloud.origin, username: 'admin', password: PASSWORD, project_name: 'admin' };
  const wish = { name: 'gpu.a100', vcpus: 16, replace: true, properties: { 'hw:cpu_policy': 'dedicated' } };
  return host.run(flavor, { ...wish, auth, ...args });
}

/** A run of its own, which remembers nothing. */
async function anew(): Promise<void> {
  await host.close();
  host = await hostUnderTest();
}

describe('a replacement', () => {
  it('leaves the flavor as asked, with all that nobody named, and nothing else', async () => {
    expect((await replaced()).remaining).toEqual([]);
    expect([...cloud.flavors.values()]).toEqual([REPLACED]);
    expect(cloud.requests.filter(isWrite)).toHaveLength(WRITES);
  });

  describe.each(['before', 'after'] as const)('cut off %s its request number', (kind) => {
    it.each(Array.from({ length: WRITES }, (_, index) => index))(
      '%i, from 0, is completed by the next run',
      async (left) => {
        trouble = { left, kind };
        await expect(replaced()).rejects.toThrow(/closed the connection|connection broke/);
        trouble = undefined;
        await anew();
        // Without leave to replace: what was begun is ended, and nothing else is deleted.
        const isBegun = left > 1 || (left === 1 && kind === 'after');
        expect((await replaced({ replace: !isBegun })).remaining).toEqual([]);
        expect([...cloud.flavors.values()]).toEqual([REPLACED]);
      },
    );
  });

  it('cut off twice, the second time for another size, still loses nothing', async () => {
    trouble = { left: 3, kind: 'after' };
    await expect(replaced()).rejects.toThrow();
    trouble = { left: 1, kind: 'after' };
    await anew();
    await expect(replaced({ vcpus: 32 })).rejects.toThrow();
    trouble = undefined;
    await anew();
    await replaced({ vcpus: 32 });
    expect([...cloud.flavors.values()]).toEqual([{ ...REPLACED, vcpus: 32 }]);
  });

  it('that failed can be taken back by asking for the old size', async () => {
    trouble = { left: 2, kind: 'before' };
    await expect(replaced()).rejects.toThrow();
    expect(cloud.flavors.has('f1')).toBe(false);
    trouble = undefined;
    await anew();
    await replaced({ vcpus: 8, replace: false, properties: {} });
    expect([...cloud.flavors.values()]).toEqual([{ ...OLD, extra_specs: SPECS }]);
  });
});

it("a flavor that only has the keeper's name is nobody's business", async () => {
  const other = { ...OLD, id: 'x', name: 'gpu.a100.being-replaced', extra_specs: {} };
  cloud.flavors.set('x', other);
  await replaced({ vcpus: 8 });
  expect(cloud.flavors.get('x')).toEqual(other);
});
