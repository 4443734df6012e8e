import { FileError } from './fuse/tree.ts';
import type { Fault } from './options.ts';

type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** The faults ordered for one host, and the writes that hang because of one. */
export class FaultOrders {
  #faults: readonly Fault[];
  readonly #hanging = new Set<(error: Error) => void>();

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  get all(): readonly Fault[] {
    return this.#faults;
  }

  add(fault: Fault): void {
    this.#faults = [...this.#faults, fault];
  }

  clear(): void {
    this.#faults = [];
    this.answerHanging();
  }

  find<Kind extends Fault['kind']>(kind: Kind): FaultOf<Kind> | undefined {
    return this.#faults.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
  }

  /** A fault of one boot is used up by it. */
  take<Kind extends Fault['kind']>(kind: Kind): FaultOf<Kind> | undefined {
    const found = this.find(kind);
    this.#faults = this.#faults.filter((fault) => fault !== found);
    return found;
  }

  /** Settles at once, or when the host goes down if unbinding this function hangs. */
  async beforeUnbind(bdf: string): Promise<void> {
    const hangs = this.#faults.some((fault) => fault.kind === 'hang-unbind' && (fault.bdf ?? bdf) === bdf);
    if (!hangs) return;
    await new Promise<never>((_, reject) => this.#hanging.add(reject));
  }

  /** A process in an unanswered write cannot be killed, and its pid namespace would wait for it. */
  answerHanging(): void {
    for (const reject of this.#hanging) reject(new FileError('ENODEV'));
    this.#hanging.clear();
  }
}
