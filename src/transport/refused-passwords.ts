import { createHash } from 'node:crypto';

import { BecomeFailed } from '../contract/connection.ts';
import type { Become } from '../contract/connection.ts';

/** Hosts that may refuse one password before it is tried nowhere else: a typo must not lock an account on a fleet. */
const PATIENCE = 3;

interface Trial {
  readonly refusedBy: Set<string>;
  isAccepted: boolean;
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * What became of each password so far, whoever it was to lead to. Until one has been accepted somewhere, no more hosts
 * try it at the same time than may refuse it.
 */
export class RefusedPasswords {
  readonly #trials = new Map<string, Trial>();

  /** Waits until this host may try. @throws BecomeFailed when it must not */
  async begin(host: string, become: Become): Promise<void> {
    const trial = this.#trial(become);
    while (mustWait(trial)) {
      await new Promise<void>((resolve) => trial.waiting.push(resolve));
    }
    if (trial.refusedBy.has(host))
      throw new BecomeFailed(`${host}: it refused this ${become.method} password before; not tried again`);
    if (!trial.isAccepted && trial.refusedBy.size >= PATIENCE)
      throw new BecomeFailed(this.#stopped(host, become, trial));
    trial.running += 1;
  }

  end(host: string, become: Become, outcome: 'accepted' | 'refused' | 'not asked'): void {
    const trial = this.#trial(become);
    trial.running -= 1;
    if (outcome === 'accepted') trial.isAccepted = true;
    if (outcome === 'refused') trial.refusedBy.add(host);
    for (const wake of trial.waiting.splice(0)) wake();
  }

  #stopped(host: string, become: Become, trial: Trial): string {
    const hosts = [...trial.refusedBy].join(', ');
    return `${host}: the ${become.method} password was not tried here, because ${hosts} refused it and more wrong tries could lock the account; correct it and run again`;
  }

  #trial(become: Become): Trial {
    const secret = become.password?.reveal() ?? '';
    const key = createHash('sha256').update(`${become.method}\0${secret}`).digest('hex');
    const trial = this.#trials.get(key) ?? { refusedBy: new Set<string>(), isAccepted: false, running: 0, waiting: [] };
    this.#trials.set(key, trial);
    return trial;
  }
}

function mustWait({ isAccepted, refusedBy, running }: Trial): boolean {
  return !isAccepted && refusedBy.size < PATIENCE && running + refusedBy.size >= PATIENCE;
}
