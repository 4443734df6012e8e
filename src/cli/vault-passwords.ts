import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import type { Problems } from '../contract/problem.ts';
import { readFailure } from '../language/read-failure.ts';
import type { VaultPassword } from '../language/vault/vault.ts';
import { askSecret } from './prompts.ts';

/** Milliseconds a password script may take. */
const SCRIPT_DEADLINE_MS = 30_000;

const WITHOUT_TERMINAL = 'name a file or program that knows it with --vault-password-file';

interface VaultOptions {
  readonly vaultPasswordFile: readonly string[];
  readonly vaultId: readonly string[];
  readonly askVaultPass?: boolean;
}

/** Vault passwords from files, executables and the terminal; ANSIBLE_VAULT_PASSWORD_FILE is honoured. */
export async function vaultPasswords(
  options: VaultOptions,
  problems: Problems,
  configured?: string,
): Promise<readonly VaultPassword[]> {
  const readPassword = (path: string): string => passwordIn(path, problems);
  const fromEnvironment =
    process.env.TSPLAY_VAULT_PASSWORD_FILE ?? process.env.ANSIBLE_VAULT_PASSWORD_FILE ?? configured;
  const files =
    options.vaultPasswordFile.length === 0 && fromEnvironment ? [fromEnvironment] : options.vaultPasswordFile;
  const passwords: VaultPassword[] = files.map((file) => ({ id: 'default', password: readPassword(file) }));
  for (const labelled of options.vaultId) {
    const at = labelled.lastIndexOf('@');
    const id = at > 0 ? labelled.slice(0, at) : 'default';
    const source = labelled.slice(at + 1);
    passwords.push({
      id,
      password:
        source === 'prompt' ? await askSecret(`Vault password (${id}): `, WITHOUT_TERMINAL) : readPassword(source),
    });
  }
  if (options.askVaultPass)
    passwords.push({ id: 'default', password: await askSecret('Vault password: ', WITHOUT_TERMINAL) });
  return passwords;
}

/** Empty after saying why there is none: no vault opens with it, and what else is wrong is said too. */
function passwordIn(path: string, problems: Problems): string {
  try {
    const password = readPassword(path).trim();
    if (password === '') problems.error(`the vault password file ${path || '""'} holds no password`);
    return password;
  } catch (error) {
    problems.error(`the vault password file ${path || '""'} cannot be used: ${readFailure(error)}`);
    return '';
  }
}

function readPassword(path: string): string {
  if (!isExecutable(path)) return readFileSync(path, 'utf8');
  return execFileSync(path, { encoding: 'utf8', timeout: SCRIPT_DEADLINE_MS });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
