import { expect, test } from 'vitest';
import { mountOf, parseMounts } from './mounts.ts';

const MOUNTS = parseMounts(`24 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 24 0:5 / /dev rw,nosuid - devtmpfs udev rw,size=100k
41 24 7:0 / /srv/read\\040me ro,relatime shared:7 - squashfs /dev/loop0 ro
42 24 254:1 / /data rw,relatime - ext4 /dev/vdb ro,errors=remount-ro
43 24 254:2 / /a rw - ext4 /dev/vdc rw
44 24 254:3 / /over/inner ro - ext4 /dev/vdd ro
45 24 254:4 / /over rw - tmpfs tmpfs rw
46 45 254:5 / /over rw - tmpfs tmpfs rw
`);

test('a path lies on the mount it is below, and a blank in its name is one', () => {
  expect(mountOf('/etc/x', MOUNTS)?.point).toBe('/');
  expect(mountOf('/dev/null', MOUNTS)?.point).toBe('/dev');
  expect(mountOf('/ab', MOUNTS)?.point).toBe('/');
  expect(mountOf('/srv/read me/x', MOUNTS)).toMatchObject({ point: '/srv/read me', isReadOnly: true });
});

test('a file system that went read-only is, whatever its mount says', () => {
  expect(mountOf('/data/x', MOUNTS)?.isReadOnly).toBe(true);
  expect(mountOf('/a/x', MOUNTS)?.isReadOnly).toBe(false);
});

test('a mount that another one hides does not count, and of two at one place the upper one does', () => {
  expect(mountOf('/over/inner/x', MOUNTS)).toMatchObject({ id: '46', isReadOnly: false });
});

test('below a root that is no mount point nothing is known', () => {
  expect(mountOf('/etc', parseMounts('30 24 0:5 / /dev rw - devtmpfs udev rw\n'))).toBeUndefined();
});
