import { describe, expect, it } from 'vitest';
import { entryText, environmentBlock, MACHINE, menuOf } from '../../../test/support/bls-host.ts';
import { entriesOf } from './boot-menu.ts';
import { defaultEntryProblem } from './default-entry.ts';

const OTHER = '9'.repeat(32);
const RHEL_MENU = `set default="\${saved_entry}"
### BEGIN /etc/grub.d/10_linux ###
insmod blscfg
blscfg
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/40_custom ###
menuentry 'Memory test' --id memtest {
	linux16 /memtest86+
}
### END /etc/grub.d/40_custom ###
`;
function host(ids: readonly string[], saved: string | null, config = RHEL_MENU) {
  const entries = Object.fromEntries(ids.map((id) => [id, entryText(id.slice(33), 'ro')]));
  const menu = menuOf(entries, saved === null ? null : environmentBlock(`saved_entry=${saved}`));
  const next = entriesOf(menu, '/boot/grub2/grub.cfg', config).default;
  return { next: next?.id, problem: defaultEntryProblem(menu, next, MACHINE) };
}
const NEW = `${MACHINE}-5.14.0-427.el9.x86_64`;
const OLD = `${MACHINE}-5.14.0-362.el9.x86_64`;
const STALE = `${OTHER}-5.14.0-70.el9.x86_64`;

describe('the entry of the next boot', () => {
  it.each([
    ['the saved one', OLD, OLD],
    ['the newest where none is saved', null, NEW],
    ['the newest where the saved one is gone', `${MACHINE}-4.18.0-1.el8.x86_64`, NEW],
    ['the one with the saved number', '1', OLD],
    ['the newest without a menu to read', null, NEW],
  ])('is %s', (_, saved, expected) => {
    expect(host([OLD, NEW], saved)).toEqual({ next: expected, problem: null });
    expect(host([OLD, NEW], saved, '').next).toBe(expected);
  });

  it('may be a menu entry of GRUB itself', () => {
    expect(host([NEW], 'memtest').next).toBe('memtest');
  });

  it('is a problem where a stale machine-id makes it an older kernel', () => {
    expect(host([STALE, NEW], null).problem).toMatch(new RegExp(`takes ${STALE}.*and not ${NEW}`));
    expect(host([STALE, NEW], 'gone').problem).toMatch(/saved_entry names gone, which is not there/);
    expect(host([STALE, NEW], NEW).problem).toBeNull();
  });

  it('is no problem where all entries have one strange id, as in a cloned image that was never updated', () => {
    expect(host([STALE], null).problem).toBeNull();
  });

  it('is a problem where it is the rescue entry', () => {
    expect(host([NEW, `${MACHINE}-0-rescue`], `${MACHINE}-0-rescue`).problem).toMatch(/rescue/);
  });

  it('is a problem where it is a memory test, whose one-word name comes before letters of a machine-id', () => {
    const ours = 'f'.repeat(32);
    const memtest = 'title Memory test\nlinux /memtest86+x64.bin\n';
    const menu = menuOf({ [`${ours}-5.14.0-1.el9`]: entryText('5.14.0-1.el9', 'ro'), 'memtest86+': memtest }, null);
    const next = entriesOf(menu, '/boot/grub2/grub.cfg', RHEL_MENU).default;
    expect(defaultEntryProblem(menu, next, ours)).toMatch(/takes memtest86\+, which has neither options nor an initrd/);
  });
});
