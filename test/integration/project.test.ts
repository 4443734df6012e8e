import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { introduction } from '../../src/lab/command.ts';
import { labObstacle, run } from '../lab/lab-fixture.ts';
import { type Fleet, GPU_CLOUD, REPOSITORY, ROLLING_REBOOT, startFleet } from './support/fleet.ts';
import { tsplay } from './support/tsplay.ts';

describe('the playbooks and the inventory that come with tsplay', () => {
  it('have no mistake that can be found without a host', { timeout: 60_000 }, async () => {
    const said = await tsplay(['validate', GPU_CLOUD, ROLLING_REBOOT, '-i', join(REPOSITORY, 'inventory')]).ended(
      60_000,
    );
    expect(said.stderr).toBe('');
    expect(said.stdout).toBe('2 playbooks, 4 plays, 4 hosts: no problem found\n');
    expect(said.code).toBe(0);
  });
});

const obstacle = labObstacle();
describe.skipIf(obstacle)(`a lab host${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(5, { gpu01: { cards: ['k4200'] } });
  });
  afterAll(() => fleet?.close());

  it('answers the ssh command that the lab prints for it', async () => {
    const line = introduction(fleet.lab).find((each) => each.includes('gpu01')) ?? '';
    const [program = '', ...words] = line.slice(line.indexOf('ssh ')).split(' ');
    const said = await run([program, '-F', 'none', '-o', 'BatchMode=yes', ...words, 'hostname; id -un']);
    expect(said).toEqual({ code: 0, out: 'gpu01\nroot\n', err: expect.any(String) });
  });
});
