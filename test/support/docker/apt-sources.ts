import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Where this machine gets Debian's packages from, for mmdebstrap(1): its own sources of its own release, and no others. */
export function debianSources(): string {
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (suite === undefined)
    throw new Error('/etc/os-release names no release: the images are built from Debian packages');
  const texts = sourceFiles().map((path) => (path.endsWith('.sources') ? stanzas(path, suite) : lines(path, suite)));
  const sources = texts.flat();
  if (sources.length === 0) throw new Error(`no package source of ${suite} in /etc/apt/sources.list or sources.list.d`);
  // One format at a time is all that mmdebstrap takes from its standard input.
  const deb822 = sources.filter((text) => text.includes('\n'));
  return deb822.length > 0 ? deb822.join('\n\n') : sources.join('\n');
}

export function releaseName(): string {
  return /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
}

function sourceFiles(): readonly string[] {
  const directory = '/etc/apt/sources.list.d';
  const parts = existsSync(directory) ? readdirSync(directory).map((name) => `${directory}/${name}`) : [];
  return ['/etc/apt/sources.list', ...parts].filter((path) => /\.(list|sources)$/.test(path) && existsSync(path));
}

function lines(path: string, suite: string): readonly string[] {
  const wanted = new RegExp(`^deb\\s.*\\s${suite}(-\\S+)?(/\\S*)?\\s`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => wanted.test(line));
}

function stanzas(path: string, suite: string): readonly string[] {
  const plain = readFileSync(path, 'utf8').replace(/^#.*\n/gm, '');
  const wanted = new RegExp(`^Suites:.*\\b${suite}\\b`, 'm');
  return plain
    .split(/\n{2,}/)
    .map((text) => text.trim())
    .filter((text) => /^Types:.*\bdeb\b/m.test(text) && wanted.test(text) && !/^Enabled:\s*no/m.test(text));
}

/** How this machine reaches them, where that takes a proxy. */
export function aptProxies(): readonly string[] {
  return execFileSync('apt-config', ['dump'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^Acquire::https?::Proxy/i.test(line));
}
