import { Unreachable } from '../contract/connection.ts';
import type { Endpoint } from './endpoint.ts';
import { entriesFor, fingerprint, hostKeyName, judge, keyType, rememberHostKey } from './known-hosts.ts';
import type { KnownHost, KnownHostsFiles } from './known-hosts.ts';

/** Decides about the key one server shows. Nothing secret has been sent when it does. */
export class HostKeyCheck {
  readonly #endpoint: Endpoint;
  readonly #name: string;
  readonly #files: KnownHostsFiles;
  /** Why the key was refused. */
  refusal: Unreachable | undefined;

  constructor(endpoint: Endpoint, files: KnownHostsFiles) {
    this.#endpoint = endpoint;
    this.#name = endpoint.hostKeyAlias?.toLowerCase() ?? hostKeyName(endpoint.address, endpoint.port);
    this.#files = files;
  }

  /** As the files are now: another connection may just have recorded the same host. */
  get #entries(): readonly KnownHost[] {
    return entriesFor(this.#files.entries(this.#endpoint.knownHostsFiles), this.#name);
  }

  /** Algorithms for the key types that are known come first: else a host known by its RSA key would show another. */
  order(algorithms: readonly string[]): string[] {
    const types = new Set(this.#entries.filter((entry) => entry.marker === undefined).map((entry) => entry.type));
    const isKnown = (algorithm: string): boolean =>
      types.has(algorithm) || (algorithm.startsWith('rsa-') && types.has('ssh-rsa'));
    return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
  }

  accepts(key: Buffer): boolean {
    this.refusal = this.#refusalOf(key);
    return this.refusal === undefined;
  }

  #refusalOf(key: Buffer): Unreachable | undefined {
    const verdict = judge(this.#entries, key);
    switch (verdict.kind) {
      case 'known':
        return undefined;
      case 'revoked':
        return this.#refuse(
          'host-key-revoked',
          `its key ${shown(key)} is revoked in ${verdict.entry.place}; do not connect to it`,
        );
      case 'changed':
        return this.#refuse('host-key-changed', this.#changed(verdict.entry, key));
      case 'only-authority':
        return this.#refuse('host-key-unknown', this.#onlyAuthority(key));
      case 'unknown':
        return this.#endpoint.hostKeyPolicy === 'accept-new'
          ? this.#remember(key)
          : this.#refuse('host-key-unknown', this.#unknown(key));
      default:
        return verdict satisfies never;
    }
  }

  #remember(key: Buffer): Unreachable | undefined {
    const { rememberIn, isHashing } = this.#endpoint;
    try {
      if (rememberIn === undefined) throw new Error('no known_hosts file is configured');
      rememberHostKey(rememberIn, this.#name, key, isHashing);
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#refuse(
        'host-key-unknown',
        `its key ${shown(key)} is new and could not be recorded (${why}); without that a later change would go unnoticed`,
      );
    }
  }

  #unknown(key: Buffer): string {
    const { address, port, rememberIn } = this.#endpoint;
    return `its key ${shown(key)} is in none of the known_hosts files; compare it with the host's own, then add it (ssh-keyscan -p ${port} ${address} >> ${rememberIn ?? '~/.ssh/known_hosts'}), or allow new hosts with accept-new`;
  }

  #changed(entry: KnownHost, key: Buffer): string {
    const file = entry.place.replace(/:\d+$/, '');
    return `its key has changed: ${entry.place} holds ${shown(entry.key)}, the host shows ${shown(key)}; it was reinstalled, or another machine answers in its place. If you know why: ssh-keygen -f ${file} -R '${this.#name}'`;
  }

  #onlyAuthority(key: Buffer): string {
    return `known_hosts trusts it only through a certificate authority, and host certificates cannot be checked here; add its own key ${shown(key)} to known_hosts`;
  }

  #refuse(reason: Unreachable['reason'], found: string): Unreachable {
    return new Unreachable(reason, `${this.#endpoint.host}: ${this.#name} was refused: ${found}`);
  }
}

function shown(key: Buffer): string {
  return `${keyType(key).replace(/^ssh-/, '')} ${fingerprint(key)}`;
}
