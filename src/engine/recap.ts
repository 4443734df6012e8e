import type { HostRecap } from '../contract/event.ts';
import type { Result } from '../contract/result.ts';

type Counts = { -readonly [K in keyof Omit<HostRecap, 'host' | 'stoppedAt'>]: number };

/** The arithmetic of Ansible's PLAY RECAP (ansible-semantics 2.11), with `unknown` for check mode. Mutable. */
export class Recap {
  readonly #counts = new Map<string, Counts>();
  readonly #stops = new Map<string, string>();

  /** `isRescued`: a failure goes to the rescue of a block, and counts there. */
  add(host: string, result: Result, isRescued = false): void {
    const counts = this.#of(host);
    if (result.status === 'failed' || result.status === 'unreachable') this.#addFailure(counts, result, isRescued);
    else if (result.status === 'changed') {
      counts.ok += 1;
      counts.changed += 1;
    } else counts[result.status] += 1;
  }

  /** An include counts once for each file or role it brought in, so once more for each after the first. */
  include(host: string, bodies: number): void {
    this.#of(host).ok += Math.max(0, bodies - 1);
  }

  /** A host that failed outside of any task. */
  crash(host: string, reason: string): void {
    this.#of(host).failed += 1;
    this.stoppedAt(host, `because ${reason}`);
  }

  stoppedAt(host: string, place: string): void {
    if (!this.#stops.has(host)) this.#stops.set(host, place);
  }

  /** meta: clear_host_errors — no host counts as stopped any more. */
  forgive(): void {
    this.#stops.clear();
  }

  /** A host that took part at all stands in the recap. */
  take(host: string): void {
    this.#of(host);
  }

  /** Whether check mode could not tell what some task would have done there. */
  hasUnknown(host: string): boolean {
    return this.#of(host).unknown > 0;
  }

  get hosts(): readonly HostRecap[] {
    return [...this.#counts].map(([host, counts]) => ({ host, ...counts, stoppedAt: this.#stops.get(host) }));
  }

  #addFailure(counts: Counts, result: Result, isRescued: boolean): void {
    if (result.isIgnored) {
      counts.ok += 1;
      counts.ignored += 1;
      if (result.values.changed === true) counts.changed += 1;
    } else if (result.status === 'failed') counts[isRescued ? 'rescued' : 'failed'] += 1;
    else counts.unreachable += 1;
  }

  #of(host: string): Counts {
    const known = this.#counts.get(host);
    if (known) return known;
    const counts: Counts = {
      ok: 0,
      changed: 0,
      unreachable: 0,
      failed: 0,
      skipped: 0,
      rescued: 0,
      ignored: 0,
      unknown: 0,
    };
    this.#counts.set(host, counts);
    return counts;
  }
}
