import { describe, expect, it } from 'vitest';
import { Secret } from '../../contract/secret.ts';
import { createCompiler } from './compile.ts';
import { standardEnvironment } from './environment.ts';
import { TemplateError, UndefinedError, type Lookup, type Scope } from './types.ts';

const lookups = new Map<string, Lookup>([
  ['env', (terms) => terms.map((term) => `env:${String(term)}`)],
  ['items', (terms) => terms],
  ['vars', (terms, _kwargs, { scope }) => terms.map((term) => scope.lookup(String(term)))],
]);
const compiler = createCompiler(standardEnvironment(lookups, { parseYaml: (text) => ({ parsed: text }) }));

function scopeOf(vars: Readonly<Record<string, unknown>>): Scope {
  return { lookup: (name) => (Object.hasOwn(vars, name) ? vars[name] : undefined), names: () => Object.keys(vars) };
}

function evaluate(source: string, vars: Readonly<Record<string, unknown>> = {}): unknown {
  return compiler.expression(source).evaluate(scopeOf(vars));
}

function render(source: string, vars: Readonly<Record<string, unknown>> = {}): string {
  return compiler.template(source).render(scopeOf(vars));
}

describe('expressions', () => {
  it('give plain values: no float wrapper, tuple class or map leaves the engine', () => {
    expect(evaluate("[4 / 2, (1, 2.0), {1: 'a'}, [{'10': 1.0}]]")).toEqual([2, [1, 2], { 1: 'a' }, [{ 10: 1 }]]);
    const [tuple] = evaluate('[(1, 2)]') as readonly unknown[];
    expect(Object.getPrototypeOf(tuple)).toBe(Array.prototype);
  });

  it('hand back a variable itself, not a copy', () => {
    const users = [{ name: 'ann' }];
    expect(evaluate('users', { users })).toBe(users);
    expect(evaluate('[users, 1.0] | first', { users })).toBe(users);
  });

  it('keep integers beyond 2^53 exact', () => {
    expect(evaluate('9007199254740993 + 2')).toBe(9007199254740995n);
    expect(evaluate("'18446744073709551616' | from_json")).toBe(18446744073709551616n);
  });

  it('read variables only when they are reached', () => {
    const asked: string[] = [];
    const scope: Scope = { lookup: (name) => (asked.push(name), name === 'a' ? false : 1) };
    expect(compiler.expression('a and b').evaluate(scope)).toBe(false);
    expect(asked).toEqual(['a']);
  });

  it('are compiled once for each text', () => {
    expect(compiler.expression('1 + 1')).toBe(compiler.expression('1 + 1'));
    expect(compiler.template('{{ 1 }}')).toBe(compiler.template('{{ 1 }}'));
  });

  it('evaluate in about a microsecond', () => {
    const { evaluate: run } = compiler.expression("x + 1 > 3 and s == 'hello'");
    const scope = scopeOf({ x: 3, s: 'hello' });
    const rounds = 200_000;
    const begin = performance.now();
    for (let round = 0; round < rounds; round++) run(scope);
    // Generous: the machine is shared, but a compilation each time would be far above.
    expect(((performance.now() - begin) * 1000) / rounds).toBeLessThan(10);
  });
});

describe('templates', () => {
  it('keep the type of a value only when they write that and nothing else', () => {
    const native = (source: string) => compiler.template(source).renderNative(scopeOf({ x: [1], n: 5, t: '[1, 2]' }));
    expect(native('{{ x }}')).toEqual([1]);
    expect(native('{{ n }}')).toBe(5);
    expect(native('{{ n }}{{ n }}')).toBe('55');
    expect(native(' {{ n }}')).toBe(' 5');
    expect(native('{{ n }}\n')).toBe('5\n');
    expect(native('{{ t }}')).toBe('[1, 2]');
    expect(native('{% if n %}{{ n }}{% endif %}')).toBe(5);
    expect(native('{% if n %}{{ x }}{% else %}{{ n }}{% endif %}')).toEqual([1]);
    expect(native('{% set y = x %}{{ y }}')).toEqual([1]);
    expect(native('{% for i in x %}{{ i }}{% endfor %}')).toBe(1);
    expect(native('{% if n %} {{ x }}{% endif %}')).toBe(' [1]');
    expect(native('{% if not n %}x{% endif %}')).toBe('');
    expect(native('{{ x }}\n')).toEqual([1]);
    expect(native('{{ none }}')).toBeNull();
  });

  it('without syntax are themselves', () => {
    const plain = compiler.template('no braces }} here\n');
    expect(plain.isDynamic).toBe(false);
    expect(plain.render(scopeOf({}))).toBe('no braces }} here\n');
  });

  it('never render data again', () => {
    const stdout = '{{ 7 * 7 }}{% for x in y %}${x}`id`';
    expect(render('{{ r.stdout }}', { r: { stdout } })).toBe(stdout);
    expect(render('{{ r | to_json }}', { r: { stdout } })).toBe(JSON.stringify({ stdout }).replace(':', ': '));
    expect(evaluate("[r.stdout] | map('upper') | first", { r: { stdout } })).toBe(stdout.toUpperCase());
  });

  it('escape nothing for HTML', () => {
    expect(render('{{ v }}', { v: 'a="b" & <c>' })).toBe('a="b" & <c>');
  });

  it('obey a #jinja2 line at their top', () => {
    const body = '  {% if true %}\nx\n  {% endif %}\n';
    expect(render(`#jinja2: lstrip_blocks: True\n${body}`)).toBe('x\n');
    expect(render(`#jinja2: trim_blocks: False\n${body}`)).toBe('  \nx\n  \n');
    expect(render(`#jinja2: lstrip_blocks: True\n  {%+ if true %}\nx{% endif %}`)).toBe('  x');
    expect(() => render('#jinja2: variable_start_string: "[%"\nx')).toThrow(/trim_blocks and lstrip_blocks/);
  });

  it('stop loops at break and continue', () => {
    const source =
      '{% for n in range(9) %}{% if n == 1 %}{% continue %}{% endif %}{% if n == 4 %}{% break %}{% endif %}{{ n }}{% endfor %}';
    expect(render(source)).toBe('023');
  });

  it('say that includes are not supported', () => {
    expect(() => compiler.template("{% include 'x.j2' %}")).toThrow(/include.*not supported/);
  });
});

describe('undefined values', () => {
  const failure = (source: string, vars: Readonly<Record<string, unknown>> = {}): UndefinedError => {
    try {
      render(source, vars);
    } catch (error) {
      if (error instanceof UndefinedError) return error;
      throw error;
    }
    throw new Error(`${source} did not fail`);
  };

  it('are errors that name the path, the place and the nearest known name', () => {
    expect(failure('a\n  {{ nova_hst }}', { nova_host: 1 })).toMatchObject({ path: 'nova_hst', line: 2, column: 6 });
    expect(failure('{{ nova_hst }}', { nova_host: 1 }).message).toContain("did you mean 'nova_host'?");
    expect(failure('{{ r.results[0].stdot }}', { r: { results: [{ stdout: '' }] } }).message).toBe(
      "'r.results[0].stdot' is undefined: the dict has no attribute 'stdot' at line 1, column 4 (did you mean 'stdout'?)",
    );
  });

  it('are errors in tests, loops, comparisons, text and filters alike', () => {
    for (const use of [
      '{% if u %}{% endif %}',
      '{% for x in u %}{% endfor %}',
      '{{ u == 1 }}',
      '{{ u ~ 1 }}',
      '{{ u | length }}',
      '{{ [u] }}',
      '{{ u in [1] }}',
      '{{ not u }}',
      '{{ u + 1 }}',
      '{{ {"a": u} | to_json }}',
    ]) {
      expect(failure(use).path).toBe('u');
    }
  });

  it('never leave the engine inside a list', () => {
    expect(() => evaluate('[u]')).toThrow(UndefinedError);
    expect(() => evaluate('u')).toThrow(UndefinedError);
  });
});

describe('safety', () => {
  it('reaches own members of data only', () => {
    const hostile = { list: [1], text: 'x', dict: {} };
    for (const source of [
      'list.length',
      'text.length',
      'dict.constructor',
      'dict.toString',
      'list.constructor',
      "dict['__proto__']",
      "text['constructor']",
      'dict.hasOwnProperty',
      'list.map',
      'range.constructor',
      'constructor',
      'globalThis',
      'process',
      'toString',
    ]) {
      expect(() => evaluate(source, hostile), source).toThrow(UndefinedError);
    }
  });

  it('refuses methods of JavaScript while compiling', () => {
    for (const source of [
      "''.constructor('x')()",
      "x.constructor.constructor('return 1')()",
      'x.__proto__()',
      'x.toString()',
      'x.map()',
      'x.valueOf()',
      "[].constructor.from('a')",
      'eval("1")',
      'require("fs")',
      'Function("x")',
    ]) {
      expect(() => compiler.expression(source), source).toThrow(TemplateError);
    }
  });

  it('reaches nothing through filters that take attribute names', () => {
    const vars = { users: [{ name: 'ann' }] };
    expect(evaluate("users | map(attribute='constructor', default='none') | list", vars)).toEqual(['none']);
    expect(evaluate("users | selectattr('__proto__', 'defined') | list", vars)).toEqual([]);
    expect(() => evaluate("'{a.constructor}'.format(a=users)", vars)).toThrow(TemplateError);
    expect(() => evaluate("'constructor' | extract(users[0])", vars)).toThrow(UndefinedError);
  });

  it('keeps a key named __proto__ as data and leaves prototypes alone', () => {
    const json = '{"__proto__": {"polluted": 1}, "constructor": 2}';
    const merged = evaluate('(j | from_json) | combine({"a": {}}, recursive=true)', { j: json }) as object;
    expect(Object.keys(merged)).toEqual(['__proto__', 'constructor', 'a']);
    expect(render("{% set d = {} %}{% set _ = d.update({'__proto__': {'polluted': 1}}) %}{{ d }}")).toBe(
      "{'__proto__': {'polluted': 1}}",
    );
    evaluate("dict([['__proto__', {'polluted': 1}]])");
    evaluate("[{'key': '__proto__', 'value': {'polluted': 1}}] | items2dict");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('hands a secret on as a whole value, and never writes its mask into a text', () => {
    const secret = new Secret('hunter2');
    expect(compiler.template('{{ s }}').renderNative(scopeOf({ s: secret }))).toBe(secret);
    for (const source of [
      'password={{ s }}',
      '{{ [s] }}x',
      '{{ s ~ 1 }}',
      '{{ s | b64encode }}',
      '{{ {"s": s} | to_json }}',
    ]) {
      expect(() => render(source, { s: secret }), source).toThrow(TemplateError);
    }
  });

  it('bounds loops, ranges, output, recursion and growth', () => {
    const bombs: readonly string[] = [
      '{{ range(1000000000) | list }}',
      '{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}',
      "{{ 'x' * 1000000000 }}",
      '{{ [0] * 100000000 }}',
      '{{ 9 ** (9 ** 9) }}',
      "{{ '%1000000000d' % 1 }}",
      "{{ '{:1000000000}'.format(1) }}",
      "{{ 'x'.ljust(1000000000) }}",
      "{{ 'x' | center(1000000000) }}",
      '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
      "{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      '{{ range(1000) | product(range(1000), range(1000)) | list }}',
      '{{ range(20) | permutations | list }}',
      `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`,
      `{{ ${'not '.repeat(5000)}1 }}`,
      '{% for i in range(50000) %}{{ range(90000) | sum }}{% endfor %}',
      '{% if 1 %}'.repeat(5000) + '{% endif %}'.repeat(5000),
    ];
    for (const bomb of bombs) {
      const begin = performance.now();
      expect(() => render(bomb), bomb.slice(0, 60)).toThrow(TemplateError);
      expect(performance.now() - begin, bomb.slice(0, 60)).toBeLessThan(10_000);
    }
  });

  it('ends a circle of variables that hold templates', () => {
    const templates: Readonly<Record<string, string>> = { a: '{{ b }}', b: '{{ a }}' };
    const scope: Scope = { lookup: (name): unknown => compiler.template(templates[name] ?? '').renderNative(scope) };
    expect(() => compiler.template('{{ a }}').render(scope)).toThrow(/circle/);
    expect(render('{{ 1 }}')).toBe('1');
  });

  it('interrupts a regular expression that backtracks for ever', () => {
    const begin = performance.now();
    expect(() => evaluate("('a' * 50 ~ 'b') is match('(a+)+$')")).toThrow(/took longer/);
    expect(() => evaluate("('a' * 60) | regex_replace('(a|a)*$x', '')")).toThrow(/took longer/);
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

describe('variables', () => {
  it('are never changed in place, for they are shared between hosts', () => {
    const vars = { list: [1], dict: { a: [1] } };
    for (const source of [
      'list.append(2)',
      'dict.update({"b": 1})',
      'dict.a.append(2)',
      '(list | default([])).append(2)',
      '(dict.values() | list | first).pop()',
    ]) {
      expect(() => evaluate(source, vars), source).toThrow(/change a variable in place/);
    }
    expect(vars).toEqual({ list: [1], dict: { a: [1] } });
  });

  it('are shared from the moment an expression has made them', () => {
    const list = evaluate('[1]');
    expect(() => evaluate('list.append(2)', { list })).toThrow(/change a variable in place/);
  });

  it('may be copied and then changed', () => {
    const vars = { list: [1], dict: { a: 1 } };
    expect(render('{% set l = list + [] %}{% set _ = l.append(2) %}{{ l }}', vars)).toBe('[1, 2]');
    expect(render('{% set l = list | list %}{% set _ = l.append(2) %}{{ l }}', vars)).toBe('[1, 2]');
    expect(render('{% set d = dict.copy() %}{% set _ = d.update({"b": 2}) %}{{ d }}', vars)).toBe("{'a': 1, 'b': 2}");
    expect(
      render(
        '{% set m = {} %}{% for n in list %}{% set _ = m.setdefault("k", []).append(n) %}{% endfor %}{{ m }}',
        vars,
      ),
    ).toBe("{'k': [1]}");
    expect(vars).toEqual({ list: [1], dict: { a: 1 } });
  });
});

describe('names', () => {
  const names = (source: string): readonly string[] => [...compiler.template(source).names].sort();

  it('are those of an expression, without functions', () => {
    expect(
      [...compiler.expression("a.b + range(c) | map(attribute='d') | list if e is defined else f[g]").names].sort(),
    ).toEqual(['a', 'c', 'e', 'f', 'g']);
  });

  it('leave out what the template sets itself, from there on', () => {
    expect(names('{% set x = x + y %}{{ x }}')).toEqual(['x', 'y']);
    expect(names('{% set x = 1 %}{{ x }}')).toEqual([]);
    expect(names('{% if c %}{% set x = 1 %}{% endif %}{{ x }}')).toEqual(['c', 'x']);
    expect(names('{% for i in xs if i > n %}{{ loop.index }}{{ i }}{{ z }}{% endfor %}{{ i }}')).toEqual([
      'i',
      'n',
      'xs',
      'z',
    ]);
    expect(names('{% macro m(a, b=d) %}{{ a }}{{ e }}{% endmacro %}{{ m(f) }}')).toEqual(['d', 'e', 'f']);
    expect(names('{% with a = b %}{{ a }}{% endwith %}')).toEqual(['b']);
  });

  it('tell which lookups are called, and what lookup("vars") reads', () => {
    const { lookups: called, names: free } = compiler.expression(
      "lookup('vars', 'site') ~ query('ansible.builtin.env', x) ~ lookup(y)",
    );
    expect([...called].sort()).toEqual(['*', 'env', 'vars']);
    expect([...free].sort()).toEqual(['site', 'x', 'y']);
  });
});

describe('lookups', () => {
  it('give one value, or a list for query', () => {
    expect(evaluate("lookup('env', 'HOME')")).toBe('env:HOME');
    expect(evaluate("lookup('env', 'A', 'B')")).toBe('env:A,env:B');
    expect(evaluate("lookup('env', 'A', wantlist=true)")).toEqual(['env:A']);
    expect(evaluate("q('ansible.builtin.items', 1, [2])")).toEqual([1, [2]]);
  });
});

describe('mistakes', () => {
  it('in names are found while compiling, with a suggestion', () => {
    expect(() => compiler.expression('x | regex_replce("a", "b")')).toThrow(
      /no filter 'regex_replce' \(did you mean 'regex_replace'\?\) at line 1, column 5/,
    );
    expect(() => compiler.expression('x is defind')).toThrow(/no test 'defind' \(did you mean 'defined'\?\)/);
    expect(() => compiler.expression("lookup('evn', 'x')")).toThrow(/no lookup 'evn' \(did you mean 'env'\?\)/);
    expect(() => compiler.expression('rnge(3)')).toThrow(/no function 'rnge' \(did you mean 'range'\?\)/);
    expect(() => compiler.template('{% fr x in y %}')).toThrow(/no tag 'fr'/);
  });

  it('carry line and column', () => {
    const error = (() => {
      try {
        render('a\nb {{ 1 +\n   x }}', { x: 'text' });
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(TemplateError);
    expect(error).toMatchObject({ line: 2, column: 8 });
  });

  it('in the names of filters and tests given to map and select are found while compiling', () => {
    expect(() => compiler.expression("x | map('uper')")).toThrow(/no filter 'uper'/);
    expect(() => compiler.expression("x | selectattr('a', 'equalo', 1)")).toThrow(/no test 'equalo'/);
    expect(compiler.expression("x | map(attribute='uper') | select").names).toEqual(new Set(['x']));
  });

  it('in lists of dicts name the attribute and the place', () => {
    expect(() => evaluate("x | map(attribute='b') | join", { x: [{ a: 1 }] })).toThrow(
      "an item has no attribute 'b' at line 1, column 26",
    );
  });

  it('in arguments of filters are reported', () => {
    expect(() => evaluate("'a' | indent(widht=2)")).toThrow(/no argument 'widht' \(did you mean 'width'\?\)/);
    expect(() => evaluate('x | json_query("a")', { x: {} })).toThrow(/json_query.*not supported/);
    expect(() => evaluate('now()')).toThrow(/'now' is not supported/);
    expect(() => evaluate('[1, 2] | random')).toThrow(/seed/);
  });
});

describe('filters that need the environment', () => {
  it('read YAML through the reader that was given', () => {
    expect(evaluate("'a: 1' | from_yaml")).toEqual({ parsed: 'a: 1' });
  });

  it('choose the same for the same seed', () => {
    expect(evaluate("60 | random(seed='host1')")).toBe(evaluate("60 | random(seed='host1')"));
    expect(evaluate("59 | random(30, seed='x')")).toBeGreaterThanOrEqual(30);
  });
});

it.each([
  ['{% if true %}\nx\n  {% endif %}\ny', { trimBlocks: false, lstripBlocks: true }, '\nx\n\ny'],
  ['{% if true %}\nx\n  {% endif %}\ny', { trimBlocks: true, lstripBlocks: false }, 'x\n  y'],
  ['#jinja2: trim_blocks: True\n{% if true %}\nx{% endif %}', { trimBlocks: false, lstripBlocks: false }, 'x'],
])(
  'treats white space around blocks as asked, unless the first line says otherwise: %j',
  (source, blocks, expected) => {
    const compiler = createCompiler(standardEnvironment());
    expect(compiler.templateFile(source, blocks).render({ lookup: () => undefined })).toBe(expected);
  },
);

describe('a backslash in a string', () => {
  const compiler = createCompiler(standardEnvironment());
  const scope: Scope = { lookup: (name) => (name === 's' ? 'Hello World' : undefined) };

  // What ansible-core 2.14 made of them in a task's arguments; YAML has had its turn already.
  it.each([
    ["{{ s | regex_replace('(\\w+) (\\w+)', '\\2 \\1') }}", 'World Hello'],
    ['{{ s | regex_search("\\bW") }}', 'W'],
    ['{{ "a\\nb" }}', 'a\\nb'],
    ['{{ "a\nb" }}', 'a\nb'],
    ["{{ 'C:\\\\d' }}", 'C:\\\\d'],
    ["{% if true %}{{ 'x\\t' }}{% set y = 'a\\tb' %}{{ y }}{% endif %}", 'x\\ta\tb'],
    ["{{ 'it\\'s' }}", "it's"],
  ])('is left alone between {{ and }} in a playbook: %j', (source, expected) => {
    expect(compiler.template(source).render(scope)).toBe(expected);
  });

  it('escapes in a template file and in a condition', () => {
    const backwards = "s | regex_replace('(\\\\w+) (\\\\w+)', '\\\\2 \\\\1')";
    expect(compiler.templateFile(`{{ ${backwards} }} {{ 'a\\tb' }}`).render(scope)).toBe('World Hello a\tb');
    expect(compiler.expression(`${backwards} == 'World Hello'`).evaluate(scope)).toBe(true);
  });
});

it('lets a lookup fail when asked to', () => {
  const failing: Lookup = () => {
    throw new Error('no such file');
  };
  const compiler = createCompiler(standardEnvironment(new Map([['file', failing]])));
  const scope: Scope = { lookup: () => undefined };
  const evaluate = (text: string) => compiler.expression(text).evaluate(scope);
  expect(evaluate("lookup('file', 'x', errors='ignore') | default('none', true)")).toBe('none');
  expect(evaluate("query('file', 'x', errors='warn')")).toEqual([]);
  expect(() => evaluate("lookup('file', 'x')")).toThrow('no such file');
  expect(() => evaluate("lookup('file', nothing, errors='ignore')")).toThrow(UndefinedError);
});
