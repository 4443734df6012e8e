import { FileError } from '../fuse/tree.ts';
import { catalog, type ModuleSpec, moduleNamed, underscored } from '../kernel/catalog.ts';
import { procModules } from '../kernel/sysfs.ts';
import {
  type ModprobeConfig,
  modprobeDirectories,
  modulesForAlias,
  parseModprobeConfig,
  parseParams,
  paramsOf,
} from '../kernel/modprobe-config.ts';
import { loadSteps, type LoadStep, moduleBlacklist } from '../kernel/module-loader.ts';
import { type Answer, parseWords, quoted, type Tool, type ToolHost } from './tool.ts';

const fatal = (text: string): Answer => ({ err: `modprobe: FATAL: ${text}\n`, code: 1 });

const configOf = async (host: ToolHost): Promise<ModprobeConfig> =>
  parseModprobeConfig(await host.files(modprobeDirectories), host.kernel.options.cmdline);

export const modprobe: Tool = async (host, args) => {
  const { flags, rest } = parseWords(args, ['-d', '-C', '-S', '--set-version', '--dirname', '--config']);
  const has = (...names: readonly string[]): boolean => names.some((name) => flags.has(name));
  const config = await configOf(host);
  if (has('-c', '--showconfig')) return { out: shown(config) };
  const [name, ...params] = rest;
  if (name === undefined) return fatal('missing parameters. See -h.');
  if (has('-r', '--remove', '-rq')) return removed(host, rest);
  const modules = resolveModules(config, name, has('-b', '--use-blacklist'));
  if (modules === undefined) return has('-q', '--quiet', '-qb') ? { code: 1 } : notFound(host, name);
  const steps = modules.flatMap((module) => stepsOf(host, config, module, params.join(' ')));
  if (has('--show-depends', '-D')) return { out: steps.map((step) => `${printed(host, step)}\n`).join('') };
  return has('-n', '--dry-run', '--show') ? {} : insert(host, steps);
};

const notFound = (host: ToolHost, name: string): Answer =>
  fatal(`Module ${name} not found in directory /lib/modules/${host.version}`);

/** A name loads the module even if it is blacklisted; an alias does not. Nothing found is `undefined`. */
function resolveModules(
  config: ModprobeConfig,
  name: string,
  useBlacklist: boolean,
): readonly ModuleSpec[] | undefined {
  const byName = moduleNamed(name);
  if (byName) return useBlacklist && config.blacklist.has(byName.name) ? [] : [byName];
  const byAlias = modulesForAlias(config, name);
  return byAlias.length > 0 ? byAlias : undefined;
}

function stepsOf(host: ToolHost, config: ModprobeConfig, module: ModuleSpec, params: string): readonly LoadStep[] {
  return loadSteps({ config, kernel: host.kernel, available: () => true }, module.name, parseParams(params));
}

function printed(host: ToolHost, step: LoadStep): string {
  if (step.kind === 'command') return `install ${step.command}`;
  if (host.kernel.isBuiltin(step.module.name)) return `builtin ${step.module.name}`;
  const params = Object.entries(step.params).map(([key, value]) => `${key}=${value}`);
  return `insmod /lib/modules/${host.version}/kernel/${step.module.path} ${params.join(' ')}`;
}

function insert(host: ToolHost, steps: readonly LoadStep[]): Answer {
  for (const [index, step] of steps.entries()) {
    if (host.kernel.modules.has(step.module.name)) continue;
    if (step.kind === 'command') return commandStep(step.module, step.command, index === steps.length - 1);
    if (moduleBlacklist(host.kernel).has(step.module.name)) {
      return { err: `modprobe: ERROR: could not insert '${step.module.name}': Operation not permitted\n`, code: 1 };
    }
    try {
      host.kernel.load(step.module.name, step.params);
    } catch {
      return { err: `modprobe: ERROR: could not insert '${step.module.name}': Invalid argument\n`, code: 1 };
    }
  }
  return {};
}

function commandStep(module: ModuleSpec, command: string, last: boolean): Answer {
  const text = `Error running install command '${command}' for module ${module.name}`;
  const failure = `modprobe: ERROR: ${text}: retcode 1\nmodprobe: ERROR: could not insert '${module.name}': Invalid argument\n`;
  return { script: `sh -c ${quoted(command)} || { printf %s ${quoted(failure)} >&2; exit 1; }`, code: last ? 0 : 1 };
}

function removed(host: ToolHost, names: readonly string[]): Answer {
  for (const name of names) {
    const wanted = underscored(name);
    try {
      host.kernel.unload(wanted);
    } catch (error) {
      const code = error instanceof FileError ? error.code : 'EINVAL';
      if (code !== 'EBUSY') return fatal(`Module ${name} is not currently loaded.`);
      if (host.kernel.isBuiltin(wanted)) return fatal(`Module ${wanted} is builtin.`);
      return fatal(`Module ${wanted} is in use.`);
    }
  }
  return {};
}

/** The order and words of `modprobe -c`. */
function shown(config: ModprobeConfig): string {
  const softdeps = [...config.softdeps].map(([name, { pre, post }]) => {
    const parts = [pre.length ? ` pre: ${pre.join(' ')}` : '', post.length ? ` post: ${post.join(' ')}` : ''];
    return `softdep ${name}${parts.join('')}`;
  });
  const lines = [
    ...[...config.blacklist].map((name) => `blacklist ${name}`),
    ...[...config.install].map(([name, command]) => `install ${name} ${command}`),
    ...[...config.remove].map(([name, command]) => `remove ${name} ${command}`),
    ...config.aliases.map(([pattern, name]) => `alias ${pattern} ${name}`),
    ...config.options.map(([name, params]) => `options ${name} ${params}`),
    ...softdeps,
    '',
    '# End of configuration files. Dumping indexes now:',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

export const lsmod: Tool = (host) => {
  const rows = procModules(host.kernel)
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', size = '', count = '', by = ''] = line.split(' ');
      return `${name.padEnd(20)}${size.padStart(8)}  ${count}${by === '-' ? '' : ` ${by.slice(0, -1)}`}\n`;
    });
  return { out: `Module                  Size  Used by\n${rows.join('')}` };
};

export const rmmod: Tool = (host, args) => removed(host, parseWords(args, []).rest);

export const modinfo: Tool = async (host, args) => {
  const { values, rest } = parseWords(args, ['-F', '--field', '-k']);
  const module = moduleNamed(rest[0] ?? '');
  if (!module) return { err: `modinfo: ERROR: Module ${rest[0]} not found.\n`, code: 1 };
  const filename = host.kernel.isBuiltin(module.name)
    ? '(builtin)'
    : `/lib/modules/${host.version}/kernel/${module.path}`;
  const fields: Record<string, string> = { filename, name: module.name, depends: module.depends.join(',') };
  const field = values.get('-F') ?? values.get('--field');
  if (field !== undefined) return { out: fields[field] ? `${fields[field]}\n` : '' };
  const params = paramsOf(await configOf(host), module.name);
  const lines = Object.entries(fields).map(([key, value]) => `${`${key}:`.padEnd(16)}${value}\n`);
  return {
    out: [...lines, ...Object.keys({ ...module.params, ...params }).map((key) => `parm:           ${key}\n`)].join(''),
  };
};

/** The indexes are written with the simulated kernels; nothing can be missing from them. */
export const depmod: Tool = (_host, args) => {
  const { rest } = parseWords(args, ['-b', '-C', '-F', '-E']);
  return catalog.length > 0 && rest.length <= 1 ? {} : { err: 'depmod: ERROR: Bad version passed\n', code: 1 };
};
