import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { startSshd } from '../../test/support/sshd.ts';
import { keepPreparedKeys, leaveHostKeysUnproved, signAtOnce } from './ssh2-internals.ts';

test('the private parts that are touched are where they were, and the connection works on', async () => {
  const sshd = await startSshd({ config: ['LogLevel VERBOSE'] });
  const client = new ssh2.Client();
  const asked: string[] = [];
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      client.once('error', reject);
      client.once('handshake', () => asked.push(`keys ${keepPreparedKeys(client)}`));
      client.once('hostkeys', () => asked.push('host keys proved'));
      client.once('ready', () =>
        client.exec('echo through', (error, channel) => {
          if (error) return reject(error);
          channel.on('data', (text: Buffer) => resolve(text.toString()));
        }),
      );
      const { address: host, port, user } = sshd;
      client.connect({ host, port, username: user, privateKey: readFileSync(sshd.identityFile) });
      asked.push(`handler ${leaveHostKeysUnproved(client)}`);
      asked.push(`login ${signAtOnce(client)}`);
    });
    expect(answer).toBe('through\n');
    expect(asked).toEqual(['handler true', 'login true', 'keys true']);
    expect(sshd.log()).toContain('Accepted publickey');
    expect(sshd.log()).not.toContain('Postponed publickey');
  } finally {
    client.end();
    await sshd.stop();
  }
});
