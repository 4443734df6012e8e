import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request to the engine's API (docs.docker.com/engine/api). Rejects when nothing answers on the socket. */
export function askEngine(socketPath: string, method: 'GET' | 'DELETE', path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, headers: { host: 'docker' }, timeout: 60_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer to ${method} ${path}`)));
    asked.on('error', reject).end();
  });
}

export async function answers(socketPath: string): Promise<boolean> {
  return askEngine(socketPath, 'GET', '/_ping').then(
    ({ status }) => status === 200,
    () => false,
  );
}
