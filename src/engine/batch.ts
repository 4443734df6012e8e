import type { Result } from '../contract/result.ts';
import type { HandlerSection, Play, RoleContext } from '../language/playbook/types.ts';
import type { RunContext } from './context.ts';
import type { PlayLayers } from './host-variables.ts';
import { compareOrder, type Order } from '../contract/order.ts';
import { Pacer } from './pacer.ts';

type Queue = ReturnType<RunContext['queueOf']>;

/** A failure that ends the batch for everybody, unless all go to the rescue of the block it happened in. */
interface Fatality {
  readonly host: string;
  readonly rescue: Order | undefined;
}

export interface BatchOptions {
  readonly run: RunContext;
  readonly play: Play;
  readonly playId: string;
  readonly hosts: readonly string[];
  readonly allPlayHosts: readonly string[];
  /** Filled as hosts end early; what `layersOf` gives knows it too. */
  readonly endedHosts: Set<string>;
  readonly layersOf: (host: string, role: RoleContext | undefined) => PlayLayers;
  /** The statement before which nothing runs but the gathering of facts. */
  readonly startAt: string | undefined;
  /** Failed hosts allowed in this batch; undefined: no limit but "not all". */
  readonly mayFail: number | undefined;
}

/** The one run of a run_once task, that its host fills and the others wait for. */
export interface OnceSlot {
  runner: string | undefined;
  readonly result: PromiseWithResolvers<Result>;
}

/** What the hosts of one batch share while they run a play. Mutable: it keeps count and keeps them in step. */
export class Batch {
  readonly run: RunContext;
  readonly play: Play;
  readonly playId: string;
  readonly hosts: readonly string[];
  readonly allPlayHosts: readonly string[];
  readonly endedHosts: Set<string>;
  readonly layersOf: (host: string, role: RoleContext | undefined) => PlayLayers;
  readonly startAt: string | undefined;
  readonly pacer: Pacer;
  readonly handlers: readonly HandlerSection[];
  readonly #once = new Map<string, OnceSlot>();
  readonly #throttles = new Map<string, Queue>();
  /** Ended by meta: for this batch, or for the play. */
  ended: 'batch' | 'play' | undefined;
  readonly #mayFail: number | undefined;
  readonly #failed = new Set<string>();
  readonly #fatalities: Fatality[] = [];

  constructor(options: BatchOptions) {
    this.run = options.run;
    this.play = options.play;
    this.playId = options.playId;
    this.hosts = options.hosts;
    this.allPlayHosts = options.allPlayHosts;
    this.endedHosts = options.endedHosts;
    this.layersOf = options.layersOf;
    this.startAt = options.startAt;
    this.pacer = new Pacer(options.hosts);
    this.handlers = options.play.handlers;
    this.#mayFail = options.mayFail;
  }

  /** Whether hosts must wait for each other after every task, because one's failure can stop all. */
  get isLockstep(): boolean {
    return this.#mayFail !== undefined;
  }

  /** False when every host goes through the play at its own pace. */
  get isLinear(): boolean {
    return this.play.strategy === undefined || this.play.strategy === 'linear';
  }

  onceAt(place: string): OnceSlot {
    const slot = this.#once.get(place) ?? { runner: undefined, result: Promise.withResolvers<Result>() };
    this.#once.set(place, slot);
    return slot;
  }

  /** Lets so many hosts into one task at once. */
  throttleOf(task: string, concurrency: number): Queue {
    const queue = this.#throttles.get(task) ?? this.run.queueOf(concurrency);
    this.#throttles.set(task, queue);
    return queue;
  }

  get failed(): ReadonlySet<string> {
    return this.#failed;
  }

  /** `rescue` is the place of the innermost block with a rescue the host is in. */
  recordFailure(host: string, rescue: Order | undefined, isFatal: boolean): void {
    if (rescue === undefined) this.#failed.add(host);
    if (isFatal) this.#fatalities.push({ host, rescue });
  }

  /** Why the others must stop here, or the rescue they must go to. */
  verdictFor(host: string, rescue: Order | undefined): 'go-on' | 'rescue' | 'stop' {
    for (const fatality of this.#fatalities.filter((one) => one.host !== host)) {
      if (fatality.rescue === undefined) return 'stop';
      if (rescue !== undefined && compareOrder(fatality.rescue, rescue) === 0) return 'rescue';
    }
    return this.#mayFail !== undefined && this.#failed.size > this.#mayFail ? 'stop' : 'go-on';
  }

  get mustStop(): boolean {
    const tooMany = this.#mayFail !== undefined && this.#failed.size > this.#mayFail;
    return (
      tooMany || this.#fatalities.some(({ rescue }) => rescue === undefined) || this.#failed.size >= this.hosts.length
    );
  }
}
