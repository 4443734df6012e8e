import { expect, onTestFinished, test } from 'vitest';
import { playText } from '../../test/support/play.ts';

const PLAY =
  '- hosts: all\n  gather_facts: false\n  vars_prompt: [{name: version, prompt: Which}]\n  tasks: [{ping: }]\n';

/** Tests may run on a terminal; what is asked here must not wait for one. */
function withoutTerminal(): void {
  const { isTTY } = process.stdin;
  process.stdin.isTTY = false;
  onTestFinished(() => void (process.stdin.isTTY = isTTY));
}

test.each([
  [{}, 'cannot ask for "Which" without a terminal; give it with -e version=…'],
  [{ askPass: true }, 'cannot ask for "SSH password" without a terminal; set ansible_password, in a vault'],
  [{ askBecomePass: true }, /"Become password" without a terminal; set ansible_become_password/],
  [{ askVaultPass: true }, /"Vault password" without a terminal; name a file or program .* --vault-password-file/],
])('%j without a terminal says what to do instead', async (options, message) => {
  withoutTerminal();
  await expect(playText(PLAY, options)).rejects.toThrow(message);
});

test('a variable that is given is not asked for', async () => {
  withoutTerminal();
  expect((await playText(PLAY, { extraVars: ['version=1'] })).exitCode).toBe(0);
});
