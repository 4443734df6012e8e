import type { AnyModule } from '../contract/module.ts';

/** Modules by their YAML key, aliases included. */
export class Registry {
  readonly #byKey = new Map<string, AnyModule>();
  readonly modules: readonly AnyModule[];

  constructor(modules: readonly AnyModule[]) {
    this.modules = modules;
    for (const module of modules) {
      for (const key of [module.name, ...(module.aliases ?? [])]) {
        if (this.#byKey.has(key)) throw new Error(`two modules answer to ${key}`);
        this.#byKey.set(key, module);
      }
    }
  }

  find(key: string): AnyModule | undefined {
    return this.#byKey.get(key);
  }

  names(): Iterable<string> {
    return this.#byKey.keys();
  }
}
