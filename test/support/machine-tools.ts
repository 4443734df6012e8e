import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A program some tests cannot do without, by what their files (or the support files they import) mention. */
interface Need {
  /** A program on the PATH, or the absolute path of what must be there. */
  readonly program: string;
  readonly mentions: RegExp;
  readonly package: string;
}

const NEEDS: readonly Need[] = [
  { program: 'sshd', mentions: /\bstartSshd\b|\/usr\/sbin\/sshd/, package: 'openssh-server' },
  { program: 'ssh', mentions: /(spawn|execFile|execFileSync|spawnSync)\(\s*'ssh'|\.ssh\(/, package: 'openssh-client' },
  { program: 'ssh-keygen', mentions: /ssh-keygen|\bmakeKey\b/, package: 'openssh-client' },
  { program: 'busybox', mentions: /busybox/, package: 'busybox' },
  { program: 'sudo', mentions: /sudoers/, package: 'sudo' },
  { program: 'doas', mentions: /doas\.conf/, package: 'opendoas' },
  { program: 'strace', mentions: /'strace'/, package: 'strace' },
  { program: 'ip', mentions: /netns/, package: 'iproute2' },
  { program: 'curl', mentions: /\bstartSmallCloud\b/, package: 'curl' },
  { program: 'python3', mentions: /\bstartSmallCloud\b/, package: 'python3' },
  { program: 'openssl', mentions: /'openssl'/, package: 'openssl' },
  { program: 'qemu-system-x86_64', mentions: /\bstartMachine\b|qemu-system/, package: 'qemu-system-x86' },
  { program: 'qemu-img', mentions: /\bstartMachine\b/, package: 'qemu-utils' },
  { program: 'mmdebstrap', mentions: /\bstartMachine\b|mmdebstrap|testcontainers/, package: 'mmdebstrap' },
  { program: 'dockerd', mentions: /testcontainers/, package: 'docker.io' },
  {
    program: '/usr/lib/python3/dist-packages/nova/version.py',
    mentions: /\bstartJudge\b/,
    package: 'python3-nova',
  },
];

export interface LeftOut {
  readonly file: string;
  readonly packages: readonly string[];
}

/** Test files that need what this machine does not have. A run must say which, and what to install. */
export function leftOut(root: string): readonly LeftOut[] {
  const missing = NEEDS.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return [];
  return testFiles(root).flatMap((file) => {
    const text = textOf(join(root, file), new Set());
    const packages = [...new Set(missing.filter(({ mentions }) => mentions.test(text)).map((need) => need.package))];
    return packages.length > 0 ? [{ file, packages }] : [];
  });
}

function isInstalled(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.some((directory) => isExecutable(join(directory, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function testFiles(root: string): readonly string[] {
  return ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(folder, file)),
  );
}

/** A test's own text with that of the support files it imports; the program's own sources say nothing about a test's needs. */
function textOf(file: string, seen: Set<string>): string {
  if (seen.has(file) || !existsSync(file)) return '';
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imported = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, target = '']) => resolve(dirname(file), target));
  const support = imported.filter((path) => /\/test\//.test(path) && !path.endsWith('machine-tools.ts'));
  return [text, ...support.map((path) => textOf(path, seen))].join('\n');
}
