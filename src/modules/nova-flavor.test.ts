import { describe, expect, it } from 'vitest';
import { Secret } from '../contract/secret.ts';
import { kindOf } from '../changes/kinds.ts';
import flavor from './nova-flavor.ts';
import type { ComputeApi } from './openstack/compute.ts';
import type { FlavorCurrent } from './openstack/flavor-plan.ts';
import { idFromName } from './openstack/flavor-id.ts';
import type { Flavor } from './openstack/flavors.ts';

const api: ComputeApi = {
  access: {
    settings: { source: 'the test', auth: { auth_url: 'http://ctl:5000/v3' } },
    client: { program: 'curl', isInsecure: false, timeoutMs: 30_000 },
    interface: 'public',
  },
  url: 'http://ctl:8774/v2.1',
  headers: {},
  token: new Secret('gAAAA'),
  minor: 86,
};

const a100: Flavor = {
  id: 'f1',
  name: 'gpu.a100',
  vcpus: 8,
  ram: 65536,
  disk: 40,
  ephemeral: 0,
  swap: 0,
  rxtxFactor: 1,
  isPublic: true,
  description: null,
  properties: { 'pci_passthrough:alias': 'a100:1', 'hw:mem_page_size': 'large' },
  projects: [],
};

function requests(args: Readonly<Record<string, unknown>>, current: Partial<FlavorCurrent> = {}): readonly string[] {
  const parsed = flavor.args.parse({ name: 'gpu.a100', ...args });
  const changes = flavor.plan(parsed, { api, flavor: a100, holderOfId: undefined, ...current });
  return changes.map((change) => {
    if (change.kind !== 'call-api') return change.kind;
    const { method, url, body } = change.request;
    return [method, url.replace(api.url, ''), body].filter(Boolean).join(' ');
  });
}

const KEEPER = idFromName('gpu.a100.being-replaced');
const KEPT = (flavor: Flavor) => {
  const description = JSON.stringify({ replaced: flavor });
  const size = { vcpus: 8, ram: 65536, disk: 40, 'os-flavor-access:is_public': false };
  return `POST /flavors ${JSON.stringify({ flavor: { id: KEEPER, name: 'gpu.a100.being-replaced', ...size, description } })}`;
};
const FORGOTTEN = `DELETE /flavors/${KEEPER}`;

const NEW = { vcpus: 8, ram: 65536, disk: 40 };
const CREATED = (id: string, more = '') =>
  `POST /flavors {"flavor":{"id":"${id}","name":"gpu.a100","vcpus":8,"ram":65536,"disk":40,"swap":0,"OS-FLV-EXT-DATA:ephemeral":0,"os-flavor-access:is_public":true${more}}}`;

describe('nova-flavor', () => {
  it.each([
    ['leaves alone what is as asked', NEW, {}, []],
    ['leaves alone what it was not asked about', {}, {}, []],
    [
      'creates with an id made from the name',
      { ...NEW, properties: { 'pci_passthrough:alias': 'a100:1' } },
      { flavor: undefined },
      [
        CREATED(idFromName('gpu.a100')),
        `POST /flavors/${idFromName('gpu.a100')}/os-extra_specs {"extra_specs":{"pci_passthrough:alias":"a100:1"}}`,
      ],
    ],
    ['creates with the id given', { ...NEW, id: '42' }, { flavor: undefined }, [CREATED('42')]],
    [
      'sets only what differs',
      { properties: { 'pci_passthrough:alias': 'a100:2', 'hw:mem_page_size': 'large' } },
      {},
      ['POST /flavors/f1/os-extra_specs {"extra_specs":{"pci_passthrough:alias":"a100:2"}}'],
    ],
    [
      'takes away what is null',
      { properties: { 'hw:mem_page_size': null, 'hw:cpu_policy': null } },
      {},
      ['DELETE /flavors/f1/os-extra_specs/hw%3Amem_page_size'],
    ],
    [
      'takes away what is not named, exactly',
      { properties: { 'pci_passthrough:alias': 'a100:1' }, exactly: true },
      {},
      ['DELETE /flavors/f1/os-extra_specs/hw%3Amem_page_size'],
    ],
    ['deletes', { state: 'absent' }, {}, ['DELETE /flavors/f1']],
    ['has nothing to delete', { state: 'absent' }, { flavor: undefined }, []],
    [
      'replaces with id and extra specs, which it keeps behind the API meanwhile',
      { vcpus: 16, replace: true },
      {},
      [
        KEPT(a100),
        'DELETE /flavors/f1',
        CREATED('f1').replace('"vcpus":8', '"vcpus":16'),
        'POST /flavors/f1/os-extra_specs {"extra_specs":{"pci_passthrough:alias":"a100:1","hw:mem_page_size":"large"}}',
        FORGOTTEN,
      ],
    ],
    [
      'admits the projects of a private flavor it replaces',
      { ram: 1024, replace: true, exactly: true },
      { flavor: { ...a100, isPublic: false, projects: ['p9'] } },
      [
        KEPT({ ...a100, isPublic: false, projects: ['p9'] }),
        'DELETE /flavors/f1',
        CREATED('f1').replace('65536', '1024').replace('is_public":true', 'is_public":false'),
        'POST /flavors/f1/action {"addTenantAccess":{"tenant":"p9"}}',
        FORGOTTEN,
      ],
    ],
    [
      'keeps what Nova has of a flavor beside its size and its extra specs',
      { vcpus: 16, replace: true, exactly: true },
      { flavor: { ...a100, rxtxFactor: 2, description: 'for the lab' } },
      [
        KEPT({ ...a100, rxtxFactor: 2, description: 'for the lab' }),
        'DELETE /flavors/f1',
        CREATED('f1', ',"rxtx_factor":2,"description":"for the lab"').replace('"vcpus":8', '"vcpus":16'),
        FORGOTTEN,
      ],
    ],
    [
      'creates what an interrupted replacement deleted, with everything the task does not name',
      { vcpus: 16 },
      { flavor: undefined, kept: a100 },
      [
        CREATED('f1').replace('"vcpus":8', '"vcpus":16'),
        'POST /flavors/f1/os-extra_specs {"extra_specs":{"pci_passthrough:alias":"a100:1","hw:mem_page_size":"large"}}',
        FORGOTTEN,
      ],
    ],
    [
      'puts back what an interrupted replacement had not set yet',
      { vcpus: 16 },
      {
        flavor: { ...a100, vcpus: 16, isPublic: false, properties: {} },
        kept: { ...a100, isPublic: false, projects: ['p9'] },
      },
      [
        'POST /flavors/f1/action {"addTenantAccess":{"tenant":"p9"}}',
        'POST /flavors/f1/os-extra_specs {"extra_specs":{"pci_passthrough:alias":"a100:1","hw:mem_page_size":"large"}}',
        FORGOTTEN,
      ],
    ],
    [
      'keeps anew, over what an interrupted replacement kept, when it replaces again',
      { vcpus: 32, replace: true, properties: { 'pci_passthrough:alias': 'a100:2' } },
      { flavor: { ...a100, vcpus: 16, properties: {} }, kept: a100 },
      [
        `PUT /flavors/${KEEPER} ${JSON.stringify({ flavor: { description: JSON.stringify({ replaced: { ...a100, vcpus: 16 } }) } })}`,
        'DELETE /flavors/f1',
        CREATED('f1').replace('"vcpus":8', '"vcpus":32'),
        'POST /flavors/f1/os-extra_specs {"extra_specs":{"pci_passthrough:alias":"a100:2","hw:mem_page_size":"large"}}',
        FORGOTTEN,
      ],
    ],
    ['deletes what was kept with the flavor', { state: 'absent' }, { flavor: undefined, kept: a100 }, [FORGOTTEN]],
  ])('%s', (_, args, current, expected) => {
    expect(requests(args, current)).toEqual(expected);
  });

  it.each([
    [
      'a size that Nova cannot change',
      { vcpus: 16, ram: 1024 },
      {},
      /vcpus is 8, wanted 16; ram is 65536 MiB, wanted 1024 MiB.*replace: true/,
    ],
    ['a private flavor made public', { is_public: false }, {}, /is_public is true, wanted false/],
    [
      'a replacement where Nova is too old to keep the flavor meanwhile',
      { vcpus: 16, replace: true },
      { api: { ...api, minor: 54 } },
      /speaks 2\.54.*only since 2\.55.*Delete it by hand/,
    ],
    [
      'a new flavor without its size',
      { vcpus: 1 },
      { flavor: undefined },
      /there is no flavor gpu\.a100.*vcpus and ram/,
    ],
    [
      'an id that another flavor has',
      NEW,
      { flavor: undefined, holderOfId: 'm1.tiny' },
      /belongs to the flavor m1\.tiny/,
    ],
    [
      'an alias that nova-api does not know',
      { properties: { 'pci_passthrough:alias': 'a100:1, t44:1' } },
      { aliases: { isKnown: true, names: ['a100', 't4'], source: '/etc/nova/nova.conf' } },
      /PCI alias t44 \(did you mean t4\?\), but \/etc\/nova\/nova\.conf defines a100, t4.*400/,
    ],
  ])('refuses %s', (_, args, current, message) => {
    expect(() => requests(args, current as Partial<FlavorCurrent>)).toThrow(message);
  });

  it('goes on where it cannot know the aliases, and says so', () => {
    const args = flavor.args.parse({ name: 'gpu.a100', properties: { 'pci_passthrough:alias': 'b:1' } });
    const current: FlavorCurrent = {
      api,
      flavor: a100,
      holderOfId: undefined,
      aliases: { isKnown: false, why: 'no file' },
    };
    expect(flavor.plan(args, current)).toHaveLength(1);
    expect(flavor.result?.(args, current, [])).toMatchObject({ notes: [expect.stringContaining('no file')] });
  });

  // As Nova's own fullmatch of api/validation/extra_specs/pci_passthrough.py judges them, but for the count of 0.
  it.each([
    ['a100:1', true],
    ['a100:1,t4:2', true],
    ['a100:1 , t4:2', true],
    ['a100', false],
    ['a100:', false],
    ['a100:x', false],
    ['a100:1,', false],
    ['a100:1;t4:1', false],
    ['a100:0', false],
    ['', false],
  ])('takes or refuses the alias value %j before anything is asked', (value, isFine) => {
    const parsed = flavor.args.safeParse({ name: 'x', properties: { 'pci_passthrough:alias': value } });
    expect(parsed.success).toBe(isFine);
  });

  it('shows the change as a diff, and nothing of the token', () => {
    const [change] = flavor.plan(flavor.args.parse({ name: 'gpu.a100', properties: { 'hw:mem_page_size': 'small' } }), {
      api,
      flavor: a100,
      holderOfId: undefined,
    });
    if (!change) throw new Error('nothing was planned');
    expect(kindOf(change).diff(change)).toEqual({
      kind: 'attributes',
      path: 'flavor gpu.a100',
      before: { 'hw:mem_page_size': 'large' },
      after: { 'hw:mem_page_size': 'small' },
    });
    expect(JSON.stringify(change)).not.toContain('gAAAA');
  });
});

describe('ids made from names', () => {
  it('are version 5 UUIDs, always the same', () => {
    expect(idFromName('gpu.a100')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(idFromName('gpu.a100')).toBe(idFromName('gpu.a100'));
    expect(idFromName('gpu.a100')).not.toBe(idFromName('gpu.t4'));
  });
});
