import type { Change } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { CmdlineToken } from '../../probes/kernel-cmdline-tokens.ts';
import {
  effectiveOption,
  type ModprobeDirective,
  normaliseModule,
  optionsOf,
  parseModprobe,
} from '../../probes/modprobe-config.ts';
import { type ModprobeDesire, modprobeText, planOwnFile } from './module-files.ts';

/** What a task says about one module's lines in modprobe.d; what it does not mention stays as it is. */
export interface ModprobeWish {
  readonly name: string;
  readonly params?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly block?: ModprobeDesire['block'] | undefined;
  readonly softdep?: Pick<ModprobeDesire, 'pre' | 'post'> | undefined;
}

export interface ModprobeFacts {
  readonly ownOptions: FileContent;
  /** All directories in force, our own file among them. */
  readonly directives: readonly ModprobeDirective[];
  /** Of the next boot: modprobe(8) takes `module.parameter=` there after, and so before, those of modprobe.d. */
  readonly cmdline: readonly CmdlineToken[];
}

export function planModprobeFile(wish: ModprobeWish, facts: ModprobeFacts): readonly Change[] {
  const { params, block, softdep, name } = wish;
  if (!params && !block && !softdep) return [];
  if (block === 'modprobe' && softdep) {
    throw new TaskError(
      `a softdep makes the install line of the same module void (modprobe.d(5)): give ${name} either block: modprobe or softdep`,
    );
  }
  const text = modprobeText(desireOf(wish, facts));
  const complaint = voidBlock(wish, facts) ?? overriddenParam(wish, facts, text);
  if (complaint) throw new TaskError(complaint);
  return planOwnFile(facts.ownOptions, text);
}

/** Definitions elsewhere that ours overrides, and what of the task is left undone because it would do harm. */
export function modprobeWarnings(wish: ModprobeWish, facts: ModprobeFacts): readonly string[] {
  const foreign = foreignOf(facts);
  const options = Object.keys(wish.params ?? {}).flatMap((param) => {
    const other = effectiveOption(foreign, wish.name, param);
    return other ? [`${other.path}:${other.line} also sets ${wish.name} ${param}=${other.value ?? ''}`] : [];
  });
  const blocker = installLine(wish, foreign);
  const isPointless = wish.softdep && blocker;
  return isPointless
    ? [
        ...options,
        `${blocker.path}:${blocker.line} keeps ${wish.name} from being loaded at all, and a softdep would undo that: none was written`,
      ]
    : options;
}

export function paramText(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}

/** A module that is never loaded waits for every other one: a softdep would only make its install line void. */
function desireOf(wish: ModprobeWish, facts: ModprobeFacts): ModprobeDesire {
  const own = ownDesire(wish.name, facts);
  const block = wish.block ?? own.block;
  const isNeverLoaded = block === 'modprobe' || installLine(wish, foreignOf(facts)) !== undefined;
  const { pre, post } = isNeverLoaded ? { pre: [], post: [] } : (wish.softdep ?? own);
  const params = wish.params && Object.entries(wish.params).map(([param, value]) => [param, paramText(value)]);
  return {
    module: normaliseModule(wish.name),
    params: params ? Object.fromEntries(params) : own.params,
    block,
    pre,
    post,
  };
}

/** What our file says now. */
function ownDesire(name: string, { ownOptions, directives }: ModprobeFacts): ModprobeDesire {
  const module = normaliseModule(name);
  const own = directives.filter((one) => one.path === ownOptions.path && one.module === module);
  const has = (verb: string) => own.some((one) => one.verb === verb);
  const softdep = own.findLast((one) => one.verb === 'softdep')?.rest ?? '';
  const words = (kind: string) => new RegExp(`\\b${kind}:\\s*((?:[^\\s:]+(?=\\s|$)\\s*)*)`).exec(softdep)?.[1] ?? '';
  return {
    module,
    params: optionsOf(own, name),
    block: has('install') ? 'modprobe' : has('blacklist') ? 'alias' : 'none',
    pre: words('pre').split(' ').filter(Boolean),
    post: words('post').split(' ').filter(Boolean),
  };
}

function foreignOf({ directives, ownOptions }: ModprobeFacts): readonly ModprobeDirective[] {
  return directives.filter((one) => one.path !== ownOptions.path);
}

function installLine({ name }: ModprobeWish, foreign: readonly ModprobeDirective[]): ModprobeDirective | undefined {
  return foreign.find((one) => one.verb === 'install' && one.module === normaliseModule(name));
}

function voidBlock(wish: ModprobeWish, facts: ModprobeFacts): string | undefined {
  const { name } = wish;
  const softdep = foreignOf(facts).find((one) => one.verb === 'softdep' && one.module === normaliseModule(name));
  return wish.block === 'modprobe' && softdep
    ? `${softdep.path}:${softdep.line} has a softdep for ${name}, which makes its install line void (modprobe.d(5)); remove it there`
    : undefined;
}

/** A later file, or the command line, wins over ours for the same parameter, without a word from modprobe. */
function overriddenParam({ name, params = {} }: ModprobeWish, facts: ModprobeFacts, text: string): string | undefined {
  const { ownOptions, cmdline } = facts;
  const base = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const others = foreignOf(facts);
  const withOurs = [
    ...others.filter((one) => base(one.path) < base(ownOptions.path)),
    ...parseModprobe(ownOptions.path, text),
    ...others.filter((one) => base(one.path) > base(ownOptions.path)),
  ];
  for (const [param, given] of Object.entries(params)) {
    const value = paramText(given);
    const token = cmdline.findLast((one) => one.key === `${normaliseModule(name)}.${normaliseModule(param)}`);
    if (token && !isSameValue(param, token.value, value))
      return `the kernel command line of the next boot has ${token.text}, which wins over modprobe.d, so ${param}=${value} would have no effect; change it there (kernel-cmdline)`;
    const winner = effectiveOption(withOurs, name, param);
    if (winner && !isSameValue(param, winner.value, value))
      return `${winner.path}:${winner.line} sets ${name} ${param}=${winner.value ?? ''} and comes after ${ownOptions.path}, so ${param}=${value} would have no effect; remove it there`;
  }
  return undefined;
}

/** Ids are a set, and hexadecimal. */
function isSameValue(param: string, a: string | null, b: string): boolean {
  const items = (text: string) => [...new Set(text.toLowerCase().split(','))].sort().join(',');
  return a === b || (param === 'ids' && items(a ?? '') === items(b));
}
