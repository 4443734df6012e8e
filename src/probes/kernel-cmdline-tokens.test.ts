import { describe, expect, it } from 'vitest';
import { isComparable, policyOf, tokenize } from './kernel-cmdline-tokens.ts';

const keys = (line: string) => tokenize(line).map((token) => token.key);

describe('tokenize', () => {
  it('splits at white space outside double quotes and takes - and _ for one key', () => {
    expect(keys('a="x y" vfio-pci.ids=10de:1 vfio_pci.ids=10de:2 quiet')).toEqual([
      'a',
      'vfio_pci.ids',
      'vfio_pci.ids',
      'quiet',
    ]);
  });

  it('keeps only the first = as the separator, and tells no value from an empty one', () => {
    expect(tokenize('root=UUID=1-2 panic= quiet').map((token) => token.value)).toEqual(['UUID=1-2', '', null]);
  });

  it('runs an unclosed quote to the end, as the kernel does', () => {
    expect(tokenize('a="x y z').map((token) => token.text)).toEqual(['a="x y z']);
  });

  it('reads a whole quoted parameter', () => {
    expect(tokenize('"dyndbg=file a +p" x')).toMatchObject([{ key: 'dyndbg', value: 'file a +p' }, { key: 'x' }]);
  });

  it('yields nothing for an empty line', () => {
    expect(tokenize(' \n')).toEqual([]);
  });
});

describe('policyOf', () => {
  it('knows keys that may repeat, that merge, and that are ordered', () => {
    expect(['console', 'vfio_pci.ids', 'hugepages', 'iommu'].map((key) => policyOf(key))).toEqual([
      'multi',
      'csv-merge',
      'sequence',
      'set',
    ]);
  });

  it('takes an override under either spelling', () => {
    expect(policyOf('my_mod.ids', { 'my-mod.ids': 'csv-merge' })).toBe('csv-merge');
  });

  it('is not fooled by names that every object has', () => {
    expect(policyOf('constructor')).toBe('set');
  });
});

it('compares neither what the boot loader adds nor its variables', () => {
  const line = 'BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet $vt_handoff vt.handoff=7';
  expect(
    tokenize(line)
      .filter(isComparable)
      .map((token) => token.text),
  ).toEqual(['quiet']);
});
