import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readHere } from '../../../test/support/read-here.ts';
import { parsePciTree } from '../../probes/pci.ts';
import { vfioAliases } from '../../probes/vfio-aliases.ts';
import { variantFor } from './variant-drivers.ts';

/** Of Linux 6.8, as depmod writes them. */
const ALIASES = `# Aliases extracted from modules themselves.
alias pci:v000010DEd*sv*sd*bc03sc00i00* nouveau
alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci
alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci
alias vfio_pci:v000010DEd00002345sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci
alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci
`;

it.each([
  ['a Grace Hopper GPU', 'pci:v000010DEd00002342sv000010DEsd000016EBbc03sc02i00', 'nvgrace_gpu_vfio_pci'],
  ['any other', 'pci:v000010DEd000020F1sv000010DEsd0000145Fbc03sc02i00', 'vfio-pci'],
  ['one without modalias', '', 'vfio-pci'],
])('%s gets the driver made most exactly for it, from the kernel’s own list', (_, modalias, driver) => {
  const root = mkdtempSync(join(tmpdir(), 'aliases-'));
  const modules = join(root, 'lib/modules', readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(modules, 'modules.alias'), ALIASES);
  const [one] = parsePciTree(`function 0000:01:00.0\nmodalias ${modalias}\n`).functions;
  const aliases = readHere(vfioAliases(root));
  rmSync(root, { recursive: true });
  expect(aliases).toHaveLength(4);
  expect(one && variantFor(one, aliases)).toBe(driver);
});

it('a kernel without such a list has vfio-pci', () => {
  expect(readHere(vfioAliases('/nowhere'))).toEqual([]);
});
