import { Unreachable } from '../contract/connection.ts';
import type { Endpoint } from './endpoint.ts';
import { entriesFor, fingerprint, hostKeyName, judge, keyType, rememberHostKey } from './known-hosts.ts';
import type { KnownHost, KnownHostsFiles, Verdict } from './known-hosts.ts';
import { revocation } from './revoked-keys.ts';

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
  #entries(name = this.#name): readonly KnownHost[] {
    return entriesFor(this.#files.entries(this.#endpoint.knownHostsFiles), name);
  }

  /** ssh(1) looks for the host without its port where nothing is known of that port. */
  get #portlessEntries(): readonly KnownHost[] {
    const { address, port, hostKeyAlias } = this.#endpoint;
    return port === 22 || hostKeyAlias !== undefined ? [] : this.#entries(address.toLowerCase());
  }

  /** Algorithms for the key types that are known come first: else a host known by its RSA key would show another. */
  order(algorithms: readonly string[]): string[] {
    const own = this.#entries().filter(isPlain);
    const types = new Set((own.length > 0 ? own : this.#portlessEntries.filter(isPlain)).map((entry) => entry.type));
    const isKnown = (algorithm: string): boolean =>
      types.has(algorithm) || (algorithm.startsWith('rsa-') && types.has('ssh-rsa'));
    return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
  }

  accepts(key: Buffer): boolean {
    this.refusal = this.#refusalOf(key);
    return this.refusal === undefined;
  }

  #refusalOf(key: Buffer): Unreachable | undefined {
    const { revokedKeysFile } = this.#endpoint;
    const revoked = revokedKeysFile === undefined ? undefined : revocation(revokedKeysFile, key);
    if (revoked !== undefined) return this.#refuse('host-key-revoked', revoked);
    const verdict = this.#verdictOn(key);
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

  #verdictOn(key: Buffer): Verdict {
    const verdict = judge(this.#entries(), key);
    if (verdict.kind !== 'unknown') return verdict;
    const portless = judge(this.#portlessEntries, key);
    // Another key than that of the port 22 is another server on the same machine, which nobody knows yet.
    return portless.kind === 'changed' ? verdict : portless;
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
    return `its key ${shown(key)} is in none of the known_hosts files; compare it with the host's own, then add it (ssh-keyscan -p ${port} ${address} >> ${rememberIn ?? '~/.ssh/known_hosts'}), or record the keys of new hosts with --accept-new-host-keys`;
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

function isPlain({ marker }: KnownHost): boolean {
  return marker === undefined;
}

function shown(key: Buffer): string {
  return `${keyType(key).replace(/^ssh-/, '')} ${fingerprint(key)}`;
}
