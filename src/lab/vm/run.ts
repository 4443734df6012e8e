import { spawn } from 'node:child_process';

/** Runs a program to its end and gives back what it wrote. @throws Error with its last words when it fails. */
export function runProgram(argv: readonly [string, ...string[]]): Promise<string> {
  const [file, ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err = (err + chunk.toString()).slice(-4000)));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${file} could not be run: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out);
      else
        reject(new Error(`${argv.join(' ').slice(0, 200)}: ${signal ?? `exit ${code}`}: ${err.trim().slice(-1500)}`));
    });
  });
}
