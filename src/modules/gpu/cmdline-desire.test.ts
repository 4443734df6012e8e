import { describe, expect, it } from 'vitest';
import { parseToken, tokenize } from '../../probes/kernel-cmdline-tokens.ts';
import { type CmdlineDesire, conflictingTokens, unmetTokens, withDesire } from './cmdline-desire.ts';

const want = (tokens: string, more: Partial<CmdlineDesire> = {}): CmdlineDesire => ({
  state: 'present',
  policies: {},
  ...more,
  tokens: tokens.split(' ').map(parseToken),
});
const after = (line: string, desire: CmdlineDesire) =>
  withDesire(tokenize(line), desire)
    .map((token) => token.text)
    .join(' ');

describe('present', () => {
  it.each([
    ['quiet', 'iommu=pt', 'quiet iommu=pt'],
    ['iommu=off quiet iommu=pt', 'iommu=pt', 'quiet iommu=pt'],
    ['console=tty0', 'console=ttyS0', 'console=tty0 console=ttyS0'],
    ['rd.driver.pre=ahci', 'rd.driver.pre=vfio-pci', 'rd.driver.pre=ahci rd.driver.pre=vfio-pci'],
    ['modprobe.blacklist=snd-hda-intel', 'modprobe.blacklist=nouveau', 'modprobe.blacklist=snd_hda_intel,nouveau'],
    ['vfio_pci.ids=10de:1 quiet', 'vfio-pci.ids=10DE:2', 'quiet vfio-pci.ids=10de:1,10de:2'],
    ['hugepages=4 hugepagesz=2M quiet', 'hugepagesz=1G hugepages=4', 'quiet hugepagesz=1G hugepages=4'],
    ['a="x y" quiet', 'iommu=pt', 'a="x y" quiet iommu=pt'],
    ['intel_iommu=off,igfx_off quiet', 'intel_iommu=on', 'quiet intel_iommu=on,igfx_off'],
    ['intel_iommu=on,off', 'intel_iommu=on', 'intel_iommu=on'],
    ['iommu=nopt,memaper', 'iommu=pt', 'iommu=pt,memaper'],
    ['intel_iommu=on,sm_on', 'intel_iommu=off', 'intel_iommu=off'],
  ])('makes %s with %s into %s', (line, tokens, expected) => {
    expect(after(line, want(tokens))).toBe(expected);
    expect(unmetTokens(tokenize(line), want(tokens))).not.toEqual([]);
    expect(unmetTokens(tokenize(expected), want(tokens))).toEqual([]);
  });

  it.each([
    ['intel-iommu=on', 'intel_iommu=on'],
    ['intel_iommu=on,igfx_off', 'intel_iommu=on'],
    ['intel_iommu=sm_on,on', 'intel_iommu=on,sm_on'],
    ['vfio-pci.ids=10de:2,10de:1', 'vfio-pci.ids=10de:1'],
    ['console=ttyS0 console=tty0', 'console=ttyS0'],
    ['rd.driver.pre=vfio,vfio_pci rd.driver.pre=ahci', 'rd.driver.pre=ahci,vfio-pci'],
    ['hugepagesz=1G quiet hugepages=4', 'hugepagesz=1G hugepages=4'],
  ])('is content with %s for %s', (line, tokens) => {
    expect(unmetTokens(tokenize(line), want(tokens))).toEqual([]);
    expect(after(line, want(tokens))).toBe(line);
  });

  it('takes the policy a task gives', () => {
    expect(after('x.list=a', want('x.list=b', { policies: { 'x.list': 'csv-merge' } }))).toBe('x.list=a,b');
  });
});

describe('absent', () => {
  it.each([
    ['quiet splash', 'quiet', 'splash'],
    ['console=tty0 console=ttyS0', 'console=tty0', 'console=ttyS0'],
    ['vfio_iommu_type1.allow_unsafe_interrupts=1 ro', 'vfio-iommu-type1.allow-unsafe-interrupts', 'ro'],
    ['vfio-pci.ids=10de:1,10de:2', 'vfio-pci.ids=10de:1', 'vfio-pci.ids=10de:2'],
    ['vfio-pci.ids=10de:1', 'vfio-pci.ids=10de:1', ''],
    ['rd.driver.blacklist=vfio-pci,nouveau ro', 'rd.driver.blacklist=vfio_pci', 'rd.driver.blacklist=nouveau ro'],
  ])('makes %s without %s into %s', (line, tokens, expected) => {
    const desire = want(tokens, { state: 'absent' });
    expect(after(line, desire)).toBe(expected);
    expect(unmetTokens(tokenize(line), desire)).not.toEqual([]);
    expect(unmetTokens(tokenize(expected), desire)).toEqual([]);
  });

  it('leaves another value alone', () => {
    expect(after('iommu=on', want('iommu=pt', { state: 'absent' }))).toBe('iommu=on');
  });
});

it('names both of two tokens of which the kernel would lose one', () => {
  const found = conflictingTokens(
    tokenize('vfio-pci.ids=10de:1 quiet vfio_pci.ids=10de:2'),
    want('vfio-pci.ids=10de:3'),
  );
  expect(found.map((token) => token.text)).toEqual(['vfio-pci.ids=10de:1', 'vfio_pci.ids=10de:2']);
});
