import type { z } from 'zod';
import type { Applied, Change } from './change.ts';
import type { HostSession } from './host-session.ts';
import type { Read } from './probe.ts';

/** What a module may ask about the task it runs in; everything here is data or read-only. */
export interface TaskView {
  readonly host: string;
  readonly isCheckMode: boolean;
  /** The host is looked at again, after the task's changes were made. */
  readonly isVerifying: boolean;
  /** How many -v the run was given. */
  readonly verbosity: number;
  /** Evaluates a Jinja2 expression with the task's variables (for `assert.that`, `debug.var`). Throws on undefined. */
  evaluate(expression: string): unknown;
  /** Only for modules that wait for or ask about the connection itself. */
  readonly session: HostSession;
  /**
   * Seconds since this run began, from the controller's monotonic clock. A host whose uptime is smaller was booted
   * during this run; no two clocks are compared.
   */
  readonly runElapsedSeconds: number;
  /** The task's `environment:`, for modules that run programs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Files on the controller, found as Ansible finds them (role's files/ or templates/, then the playbook's). */
export interface ControllerFiles {
  /** Throws TaskError naming every place it looked. A vault file comes decrypted, unless it is wanted as it is stored. */
  read(src: string, folder: 'files' | 'templates', form?: 'plain' | 'stored'): Promise<Uint8Array>;
  /** Renders a template file with the task's variables. What a first line `#jinja2:` says wins over `blocks`. */
  render(src: string, blocks?: TemplateBlocks): Promise<string>;
  /** Permission bits of a file, for `mode: preserve`. Throws TaskError as `read` does. */
  mode(src: string, folder: 'files' | 'templates'): Promise<number>;
  /** Files below a directory, relative paths in sorted order; null when `src` is not a directory. */
  list(src: string, folder: 'files' | 'vars'): Promise<readonly string[] | null>;
  /** The variables of a YAML or JSON file, decrypted, templates unrendered. Throws TaskError. */
  vars(src: string): Promise<Readonly<Record<string, unknown>>>;
}

/** A file on the controller that a task's arguments name, and the folder it is looked for in first. */
export interface ControllerSource {
  /** The argument that names it. */
  readonly argument: string;
  readonly folder: 'files' | 'templates' | 'vars';
}

/** How a template's blocks treat the white space around them. */
export interface TemplateBlocks {
  readonly trimBlocks: boolean;
  readonly lstripBlocks: boolean;
}

export interface ModuleExample {
  readonly title: string;
  /** A task as YAML, without the leading list dash; the test suite parses and validates it. */
  readonly task: string;
}

/**
 * A typed module: one YAML key. Reads are probes, the decision is pure, and writes are changes that only the engine applies.
 *
 * - `observe` is the only async part and may only read; in check mode it runs exactly the same. It may throw TaskSkipped.
 * - `plan` is pure and synchronous. An empty list means converged. It throws TaskError to refuse.
 * - After the changes were applied the engine observes and plans again; a non-empty second plan is a failure.
 */
export interface Module<Args, Current> {
  readonly name: string;
  /** Other YAML keys with the same meaning, e.g. `systemd` for `systemd_service`. `ansible.builtin.` is stripped already. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Paragraphs for the docs page, with the sources the behaviour rests on (man pages, kernel documents, Nova files). */
  readonly description?: string;
  readonly args: z.ZodType<Args>;
  /** Argument that a bare string sets: `command: uptime`. Without it a string of `k=v` words is accepted. */
  readonly freeForm?: string;
  /** Other names for arguments, as Ansible's users write them: `{ dest: 'path' }`. */
  readonly argAliases?: Readonly<Record<string, string>>;
  /** Arguments (dot paths, `*` for list elements) read from the YAML source text, because YAML typing would corrupt them: `mode`. */
  readonly textArgs?: readonly string[];
  /** Arguments that are Jinja2 expressions and must not be rendered: `that`, `var`. */
  readonly expressionArgs?: readonly string[];
  /** Takes any argument name (`set_fact`). */
  readonly freeArgs?: boolean;
  /** False: has no readable end state (`command`); it is not verified, and in check mode it is `unknown`. Default true. */
  readonly converges?: boolean;
  /**
   * The argument that names a controller file, if these arguments do: it is looked for before a host is contacted, and
   * what is in `templates` is compiled and in `vars` is read. The arguments are as they were written, templates unrendered.
   * @example source: ({ remote_src }) => (remote_src ? undefined : { argument: 'src', folder: 'files' })
   */
  source?(args: Readonly<Record<string, unknown>>): ControllerSource | undefined;
  /** Resolves controller files into the arguments, before anything is observed. */
  prepare?(args: Args, controller: ControllerFiles): Promise<Args>;
  observe(args: Args, read: Read, task: TaskView): Promise<Current>;
  plan(args: Args, current: Current): readonly Change[];
  /** Extra keys for the registered result. `ansible_facts` among them become facts of the host. */
  result?(args: Args, current: Current, applied: readonly Applied[]): Readonly<Record<string, unknown>>;
  /**
   * Further keys, for those who read them: made only when the task registers its result or has changed something, so that
   * they cost a converged run nothing. In check mode `current` is what is there now.
   */
  details?(args: Args, current: Current, applied: readonly Applied[]): Readonly<Record<string, unknown>>;
  readonly examples: readonly ModuleExample[];
}

// biome-ignore lint: the one registry type; the engine passes a module only its own parsed arguments and observations
export type AnyModule = Module<any, any>;

/** Gives a module its types. @example export default defineModule({ name: 'stat', … }) */
export function defineModule<Args, Current>(module: Module<Args, Current>): Module<Args, Current> {
  return module;
}
