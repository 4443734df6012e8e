import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { type Overlay, UNKNOWN } from '../contract/probe.ts';
import { effectiveTokens, grubDefaults } from './grub-defaults.ts';
import { parseGrubDropIn, renderGrubDropIn } from './grub-drop-in.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'grub-defaults-'));
});
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
function evaluate(main: string, dropIns: Readonly<Record<string, string>> = {}) {
  const place = join(root, String(made++));
  mkdirSync(join(place, 'grub.d'), { recursive: true });
  writeFileSync(join(place, 'grub'), main);
  for (const [name, text] of Object.entries(dropIns)) writeFileSync(join(place, 'grub.d', name), text);
  const probe = grubDefaults(join(place, 'grub'), join(place, 'grub.d'));
  const value = readHere(probe);
  return { place, probe, value, tokens: effectiveTokens(value.stages.at(-1)).map((token) => token.text) };
}

describe('grubDefaults, evaluated by a real sh', () => {
  it('follows quotes, reuse of variables, comments, continuation and a later drop-in', () => {
    const { tokens, value } = evaluate(
      `GRUB_CMDLINE_LINUX='console=tty0 \\
console=ttyS0'\n# GRUB_CMDLINE_LINUX_DEFAULT="nothing"\nBASE=quiet\nGRUB_CMDLINE_LINUX_DEFAULT="$BASE splash"\n`,
      { '50-cloudimg-settings.cfg': 'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS1"\n' },
    );
    expect(value.problems).toEqual([]);
    expect(tokens).toEqual(['console=tty0', '\\', 'console=ttyS0', 'console=ttyS1']);
  });

  it('reads a missing DEFAULT line as nothing, never as the word None', () => {
    expect(evaluate('GRUB_TIMEOUT=5\n').tokens).toEqual([]);
  });

  it('names file and line of a curly quote pasted from a slide', () => {
    const { value, place } = evaluate('GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on”\n');
    expect(value.problems.join('\n')).toContain(`${place}/grub:2: curly quotes`);
    expect(value.problems.join('\n')).toMatch(/[Uu]nterminated|EOF/);
  });

  it('sees curly quotes that sh takes for letters, and forgives them in comments', () => {
    expect(evaluate('GRUB_CMDLINE_LINUX_DEFAULT=“quiet”\n').value.problems).toHaveLength(1);
    expect(evaluate('# “quiet”\n').value.problems).toEqual([]);
  });

  it('names the file whose command would stop update-grub', () => {
    const { value, place } = evaluate('GRUB_CMDLINE_LINUX=quiet\n', {
      '10-bad.cfg': 'false\n',
      '20-never.cfg': 'X=1\n',
    });
    expect(value.problems).toEqual([
      `${place}/grub.d/10-bad.cfg: a command in it fails or exits, so update-grub would stop here`,
    ]);
  });

  it("names the line where bash's way to append stops another sh", () => {
    const { value, place } = evaluate('GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX+=" b"\n');
    const isBash = spawnSync('sh', ['-c', 'a+=b']).status === 0;
    expect(value.problems).toEqual(isBash ? [] : [expect.stringContaining(`${place}/grub:2: += is bash's`)]);
  });

  it('says so where a line end of Windows stops sh, and minds none that does not', () => {
    const { value, place } = evaluate('GRUB_CMDLINE_LINUX="a"\r\n\r\n');
    expect(value.problems).toEqual([expect.stringContaining(`${place}/grub:1: the line ends as on Windows`)]);
    expect(evaluate('GRUB_CMDLINE_LINUX="a"\r\n')).toMatchObject({ tokens: ['a'], value: { problems: [] } });
  });

  it('is not fooled by a file with a function of a common name', () => {
    expect(evaluate('report() { :; }\nGRUB_CMDLINE_LINUX=a\n').tokens).toEqual(['a']);
  });

  it('is not fooled by a file that prints', () => {
    expect(evaluate('echo "stage"; printf "\\036done\\036"; GRUB_CMDLINE_LINUX=a\n').tokens).toEqual(['a']);
  });
});

describe('the own drop-in', () => {
  const dropIn = { drop: ['intel_iommu=off', 'quiet'], append: ['intel_iommu=on', 'dyndbg="file a +p"'] };

  it('takes out and appends words in a real sh, and leaves everything else', () => {
    const { tokens } = evaluate('GRUB_CMDLINE_LINUX="intel_iommu=off a=*"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet x=1"\n', {
      'zz-tsplay.cfg': renderGrubDropIn(dropIn),
    });
    expect(tokens).toEqual(['a=*', 'x=1', 'intel_iommu=on', 'dyndbg="file a +p"']);
  });

  it('takes out a word that ends a line of a file from Windows', () => {
    const { tokens } = evaluate('GRUB_CMDLINE_LINUX="a intel_iommu=off\r\nb"\r\n', {
      'zz-tsplay.cfg': renderGrubDropIn(dropIn),
    });
    expect(tokens).toEqual(['a', 'b', 'intel_iommu=on', 'dyndbg="file a +p"']);
  });

  it('reads back what it wrote', () => {
    expect(parseGrubDropIn(renderGrubDropIn(dropIn))).toEqual(dropIn);
    expect(parseGrubDropIn(renderGrubDropIn({ drop: [], append: ['a=1'] }))).toEqual({ drop: [], append: ['a=1'] });
  });

  it('still finds the tokens of a hand-edited file', () => {
    expect(parseGrubDropIn('GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT a=1"\nX=1\n').append).toEqual([
      'a=1',
    ]);
  });

  it('is predicted to the same result as the real sh gives', () => {
    const main = 'GRUB_CMDLINE_LINUX="intel_iommu=off b"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet x=1"\n';
    const { probe, value, place } = evaluate(main);
    const path = `${place}/grub.d/zz-tsplay.cfg`;
    const predicted = probe.kind.predict?.(probe.subject, value, planning(path, renderGrubDropIn(dropIn)));
    const real = evaluate(main, { 'zz-tsplay.cfg': renderGrubDropIn(dropIn) }).tokens;
    expect(
      predicted === undefined || predicted === UNKNOWN
        ? predicted
        : effectiveTokens(predicted.stages.at(-1)).map((t) => t.text),
    ).toEqual(real);
  });

  it('is predicted where a later file adds words, and not where it sets them anew', () => {
    const main = 'GRUB_CMDLINE_LINUX_DEFAULT="quiet x=1"\n';
    const foretold = (later: string) => {
      const { probe, value, place } = evaluate(main, { 'zzz.cfg': later });
      const planned = planning(`${place}/grub.d/zz-tsplay.cfg`, renderGrubDropIn(dropIn));
      const predicted = probe.kind.predict?.(probe.subject, value, planned);
      return predicted === undefined || predicted === UNKNOWN ? UNKNOWN : effectiveTokens(predicted.stages.at(-1));
    };
    const adding = 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT y=2"\n';
    const real = evaluate(main, { 'zz-tsplay.cfg': renderGrubDropIn(dropIn), 'zzz.cfg': adding }).tokens;
    expect(foretold(adding)).toMatchObject(real.map((text) => ({ text })));
    expect(foretold('GRUB_CMDLINE_LINUX_DEFAULT="y=2"\n')).toBe(UNKNOWN);
  });

  it('is not predicted when its planned text is not our own', () => {
    const { probe, value, place } = evaluate('');
    expect(probe.kind.predict?.(probe.subject, value, planning(`${place}/grub.d/zz-tsplay.cfg`, 'rm x\n'))).toBe(
      UNKNOWN,
    );
  });
});

function planning(path: string, text: string): Overlay {
  const state = {
    kind: 'file',
    path,
    mode: 0o644,
    uid: 0,
    gid: 0,
    owner: 'root',
    group: 'root',
    size: text.length,
    version: '',
    mtime: 0,
    links: 1,
  } as const;
  const file = { path, state, bytes: Buffer.from(text) };
  return {
    file: (asked) => (asked === path ? file : undefined),
    filesIn: () => [file],
    fact: () => undefined,
    isTouched: () => true,
  };
}
