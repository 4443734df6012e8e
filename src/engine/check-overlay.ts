import { dirname } from 'node:path/posix';
import type { PredictedFact } from '../contract/change.ts';
import type { Overlay, PredictedFile } from '../contract/probe.ts';
import { overlaps, type Resource } from '../contract/resource.ts';

/** What check mode planned so far on one host: predicted files and facts, and everything that would have been touched. */
export class CheckOverlay implements Overlay {
  #version = 0;
  readonly #files = new Map<string, PredictedFile>();
  readonly #facts = new Map<Resource, unknown>();
  readonly #touched = new Set<Resource>();

  add(
    prediction: { readonly files: readonly PredictedFile[]; readonly facts: readonly PredictedFact[] },
    touches: readonly Resource[],
  ): void {
    this.#version += 1;
    for (const file of prediction.files) {
      if (file.state.kind === 'absent') this.#forgetBelow(file.path);
      this.#files.set(file.path, this.#withKnownBytes(file));
    }
    for (const { resource, value } of prediction.facts) this.#facts.set(resource, value);
    for (const resource of touches) this.#touched.add(resource);
  }

  #forgetBelow(directory: string): void {
    for (const path of this.#files.keys()) if (path.startsWith(`${directory}/`)) this.#files.delete(path);
  }

  /** A change of attributes says nothing about content, which an earlier write may have planned. */
  #withKnownBytes(file: PredictedFile): PredictedFile {
    const bytes = file.bytes ?? this.#files.get(file.path)?.bytes;
    return file.state.kind === 'file' && bytes ? { ...file, bytes } : file;
  }

  /** Grows with every prediction. */
  get version(): number {
    return this.#version;
  }

  /** Whether nothing was planned, as in every run that is no check. */
  get isEmpty(): boolean {
    return this.#touched.size === 0;
  }

  isTouched(resources: readonly Resource[]): boolean {
    return resources.some((read) => this.#touched.values().some((touched) => overlaps(read, touched)));
  }

  file(path: string): PredictedFile | undefined {
    return this.#files.get(path);
  }

  filesIn(directory: string): readonly PredictedFile[] {
    const parent = directory.replace(/(.)\/+$/, '$1');
    return [...this.#files.values()].filter((file) => dirname(file.path) === parent);
  }

  fact(resource: Resource): unknown {
    return this.#facts.get(resource);
  }
}
