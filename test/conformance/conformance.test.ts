import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { capturePath, readCases } from './case.ts';
import { DIFFERENCES } from './differences.ts';
import { runCase } from './our-outcome.ts';
import type { Outcome } from './outcome.ts';

// What ansible-playbook said is stored by capture.ts; only that is needed here.
describe('a playbook does what it does under ansible-playbook', () => {
  for (const one of readCases()) {
    test(`${one.name}: ${one.about}`, async () => {
      const captured: Outcome = JSON.parse(readFileSync(capturePath(one.name), 'utf8'));
      expect(await runCase(one)).toEqual(withDifference(one.name, captured));
    });
  }
});

function withDifference(name: string, captured: Outcome): Outcome {
  const difference = DIFFERENCES[name];
  if (!difference) return captured;
  const { exit = captured.exit, hosts = {}, recap = {}, files = captured.files } = difference.ours;
  return { exit, hosts: { ...captured.hosts, ...hosts }, recap: { ...captured.recap, ...recap }, files };
}

test('every intended difference is one, and belongs to a case', () => {
  const names = readCases().map(({ name }) => name);
  for (const [name, { reason }] of Object.entries(DIFFERENCES)) {
    expect(names).toContain(name);
    expect(reason.length).toBeGreaterThan(20);
    const captured: Outcome = JSON.parse(readFileSync(capturePath(name), 'utf8'));
    expect(withDifference(name, captured), `${name} is no difference any more`).not.toEqual(captured);
  }
});
