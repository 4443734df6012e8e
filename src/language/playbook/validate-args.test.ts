import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AnyModule, defineModule } from '../../contract/module.ts';
import { Problems } from '../../contract/problem.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { sampleModules } from './sample-project.ts';
import { parseArgs, validateArgs, withSourceText } from './validate-args.ts';

function moduleNamed(name: string): AnyModule {
  const module = sampleModules.find((one) => one.name === name);
  if (!module) throw new Error(name);
  return module;
}

function yaml(text: string): Readonly<Record<string, unknown>> {
  return readYaml(text, 'args.yml', new Problems())?.value as Readonly<Record<string, unknown>>;
}

function withArgs(shape: Readonly<Record<string, z.ZodType>>): AnyModule {
  return defineModule({ ...moduleNamed('lineinfile'), args: z.strictObject(shape) });
}

describe('checking arguments as they are written', () => {
  const cases: readonly (readonly [name: string, args: string, issues: readonly string[]])[] = [
    ['lineinfile', '{line: x}', ['path: is required (the file to edit)']],
    ['lineinfile', '{path: /x, lin: y}', ['lin: no such argument (did you mean `line`?)']],
    ['lineinfile', '{path: x}', ['path: must be absolute']],
    [
      'lineinfile',
      '{path: /x, state: presnt}',
      ['state: must be present or absent, not "presnt" (did you mean `present`?)'],
    ],
    ['lineinfile', '{path: /x, backup: maybe}', ['backup: must be true or false, not "maybe"']],
    ['lineinfile', '{path: [/x]}', ['path: must be text, not a list']],
    [
      'lineinfile',
      '{path: /x, become: true}',
      ['become: no such argument (`become` is a task keyword: write it beside the module, not inside)'],
    ],
    ['package', '{name: {a: 1}}', ['name: must be text or a list, not a mapping']],
    ['package', '{retries: 0, name: x}', ['retries: must be at least 1']],
    [
      'sysfs-bind',
      '{devices: [{id: a, driver: b}, {id: a, drivr: b}]}',
      ['devices[1].driver: is required', 'devices[1].drivr: no such argument (did you mean `driver`?)'],
    ],
    ['sysfs-bind', '{devices: "{{ gpus }}"}', []],
    [
      'sysfs-bind',
      '{devices: [{id: "{{ id }}", drivr: b}]}',
      ['devices[0].driver: is required', 'devices[0].drivr: no such argument (did you mean `driver`?)'],
    ],
    ['lineinfile', '{path: "{{ p }}", state: "{{ s }}", backup: "{{ b }}"}', []],
    [
      'lineinfile',
      '{path: "{{ p }}", state: x, lin: "{{ l }}"}',
      ['state: must be present or absent, not "x"', 'lin: no such argument (did you mean `line`?)'],
    ],
    ['lineinfile', '{path: !vault x}', []],
  ];

  test.each(cases)('%s %s', (name, args, issues) => {
    const found = validateArgs(moduleNamed(name), yaml(args));
    expect(found.map(({ path, message, hint }) => `${path}: ${message}${hint ? ` (${hint})` : ''}`)).toEqual(issues);
  });

  test('a rule over several arguments waits while one of them is a template', () => {
    const args = z.strictObject({ src: z.string().optional(), content: z.string().optional() });
    const module: AnyModule = {
      ...moduleNamed('lineinfile'),
      args: args.refine((a) => !a.src !== !a.content, 'give src or content'),
    };
    expect(validateArgs(module, {})).toMatchObject([{ path: '', message: 'give src or content' }]);
    expect(validateArgs(module, { src: '{{ x }}', content: 'y' })).toEqual([]);
  });

  test('a transform that chokes on template text is no complaint', () => {
    const module = withArgs({ address: z.string().transform((text) => new URL(text).host) });
    expect(validateArgs(module, { address: '{{ url }}' })).toEqual([]);
    expect(validateArgs(module, { address: 'nowhere' })).toMatchObject([
      { message: expect.stringContaining('Invalid URL') },
    ]);
  });
});

describe('types that plainly mean the same', () => {
  test('text from INI inventories becomes booleans and numbers where these are wanted', () => {
    const module = withArgs({ a: z.boolean(), b: z.int(), c: z.number(), d: z.boolean() });
    const parsed = parseArgs(module, { a: 'true', b: '8080', c: '1.5', d: 'no' });
    expect(parsed).toEqual({ ok: true, args: { a: true, b: 8080, c: 1.5, d: false } });
  });

  test('a rendered number becomes text where text is wanted, also in lists and unions', () => {
    const names = z.union([z.string(), z.array(z.string())]);
    const module = withArgs({ port: z.string(), one: names, many: names });
    const parsed = parseArgs(module, { port: 8080, one: 7, many: [1, 2, 'x'] });
    expect(parsed).toEqual({ ok: true, args: { port: '8080', one: '7', many: ['1', '2', 'x'] } });
  });

  test('text becomes the list of its parts where only a list is wanted, as in name=a,b', () => {
    const module = withArgs({ names: z.array(z.string()) });
    expect(parseArgs(module, { names: 'x' })).toEqual({ ok: true, args: { names: ['x'] } });
    expect(parseArgs(module, { names: 'a, b' })).toEqual({ ok: true, args: { names: ['a', 'b'] } });
    expect(parseArgs(module, yaml('{names: 0x10}'))).toEqual({ ok: true, args: { names: ['0x10'] } });
    expect(parseArgs(module, { names: '' })).toMatchObject({ ok: false });
  });

  test('a PCI id that YAML takes for a number is read as it was typed', () => {
    const module = withArgs({ id: z.string(), version: z.string(), ids: z.array(z.string()) });
    const args = yaml('{id: 1e+30, version: 6.10, ids: [1e07, 2235, 20b0, 0644]}');
    expect(parseArgs(module, args)).toEqual({
      ok: true,
      args: { id: '1e+30', version: '6.10', ids: ['1e07', '2235', '20b0', '0644'] },
    });
  });

  test('a number whose text is lost is refused, not guessed', () => {
    const parsed = parseArgs(withArgs({ version: z.string() }), { version: 6.1 });
    expect(parsed).toMatchObject({
      ok: false,
      issues: [{ path: 'version', message: 'must be text, not 6.1', hint: 'quote it' }],
    });
  });

  test('"2" is no boolean and "x1" no number', () => {
    const parsed = parseArgs(withArgs({ a: z.boolean(), b: z.int() }), { a: '2', b: 'x1' });
    expect(parsed).toMatchObject({
      ok: false,
      issues: [{ path: 'a' }, { path: 'b', message: 'must be a number, not "x1"' }],
    });
  });
});

describe('arguments read from the source text', () => {
  test('mode: 0644 stays what was typed, and 644 is refused by the module', () => {
    const module = moduleNamed('lineinfile');
    expect(withSourceText(module, yaml('{path: /x, mode: 0644}'))).toEqual({ path: '/x', mode: '0644' });
    const [issue] = validateArgs(module, withSourceText(module, yaml('{path: /x, mode: 644}')));
    expect(issue).toMatchObject({ path: 'mode', message: 'must be four octal digits' });
  });

  test('a star reaches every element of a list', () => {
    const module = { ...moduleNamed('lineinfile'), textArgs: ['files.*.mode', 'ids.*'] };
    const args = withSourceText(module, yaml('{files: [{mode: 0600}, {mode: "0644"}, {}], ids: [0010, x]}'));
    expect(args).toEqual({ files: [{ mode: '0600' }, { mode: '0644' }, {}], ids: ['0010', 'x'] });
  });

  test('a second pass changes nothing, and an absent argument stays absent', () => {
    const module = moduleNamed('lineinfile');
    const once = withSourceText(module, yaml('{mode: 0644}'));
    expect(withSourceText(module, once)).toEqual({ mode: '0644' });
    expect(withSourceText(module, { path: '/x' })).toEqual({ path: '/x' });
  });
});
