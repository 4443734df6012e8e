import { buildImage } from '../boot/initramfs.ts';
import { readCpio } from '../boot/cpio.ts';
import { modprobeDirectories } from '../kernel/modprobe-config.ts';
import { type Answer, parseWords, quoted, type Tool, type ToolHost } from './tool.ts';

const imagePath = (version: string): string => `/boot/initrd.img-${version}`;

/** One image from the host's files as they are now. */
export async function imageFor(host: Pick<ToolHost, 'files' | 'kernel'>, version: string): Promise<Buffer> {
  const files = await host.files([...modprobeDirectories, '/etc/initramfs-tools', '/etc/initramfs-tools/scripts']);
  const below = (prefix: string): ReadonlyMap<string, string> =>
    new Map([...files].filter(([path]) => path.startsWith(prefix)));
  const modprobe = new Map([...files].filter(([path]) => path.includes('/modprobe.d/')));
  const conf = new Map([...below('/etc/initramfs-tools/conf.d'), ...below('/etc/initramfs-tools/initramfs.conf')]);
  const modules = files.get('/etc/initramfs-tools/modules') ?? '';
  const scripts = below('/etc/initramfs-tools/scripts/');
  return buildImage({ version, modprobe, modules, conf, scripts, builtin: host.kernel.options.builtin });
}

/** What `-k` and its absence mean: all kernels with an image, or the newest (update-initramfs(8)). */
async function versionsFor(host: ToolHost, wanted: string | undefined): Promise<readonly string[]> {
  const installed = await host.installedKernels();
  if (wanted === 'all') return installed;
  return wanted === undefined ? installed.slice(0, 1) : [wanted];
}

export const updateInitramfs: Tool = async (host, args) => {
  const split = args.flatMap((arg) =>
    /^-[ucdv]{2,}$/.test(arg) ? Array.from(arg.slice(1), (flag) => `-${flag}`) : [arg],
  );
  const { flags, values } = parseWords(split, ['-k', '-b']);
  const mode = ['-u', '-c', '-d'].find((flag) => flags.has(flag));
  const version = values.get('-k');
  if (!mode) return { err: 'You must specify at least one of -c, -u, or -d.\n', code: 1 };
  if (mode === '-d')
    return {
      script: `rm -f ${quoted(imagePath(version ?? ''))}`,
      out: `update-initramfs: Deleting ${imagePath(version ?? '')}\n`,
    };
  let out = '';
  for (const each of await versionsFor(host, version)) {
    out += `update-initramfs: Generating ${imagePath(each)}\n`;
    const failure = await generate(host, each, mode);
    if (failure) return { out, err: failure, code: 1 };
  }
  return { out };
};

async function generate(host: ToolHost, version: string, mode: string): Promise<string | undefined> {
  if (!(await host.installedKernels()).includes(version)) {
    return `WARNING: missing /lib/modules/${version}\nE: /lib/modules/${version} is missing\nupdate-initramfs: failed for ${imagePath(version)} with 1.\n`;
  }
  if (mode === '-u' && !(await host.readFile(imagePath(version)))) return undefined;
  if (await host.writeFile(imagePath(version), await imageFor(host, version))) return undefined;
  return `cpio: write error: No space left on device\nupdate-initramfs: failed for ${imagePath(version)} with 1.\n`;
}

async function listed(
  host: ToolHost,
  path: string | undefined,
  program: string,
): Promise<Answer & { readonly archive?: Buffer }> {
  const archive = path ? await host.readFile(path) : undefined;
  if (!archive) return { err: `${program}: ${path ?? ''}: No such file or directory\n`, code: 1 };
  try {
    readCpio(archive);
    return { archive };
  } catch (error) {
    return { err: `${(error as Error).message}\n`, code: 1 };
  }
}

/** A relative path is the caller's: the stand-in is told where that is by the first word. */
const absolute = (cwd: string, path: string | undefined): string | undefined =>
  path === undefined || path.startsWith('/') ? path : `${cwd}/${path}`;

export const lsinitramfs: Tool = async (host, args) => {
  const { flags, values, rest } = parseWords(args, ['--cwd']);
  const found = await listed(host, absolute(values.get('--cwd') ?? '/', rest[0]), 'lsinitramfs');
  if (!found.archive) return found;
  const long = flags.has('-l');
  const row = (entry: { readonly mode: number; readonly name: string; readonly bytes: Uint8Array }): string =>
    long
      ? `${entry.mode & 0o040000 ? 'd' : '-'}rw-r--r-- 1 root root ${entry.bytes.length} Jan 1 1970 ${entry.name}`
      : entry.name;
  return {
    out: readCpio(found.archive)
      .map((entry) => `${row(entry)}\n`)
      .join(''),
  };
};

export const unmkinitramfs: Tool = async (host, args) => {
  const { values, rest } = parseWords(args, ['--cwd']);
  const cwd = values.get('--cwd') ?? '/';
  const found = await listed(host, absolute(cwd, rest[0]), 'unmkinitramfs');
  const target = absolute(cwd, rest[1]);
  if (!found.archive) return found;
  if (!target) return { err: 'unmkinitramfs: missing directory\n', code: 1 };
  const entries = readCpio(found.archive);
  const at = (name: string): string => quoted(`${target}/${name}`);
  const directories = entries.filter(({ mode }) => mode & 0o040000).map(({ name }) => at(name));
  const files = entries.filter(({ mode }) => !(mode & 0o040000));
  const writes = files.map(({ name, bytes }) => `printf %s ${quoted(Buffer.from(bytes).toString())} > ${at(name)}`);
  return { script: ['set -e', `mkdir -p ${directories.join(' ')}`, ...writes].join('\n') };
};
