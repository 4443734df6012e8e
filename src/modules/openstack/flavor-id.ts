import { createHash } from 'node:crypto';

/** A UUID (version 5) of the name: the plan is the same every time, and so is the id in every region. */
export function idFromName(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** RFC 4122, appendix C: names below this one are DNS names. */
const DNS = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
const NAMESPACE = Buffer.concat([DNS, Buffer.from('flavor.nova.openstack.org/')]);
