import { setTimeout as sleep } from 'node:timers/promises';

import type { Command, Output } from '../contract/command.ts';
import { ConnectionLost } from '../contract/connection.ts';
import type { Become, Connection, ExchangeOptions } from '../contract/connection.ts';
import { Deadline } from './deadline.ts';
import { Lane } from './lane.ts';
import { ChannelRefused } from './shell-channel.ts';
import type { ShellSession } from './shell-session.ts';

/** Times a refused session is asked for again, and milliseconds between. */
const ATTEMPTS = 20;
const PAUSE_MS = 25;

/** What a {@link ShellConnection} stands on: an SSH client, or this machine. */
export interface Link {
  readonly host: string;
  readonly loginUser: string;
  /** False once the peer is gone. */
  readonly isOpen: boolean;
  /** @throws Unreachable, BecomeFailed, ConnectionLost, DeadlinePassed, ChannelRefused */
  openSession(become: Become | undefined, deadline: Deadline): Promise<ShellSession>;
  /** Whether every shell ends with it, as sshd sees to, so that none need be waited for. */
  readonly endsItsShells: boolean;
  close(): void;
}

/** A connection made of one shell session for each user that commands run as. */
export class ShellConnection implements Connection {
  readonly #link: Link;
  readonly #lanes = new Map<string, Lane>();
  #isClosed = false;

  constructor(link: Link, login: ShellSession) {
    this.#link = link;
    this.#lanes.set(laneKey(undefined), new Lane(login));
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#link.isOpen;
  }

  async exchange(commands: readonly Command[], options: ExchangeOptions): Promise<readonly Output[]> {
    if (commands.length === 0) return [];
    const deadline = new Deadline(options.deadlineMs);
    const become = options.become?.user === this.#link.loginUser ? undefined : options.become;
    const lane = this.#lane(become);
    const endTurn = await lane.turn(deadline, options.signal);
    try {
      options.signal?.throwIfAborted();
      const session = await this.#session(lane, become, deadline);
      return await session.exchange(commands, { ...options, deadline });
    } finally {
      endTurn();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const { endsItsShells } = this.#link;
    await Promise.all([...this.#lanes.values()].map((lane) => (endsItsShells ? lane.leave() : lane.drop())));
    this.#link.close();
  }

  #lane(become: Become | undefined): Lane {
    const key = laneKey(become);
    const lane = this.#lanes.get(key) ?? new Lane();
    this.#lanes.set(key, lane);
    return lane;
  }

  async #session(lane: Lane, become: Become | undefined, deadline: Deadline): Promise<ShellSession> {
    if (!this.isOpen) throw new ConnectionLost(`${this.#link.host}: the connection is closed; nothing was run`);
    if (lane.session?.isOpen) return lane.session;
    const session = await this.#openMakingRoom(lane, become, deadline);
    lane.session = session;
    if (this.#isClosed) await lane.drop();
    return session;
  }

  /** sshd's MaxSessions may allow fewer shells than there are users: then they take turns. */
  async #openMakingRoom(lane: Lane, become: Become | undefined, deadline: Deadline): Promise<ShellSession> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#link.openSession(become, deadline);
      } catch (error) {
        if (!(error instanceof ChannelRefused) || attempt === ATTEMPTS) throw error;
      }
      const other = [...this.#lanes.values()].find((candidate) => candidate !== lane && candidate.session?.isOpen);
      if (other !== undefined) await dropInTurn(other, deadline);
      // sshd counts a session until a moment after it has confirmed its end.
      else await sleep(PAUSE_MS);
    }
  }
}

async function dropInTurn(lane: Lane, deadline: Deadline): Promise<void> {
  const endTurn = await lane.turn(deadline);
  await lane.drop().finally(endTurn);
}

function laneKey(become: Become | undefined): string {
  return become === undefined ? '' : JSON.stringify([become.method, become.user, become.flags ?? []]);
}
