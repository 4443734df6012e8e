import type { Outcome } from './outcome.ts';

/** Where we differ on purpose: why, and what ours gives instead (whole entries of hosts and recap). */
export interface Difference {
  readonly reason: string;
  readonly ours: Partial<Outcome>;
}

const forEach = <T>(hosts: readonly string[], value: T): Readonly<Record<string, T>> =>
  Object.fromEntries(hosts.map((host) => [host, value]));

const ALL = ['h1', 'h2', 'h3'];

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'any-errors-fatal-always': {
    reason:
      'Since ansible-core 2.17 every host goes to the always of its block and no further; 2.14 let the others carry on.',
    ours: {
      hosts: forEach(['h2', 'h3'], ['a | skipped', 'al | ok | al']),
      recap: forEach(['h2', 'h3'], 'ok=1 skipped=1'),
    },
  },
  'any-errors-fatal-rescue': {
    reason: 'Since ansible-core 2.17 every host of the block goes to the rescue; 2.14 let the others carry on.',
    ours: { hosts: forEach(['h1', 'h3'], ['a | skipped', 'mend | ok | mend', 'c | ok | c']) },
  },
  'block-undefined': {
    reason:
      'A missing include file that a rescue caught is counted as rescued, like every other failure, not as failed.',
    ours: { recap: forEach(ALL, 'ok=3 changed=1 rescued=2 ignored=1') },
  },
  'check-mode': {
    reason: 'What a command would do is unknown, not "skipped", and a check that finds drift exits with 3.',
    ours: {
      exit: 3,
      hosts: {
        h1: ['real | changed', 'not run | unknown', 'copy | changed', 'mode | ok | true', 'creates | ok', 'h | ok | h'],
      },
      recap: { h1: 'ok=5 changed=2' },
    },
  },
  'handlers-loop-notify': {
    reason: 'Only the items that changed notify; Ansible sends the notifications of all items when one changed.',
    ours: { hosts: forEach(ALL, ['a | changed', 'do y | ok | y']), recap: forEach(ALL, 'ok=2 changed=1') },
  },
  'magic-extra': {
    reason: 'Who a host is cannot be changed by -e: a mistyped variable must not send one host the work of another.',
    ours: { hosts: { h1: ['a | ok | h1'] } },
  },
};
