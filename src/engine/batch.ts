import type { Result } from '../contract/result.ts';
import type { HandlerSection, Play, RoleContext } from '../language/playbook/types.ts';
import type { RunContext } from './context.ts';
import type { PlayLayers } from './host-variables.ts';
import { compareOrder, type Order, Pacer } from './pacer.ts';

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
  readonly layersOf: (host: string, role: RoleContext | undefined) => PlayLayers;
  /** Failed hosts allowed in this batch; undefined: no limit but "not all". */
  readonly mayFail: number | undefined;
  readonly isFatal: boolean;
}

/** What the hosts of one batch share while they run a play. Mutable: it keeps count and keeps them in step. */
export class Batch {
  readonly run: RunContext;
  readonly play: Play;
  readonly playId: string;
  readonly hosts: readonly string[];
  readonly allPlayHosts: readonly string[];
  readonly layersOf: (host: string, role: RoleContext | undefined) => PlayLayers;
  readonly pacer: Pacer;
  readonly handlers: readonly HandlerSection[];
  /** Results of run_once tasks, by place. */
  readonly once = new Map<string, Promise<Result>>();
  /** Ended by meta: for this batch, or for the play. */
  ended: 'batch' | 'play' | undefined;
  readonly #mayFail: number | undefined;
  readonly #isFatal: boolean;
  readonly #failed = new Set<string>();
  #fatality: Fatality | undefined;

  constructor(options: BatchOptions) {
    this.run = options.run;
    this.play = options.play;
    this.playId = options.playId;
    this.hosts = options.hosts;
    this.allPlayHosts = options.allPlayHosts;
    this.layersOf = options.layersOf;
    this.pacer = new Pacer(options.hosts);
    this.handlers = options.play.handlers;
    this.#mayFail = options.mayFail;
    this.#isFatal = options.isFatal;
  }

  /** Whether hosts must wait for each other after every task, because one's failure can stop all. */
  get isLockstep(): boolean {
    return this.#isFatal || this.#mayFail !== undefined;
  }

  get failed(): ReadonlySet<string> {
    return this.#failed;
  }

  /** `rescue` is the place of the innermost block with a rescue the host is in. */
  recordFailure(host: string, rescue: Order | undefined, isFatal: boolean): void {
    if (rescue === undefined) this.#failed.add(host);
    if (this.#isFatal || isFatal) this.#fatality ??= { host, rescue };
  }

  /** Why the others must stop here, or the rescue they must go to. */
  verdictFor(host: string, rescue: Order | undefined): 'go-on' | 'rescue' | 'stop' {
    const fatality = this.#fatality;
    if (fatality && fatality.host !== host) {
      if (fatality.rescue === undefined) return 'stop';
      if (rescue !== undefined && compareOrder(fatality.rescue, rescue) === 0) return 'rescue';
    }
    return this.#mayFail !== undefined && this.#failed.size > this.#mayFail ? 'stop' : 'go-on';
  }

  /** Everybody of the block went to its rescue; the play goes on. */
  forgive(rescue: Order): void {
    if (this.#fatality?.rescue && compareOrder(this.#fatality.rescue, rescue) === 0) this.#fatality = undefined;
  }

  get mustStop(): boolean {
    const tooMany = this.#mayFail !== undefined && this.#failed.size > this.#mayFail;
    return (
      tooMany ||
      (this.#fatality !== undefined && this.#fatality.rescue === undefined) ||
      this.#failed.size >= this.hosts.length
    );
  }
}
