import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fileAt } from '../../../test/support/bls-host.ts';
import { parseToken, tokenize } from '../../probes/kernel-cmdline-tokens.ts';
import { planDefaultGrub, planKernelCmdline } from './future-cmdline.ts';

const desire = { state: 'present', tokens: ['intel_iommu=on', 'iommu=pt'].map(parseToken), policies: {} } as const;

function edited(text: string): string {
  const [change] = planDefaultGrub(
    fileAt('/etc/default/grub', text),
    { text, words: tokenize(evaluated(text)) },
    desire,
  );
  return change?.kind === 'write-file' ? Buffer.from(change.bytes).toString() : text;
}
/** What a real shell makes of both variables: bash, which is `sh` where entries are files. */
function evaluated(text: string): string {
  const done = spawnSync('bash', ['-c', `${text}\nprintf '%s' "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"`]);
  return done.stdout.toString().trim();
}

describe('/etc/default/grub, changed in place', () => {
  it.each([
    ['one quoted string', 'GRUB_CMDLINE_LINUX="rhgb quiet"\n', 'rhgb quiet intel_iommu=on iommu=pt'],
    ['single quotes', "GRUB_CMDLINE_LINUX='rhgb quiet' # ours\n", 'rhgb quiet intel_iommu=on iommu=pt'],
    ['a bare word', 'GRUB_CMDLINE_LINUX=quiet\n', 'quiet intel_iommu=on iommu=pt'],
    ['nothing', 'GRUB_TIMEOUT=1', 'intel_iommu=on iommu=pt'],
    ['nothing in the quotes', 'export GRUB_CMDLINE_LINUX=""\n', 'intel_iommu=on iommu=pt'],
    [
      'a string built in two steps',
      'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX="${GRUB_CMDLINE_LINUX} b"\n',
      'a b intel_iommu=on iommu=pt',
    ],
    ['an addition', 'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX+=" b"\n', 'a b intel_iommu=on iommu=pt'],
    ['an addition in the way', 'GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX+=" iommu=off"\n', 'a intel_iommu=on iommu=pt'],
    ['a variable', 'X=quiet\nGRUB_CMDLINE_LINUX="a $X"\n', 'a quiet intel_iommu=on iommu=pt'],
    ['a variable that says it', 'X="iommu=pt b"\nGRUB_CMDLINE_LINUX="a $X"\n', 'a iommu=pt b intel_iommu=on'],
    [
      'a contradiction in either',
      'GRUB_CMDLINE_LINUX="intel_iommu=off a"\nGRUB_CMDLINE_LINUX_DEFAULT="b iommu=nopt"\n',
      'a intel_iommu=on iommu=pt b',
    ],
    [
      'quotes within',
      'GRUB_CMDLINE_LINUX="dyndbg=\\"file x +p\\" quiet"\n',
      'dyndbg="file x +p" quiet intel_iommu=on iommu=pt',
    ],
  ])('means the same to a shell, and more: %s', (_, text, expected) => {
    const changed = edited(text);
    expect(evaluated(changed)).toBe(expected);
    expect(edited(changed)).toBe(changed);
  });

  it('is left alone where both variables say it already', () => {
    const text = 'GRUB_CMDLINE_LINUX="iommu=pt"\nGRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=on"\n';
    expect(edited(text)).toBe(text);
  });

  it('is refused where a variable or a command says otherwise', () => {
    expect(() => edited('X=iommu=off\nGRUB_CMDLINE_LINUX="a $X"\n')).toThrow(
      /a variable or a command in .* gives iommu=off/,
    );
    expect(() => edited('GRUB_CMDLINE_LINUX="$(echo intel_iommu=off)"\n')).toThrow(/gives intel_iommu=off/);
  });

  it.each([
    'GRUB_CMDLINE_LINUX="a\n b"',
    'GRUB_CMDLINE_LINUX="$(cat x)`y`"',
    'GRUB_CMDLINE_LINUX=“a”',
    'GRUB_CMDLINE_LINUX+="a"',
  ])('is refused by line where only a shell knows what it says: %s', (text) => {
    expect(() => edited(`# x\n${text}\n`)).toThrow(/\/etc\/default\/grub:2: /);
  });
});

describe('/etc/kernel/cmdline', () => {
  it('keeps comments, and is never made', () => {
    const [change] = planKernelCmdline(fileAt('/etc/kernel/cmdline', '# ours\nroot=/dev/a\nro\n'), desire);
    expect(change?.kind === 'write-file' && Buffer.from(change.bytes).toString()).toBe(
      '# ours\nroot=/dev/a ro intel_iommu=on iommu=pt\n',
    );
    expect(planKernelCmdline(fileAt('/etc/kernel/cmdline', null), desire)).toEqual([]);
  });
});
