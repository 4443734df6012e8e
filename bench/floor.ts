import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import ssh2, { type PublicKeyAuthMethod } from 'ssh2';

// The floor every agentless tool stands on: connect to every host with ssh2 and run `true`. Reads the benchmark's inventory.
const hosts = readFileSync(process.argv[2] ?? '', 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])));

/** As many handshakes at once as tsplay makes. */
const HANDSHAKES = 32;

function runTrue(host: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const port = Number(host.ansible_port);
    const client = new ssh2.Client();
    client.on('error', reject).on('ready', () =>
      client.exec('true', (error, channel) => {
        if (error) return reject(error);
        channel.on('close', () => resolve(void client.end())).resume();
        channel.stderr.resume();
      }),
    );
    const login: PublicKeyAuthMethod = {
      type: 'publickey',
      username: host.ansible_user ?? '',
      key: readFileSync(host.ansible_ssh_private_key_file ?? '', 'utf8'),
    };
    const known = readFileSync(/UserKnownHostsFile=([^'\s]+)/.exec(host.line ?? '')?.[1] ?? '', 'utf8');
    client.connect({
      sock: connect({ host: '127.0.0.1', port, noDelay: true }),
      username: host.ansible_user,
      authHandler: [login],
      hostVerifier: (key: Buffer) => known.includes(key.toString('base64')),
      algorithms: { kex: ['curve25519-sha256'] },
    });
  });
}

const lines = readFileSync(process.argv[2] ?? '', 'utf8')
  .split('\n')
  .filter(Boolean);
const queue = hosts.map((host, index) => ({ ...host, line: lines[index] ?? '' }));
await Promise.all(
  Array.from({ length: HANDSHAKES }, async () => {
    for (let host = queue.shift(); host; host = queue.shift()) await runTrue(host);
  }),
);
