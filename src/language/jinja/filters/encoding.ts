import { createHash, getHashes } from 'node:crypto';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { ValueFault } from '../values.ts';
import { didYouMean } from '../suggest.ts';
import { named, textArgument } from './arguments.ts';

const digest = (algorithm: string, value: unknown): string => createHash(algorithm).update(toText(value)).digest('hex');

const hash: Filter = (value, args, kwargs) => {
  const { hashtype = 'sha1' } = named(args, kwargs, ['hashtype']);
  const algorithm = textArgument(hashtype);
  if (!getHashes().includes(algorithm))
    throw new ValueFault(`there is no hash '${algorithm}'${didYouMean(algorithm, getHashes())}`);
  return digest(algorithm, value);
};

const b64decode: Filter = (value, args, kwargs) => {
  const { encoding = 'utf-8' } = named(args, kwargs, ['encoding']);
  return Buffer.from(toText(value), 'base64').toString(bufferEncoding(encoding));
};

const b64encode: Filter = (value, args, kwargs) => {
  const { encoding = 'utf-8' } = named(args, kwargs, ['encoding']);
  return Buffer.from(toText(value), bufferEncoding(encoding)).toString('base64');
};

function bufferEncoding(name: unknown): BufferEncoding {
  const known = textArgument(name).toLowerCase().replace('utf-16-le', 'utf16le');
  if (!Buffer.isEncoding(known)) throw new ValueFault(`there is no encoding '${textArgument(name)}'`);
  return known;
}

/** Ansible's own namespace for `to_uuid`. */
const NAMESPACE = '361E6D51-FAEC-444A-9079-341386DA8E2E';

const toUuid: Filter = (value, args, kwargs) => {
  const { namespace = NAMESPACE } = named(args, kwargs, ['namespace']);
  const bytes = createHash('sha1')
    .update(Buffer.from(toText(namespace).replaceAll('-', ''), 'hex'))
    .update(toText(value))
    .digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

export const encodingFilters: Readonly<Record<string, Filter>> = {
  b64decode,
  b64encode,
  hash,
  md5: (value) => digest('md5', value),
  sha1: (value) => digest('sha1', value),
  checksum: (value) => digest('sha1', value),
  to_uuid: toUuid,
};
