import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playText, workspace } from '../../test/support/play.ts';

const PLAY = '- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: x}}]\n';

test.each([
  ['', /the vault password file "" cannot be used: there is no such file/],
  ['/nosuch', /the vault password file \/nosuch cannot be used: there is no such file/],
  ['/tmp', /the vault password file \/tmp cannot be used: it is a directory/],
  ['/dev/null', /the vault password file \/dev\/null holds no password/],
])('a vault password file %j that holds none is said, beside what else is wrong', async (file, message) => {
  const { exitCode, problems } = await playText(PLAY, { vaultPasswordFile: [file], extraVars: ['x'] });
  expect(exitCode).toBe(1);
  expect(problems.map((problem) => problem.message)).toEqual([
    expect.stringMatching(message),
    expect.stringContaining('"x" is not name=value'),
  ]);
});

test('a password script that fails is said', async () => {
  const script = join(workspace({ 'ask.sh': '#!/bin/sh\nexit 3\n' }), 'ask.sh');
  chmodSync(script, 0o700);
  const { problems } = await playText(PLAY, { vaultId: [`prod@${script}`] });
  expect(problems).toMatchObject([{ message: expect.stringMatching(/ask\.sh cannot be used: Command failed/) }]);
});
