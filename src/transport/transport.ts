import type { Transport } from '../contract/connection.ts';
import { connectLocal } from './local.ts';

export function createTransport(): Transport {
  return { connect: (target) => connectLocal(target) };
}
