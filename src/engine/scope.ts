import type { CompiledTemplate, Scope } from '../language/jinja/types.ts';
import { TemplateError } from '../language/jinja/types.ts';
import { Unsafe, VaultText } from '../language/yaml/tags.ts';
import { setOwn } from '../language/yaml/merge.ts';
import { copySourceTexts, sourceTextOf } from '../language/yaml/positions.ts';

/** A source of variables. `isData` values come from a host or are results already: they are never rendered again. */
export interface Layer {
  readonly isData: boolean;
  has(name: string): boolean;
  get(name: string): unknown;
  names(): Iterable<string>;
  /** What was typed for a value of YAML; see {@link Scope.sourceText}. */
  sourceText?(name: string): string | undefined;
}

export function layerOf(vars: Readonly<Record<string, unknown>>, isData = false): Layer {
  if (isData) return recordLayer(vars, true);
  const known = templateLayers.get(vars);
  if (known) return known;
  const layer = recordLayer(vars, false);
  templateLayers.set(vars, layer);
  return layer;
}

/** Variables of playbooks and inventories are the same objects for every task and host: a layer for each is made once. */
const templateLayers = new WeakMap<object, Layer>();

function recordLayer(vars: Readonly<Record<string, unknown>>, isData: boolean): Layer {
  return {
    isData,
    has: (name) => Object.hasOwn(vars, name),
    get: (name) => vars[name],
    names: () => Object.keys(vars),
    ...(isData ? {} : { sourceText: (name: string) => sourceTextOf(vars, name) }),
  };
}

export function mapLayer(vars: ReadonlyMap<string, unknown>): Layer {
  return { isData: true, has: (name) => vars.has(name), get: (name) => vars.get(name), names: () => vars.keys() };
}

/** A layer whose values are made on demand (magic variables). */
export function lazyLayer(makers: Readonly<Record<string, () => unknown>>): Layer {
  return {
    isData: true,
    has: (name) => Object.hasOwn(makers, name),
    get: (name) => makers[name]?.(),
    names: () => Object.keys(makers),
  };
}

/** `default(omit)`: an argument with this value is left out. */
export const OMIT: unique symbol = Symbol('omit');

/** What rendering needs: compiled templates, and the texts of `!vault` scalars. */
export interface Renderer {
  template(source: string): CompiledTemplate;
  decrypt(text: string): string;
}

/**
 * The variables one task sees on one host, lowest layer last. Values from playbooks and inventories are templates and are
 * rendered when they are looked up; data never is. Results are kept for the life of the scope, which is one task.
 */
export class VariableScope implements Scope {
  readonly #layers: readonly Layer[];
  readonly #renderer: Renderer;
  #rendered: Map<string, unknown> | undefined;
  #underway: string[] | undefined;
  /** What lookups and file searches need to know about the task. */
  readonly context: unknown;

  constructor(layers: readonly Layer[], renderer: Renderer, context?: unknown) {
    this.#layers = layers;
    this.#renderer = renderer;
    this.context = context;
  }

  lookup(name: string): unknown {
    if (this.#rendered?.has(name)) return this.#rendered.get(name);
    const layer = this.#layers.find((candidate) => candidate.has(name));
    if (!layer) return undefined;
    const value = layer.isData ? layer.get(name) : this.#renderVariable(name, layer.get(name));
    this.#rendered ??= new Map();
    this.#rendered.set(name, value);
    return value;
  }

  sourceText(name: string): string | undefined {
    return this.#layers.find((candidate) => candidate.has(name))?.sourceText?.(name);
  }

  /** The value before rendering, for finding what a variable depends on. */
  raw(name: string): { readonly isData: boolean; readonly value: unknown } | undefined {
    const layer = this.#layers.find((candidate) => candidate.has(name));
    return layer && { isData: layer.isData, value: layer.isData ? undefined : layer.get(name) };
  }

  /** Whether a test holds for any layer whose values are templates. */
  someTemplates(test: (layer: Layer) => boolean): boolean {
    return this.#layers.some((layer) => !layer.isData && test(layer));
  }

  *names(): Iterable<string> {
    for (const layer of this.#layers) yield* layer.names();
  }

  /** A scope in which these names come first (loop variables, a result under evaluation). */
  with(locals: Readonly<Record<string, unknown>>): VariableScope {
    return new VariableScope([layerOf(locals, true), ...this.#layers], this.#renderer, this.context);
  }

  /** Renders every template in a value from YAML, keeping its shape; omitted members are left out. */
  render(raw: unknown): unknown {
    if (typeof raw === 'string') return this.#renderer.template(raw).renderNative(this);
    if (raw instanceof Unsafe) return raw.value;
    if (raw instanceof VaultText) return this.#renderer.decrypt(raw.text);
    if (Array.isArray(raw)) return this.#renderList(raw);
    if (typeof raw === 'object' && raw !== null) return this.#renderMapping(raw as Readonly<Record<string, unknown>>);
    return raw;
  }

  #renderList(raw: readonly unknown[]): unknown {
    if (!raw.some(isDynamic(this.#renderer))) return raw;
    const list = raw.map((item) => this.render(item)).filter((item) => item !== OMIT);
    if (list.length === raw.length) copySourceTexts(raw, list);
    return list;
  }

  #renderMapping(raw: Readonly<Record<string, unknown>>): unknown {
    if (!isDynamic(this.#renderer)(raw)) return raw;
    const mapping: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(raw)) {
      const rendered = this.render(value);
      if (rendered === OMIT) continue;
      const name = key.includes('{{') ? String(this.render(key)) : key;
      setOwn(mapping, name, rendered);
    }
    copySourceTexts(raw, mapping);
    return mapping;
  }

  #renderVariable(name: string, raw: unknown): unknown {
    const underway = (this.#underway ??= []);
    if (underway.includes(name)) {
      throw new TemplateError(`variables refer to each other in a circle: ${[...underway, name].join(' -> ')}`, 1, 1);
    }
    underway.push(name);
    try {
      return this.render(raw);
    } finally {
      underway.pop();
    }
  }
}

const dynamicContainers = new WeakMap<object, boolean>();

/** Whether a raw value holds any template; remembered per container, since YAML values never change. */
function isDynamic(renderer: Renderer): (raw: unknown) => boolean {
  return function holdsTemplate(raw: unknown): boolean {
    if (typeof raw === 'string') return mayBeTemplate(raw) && renderer.template(raw).isDynamic;
    if (raw instanceof Unsafe || raw instanceof VaultText) return true;
    if (typeof raw !== 'object' || raw === null) return false;
    const known = dynamicContainers.get(raw);
    if (known !== undefined) return known;
    const found = Array.isArray(raw)
      ? raw.some(holdsTemplate)
      : Object.entries(raw as Readonly<Record<string, unknown>>).some(
          ([key, value]) => key.includes('{{') || holdsTemplate(value),
        );
    dynamicContainers.set(raw, found);
    return found;
  };
}

export function mayBeTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#');
}
