import { stat } from 'node:fs/promises';

/** Asked again and again, says for how many milliseconds a file has not grown. */
export function silenceOf(path: string): () => Promise<number> {
  let [size, since] = [-1, 0];
  return async () => {
    const now = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (now !== size) [size, since] = [now, performance.now()];
    return performance.now() - since;
  };
}
