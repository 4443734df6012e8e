import type { ConnectionTarget } from '../contract/connection.ts';
import { HostLink, type LinkOptions } from './host-link.ts';

/** One link per way of reaching a host, kept for the whole run. Owns the connections. */
export class LinkPool {
  readonly #options: LinkOptions;
  readonly #links = new Map<string, HostLink>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get(target: ConnectionTarget): HostLink {
    const key = JSON.stringify(target);
    const known = this.#links.get(key);
    if (known) return known;
    const link = new HostLink(target, this.#options);
    this.#links.set(key, link);
    return link;
  }

  /** Drops a host's connections; the next task connects anew (new groups, new keys). */
  async reset(host: string): Promise<void> {
    await Promise.all(this.#of(host).map((link) => link.close()));
  }

  #of(host: string): readonly HostLink[] {
    return [...this.#links.values()].filter((link) => link.target.host === host);
  }

  get frames(): number {
    return [...this.#links.values()].reduce((sum, link) => sum + link.frames, 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.end()));
  }
}
