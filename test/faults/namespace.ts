import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import type { SshdOptions } from '../support/sshd.ts';

/** A network of its own on this machine, joined to ours by a pair of virtual cards. Needs root. */
export interface Namespace {
  /** For a server in it. */
  readonly sshd: SshdOptions;
  /** From now on every packet from it to us is dropped without a word, as a firewall's DROP does; ours still arrive there. */
  silence(): void;
  speak(): void;
}

export const canMakeNamespaces = process.getuid?.() === 0;

export function startNamespace(): Namespace {
  const id = `tsf${process.pid % 30_000}`;
  const subnet = `10.${210 + (process.pid % 40)}.${process.pid % 251}`;
  const ours = `${subnet}.1`;
  const theirs = `${subnet}.2`;
  ip('netns', 'add', id);
  onTestFinished(() => ip('netns', 'del', id));
  ip('link', 'add', id, 'type', 'veth', 'peer', 'name', 'veth0', 'netns', id);
  ip('addr', 'add', `${ours}/30`, 'dev', id);
  ip('link', 'set', id, 'up');
  for (const words of [`addr add ${theirs}/30 dev veth0`, 'link set veth0 up', 'link set lo up'])
    ip('-n', id, ...words.split(' '));
  return {
    sshd: { address: theirs, through: ['ip', 'netns', 'exec', id] },
    silence: () => ip('-n', id, 'route', 'add', 'blackhole', `${ours}/32`),
    speak: () => ip('-n', id, 'route', 'del', 'blackhole', `${ours}/32`),
  };
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
