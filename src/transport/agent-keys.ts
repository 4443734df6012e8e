import { readFileSync } from 'node:fs';

import ssh2 from 'ssh2';
import type { IdentityCallback, ParsedKey } from 'ssh2';

/**
 * The keys of an ssh agent in the order in which ssh offers them: those of the identity files first, since servers count
 * tries (MaxAuthTries), and with `IdentitiesOnly` no others.
 */
export class AgentKeys extends ssh2.OpenSSHAgent {
  readonly #named: ReadonlySet<string>;
  readonly #isOnlyNamed: boolean;

  /** @param named public keys as base64 */
  constructor(socket: string, named: ReadonlySet<string>, isOnlyNamed: boolean) {
    super(socket);
    this.#named = named;
    this.#isOnlyNamed = isOnlyNamed;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    super.getIdentities((error, entries = []) => {
      const keys = entries.filter((entry): entry is ParsedKey => 'getPublicSSH' in entry);
      const isNamed = (key: ParsedKey): boolean => this.#named.has(key.getPublicSSH().toString('base64'));
      const others = this.#isOnlyNamed ? [] : keys.filter((key) => !isNamed(key));
      done(error, [...keys.filter(isNamed), ...others]);
    });
  }
}

/** The public half of identity files: in `file.pub`, or in the file itself where the private half is the agent's alone. */
export function publicHalves(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => publicKeyIn(`${file}.pub`) ?? publicKeyIn(file) ?? []);
}

function publicKeyIn(file: string): string | undefined {
  try {
    return /^[a-z][\w@.-]+\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(readFileSync(file, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
