import type { Command, Output } from '../contract/command.ts';
import { type Probe, ProbeError, type ProbeKind, type Reading, UNKNOWN, UnknownReading } from '../contract/probe.ts';
import { overlaps, type Resource } from '../contract/resource.ts';
import type { CheckOverlay } from './check-overlay.ts';

interface Entry {
  readonly probe: Probe<unknown>;
  readonly reading: Promise<unknown>;
  readonly settle: { resolve(value: unknown): void; reject(error: unknown): void };
  /** Found by reading: where a link leads. */
  alsoReads: readonly Resource[];
}

type Exchange = (commands: readonly Command[]) => Promise<readonly Output[]>;

/**
 * Reads of one host as one user. A read is not made when it is asked for: all that is asked for in one turn of the event
 * loop goes out as one frame, equal probes once, probes of one kind as one set of commands. A reading stays valid until a
 * change invalidates what it rests on.
 */
export class ReadAhead {
  readonly #exchange: Exchange;
  readonly #overlay: CheckOverlay;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: Entry[] = [];
  #isScheduled = false;

  readonly #connected: () => Promise<unknown>;

  /** @param connected resolves when frames can travel; what is asked for until then travels in the first one */
  constructor(exchange: Exchange, overlay: CheckOverlay, connected: () => Promise<unknown> = () => Promise.resolve()) {
    this.#exchange = exchange;
    this.#overlay = overlay;
    this.#connected = connected;
  }

  readonly read = async <Value>(probe: Probe<Value>): Promise<Value> => {
    const value = (await this.#entryFor(probe).reading) as Value;
    return this.#predicted(probe, value);
  };

  /** Forgets every reading that one of the resources may have altered, also those still under way. */
  invalidate(touched: readonly Resource[]): void {
    for (const [key, { probe, alsoReads }] of this.#entries) {
      const reads = [...probe.reads, ...alsoReads];
      if (reads.some((read) => touched.some((resource) => overlaps(read, resource)))) this.#entries.delete(key);
    }
  }

  /** Forgets all readings; what was asked for and has not travelled yet will not. */
  clear(): void {
    this.#entries.clear();
    for (const entry of this.#queue.splice(0))
      entry.settle.reject(new ProbeError('the connection was closed before it was read'));
  }

  #entryFor(probe: Probe<unknown>): Entry {
    const known = this.#entries.get(probe.key);
    if (known) return known;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const entry: Entry = { probe, reading: promise, settle: { resolve, reject }, alsoReads: [] };
    // A speculative reader may have gone by the time it fails; whoever awaits the entry still sees the error.
    promise.catch(() => {});
    this.#entries.set(probe.key, entry);
    this.#queue.push(entry);
    this.#schedule();
    return entry;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(async () => {
      // A host that cannot be reached says so when the frame is sent. Nobody connects for what nobody waits for.
      if (this.#queue.length > 0) await this.#connected().catch(() => {});
      setImmediate(() => {
        this.#isScheduled = false;
        void this.#flush();
      });
    });
  }

  async #flush(): Promise<void> {
    const entries = this.#queue.splice(0);
    if (entries.length === 0) return;
    const byKind = Map.groupBy(entries, (entry) => entry.probe.kind);
    const groups = [...byKind].flatMap(([kind, members]) => this.#fused(kind, members));
    if (groups.length === 0) return;
    try {
      const outputs = await this.#exchange(groups.flatMap((group) => group.commands));
      let start = 0;
      for (const group of groups) {
        this.#deliver(group, outputs.slice(start, start + group.commands.length));
        start += group.commands.length;
      }
    } catch (error) {
      for (const entry of entries) this.#fail(entry, error);
    }
  }

  /** Nothing is asked for a kind that cannot say how: a subject may be one that no command takes. */
  #fused(kind: ProbeKind<unknown, unknown>, entries: readonly Entry[]): readonly FusedGroup[] {
    try {
      return [fuse(kind, entries)];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      for (const entry of entries) this.#fail(entry, new ProbeError(`${kind.name}: ${why}`, { cause: error }));
      return [];
    }
  }

  #deliver({ kind, entries, subjects }: FusedGroup, outputs: readonly Output[]): void {
    const readings: readonly Reading<unknown>[] = kind.parse(subjects, outputs);
    entries.forEach((entry, index) => {
      const reading = readings[index] ?? { ok: false, error: `${kind.name}: the host gave no answer` };
      if (reading.ok) {
        entry.alsoReads = kind.alsoReads?.(reading.value) ?? [];
        entry.settle.resolve(reading.value);
      } else this.#fail(entry, new ProbeError(reading.error, { cause: reading.cause }));
    });
  }

  /** A failed reading is not kept: the next one who asks tries again. */
  #fail(entry: Entry, error: unknown): void {
    if (this.#entries.get(entry.probe.key) === entry) this.#entries.delete(entry.probe.key);
    entry.settle.reject(error);
  }

  #predicted<Value>(probe: Probe<Value>, value: Value): Value {
    if (this.#overlay.isEmpty) return value;
    const reads = [...probe.reads, ...(probe.kind.alsoReads?.(value) ?? [])];
    if (!this.#overlay.isTouched(reads)) return value;
    const predicted: unknown = probe.kind.predict ? probe.kind.predict(probe.subject, value, this.#overlay) : UNKNOWN;
    if (predicted === UNKNOWN)
      throw new UnknownReading(`depends on a change that check mode did not make (${probe.kind.name})`);
    return predicted as Value;
  }
}

interface FusedGroup {
  readonly kind: ProbeKind<unknown, unknown>;
  readonly entries: readonly Entry[];
  readonly subjects: readonly unknown[];
  readonly commands: readonly Command[];
}

function fuse(kind: ProbeKind<unknown, unknown>, entries: readonly Entry[]): FusedGroup {
  const subjects = entries.map((entry) => entry.probe.subject);
  return { kind, entries, subjects, commands: kind.commands(subjects) };
}
