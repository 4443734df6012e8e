import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const DIRECTORY = join(import.meta.dirname, '../docker');
const names = readdirSync(DIRECTORY, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const textOf = (name: string): string => readFileSync(join(DIRECTORY, name, 'Dockerfile'), 'utf8');
const onOthers = names.filter((name) => existsSync(join(DIRECTORY, name, 'Dockerfile')));

describe('the recipes of docker/', () => {
  it('are all in its README', () => {
    const readme = readFileSync(join(DIRECTORY, 'README.md'), 'utf8');
    expect(names.filter((name) => !readme.includes(`\n| \`${name}\` |`))).toEqual([]);
    expect(names.length).toBeGreaterThan(5);
  });

  it.each(onOthers)('%s stands on another recipe, and pulls nothing', (name) => {
    const base = /^ARG BASE=tsplay\/(\S+)$/m.exec(textOf(name))?.[1];
    expect(names).toContain(base);
    const stages = [...textOf(name).matchAll(/^FROM (\S+)/gm)].map(([, stage]) => stage);
    expect(stages.filter((stage) => stage !== '${BASE}' && stage !== 'scratch')).toEqual([]);
  });
});
