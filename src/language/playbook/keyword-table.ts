import type { Keywords } from './types.ts';

export type Shape = 'boolean' | 'text' | 'number';
type ScalarField = Exclude<keyof Keywords, 'when' | 'tags' | 'vars' | 'environment' | 'moduleDefaults'>;

interface ScalarKeyword {
  readonly field: ScalarField;
  readonly shape: Shape;
  /** Literal values that are allowed; a template may give any. */
  readonly choices?: readonly string[];
}

/** Keywords with one value, which the innermost statement that sets them decides. */
export const SCALAR_KEYWORDS: Readonly<Record<string, ScalarKeyword>> = {
  become: { field: 'become', shape: 'boolean' },
  become_user: { field: 'becomeUser', shape: 'text' },
  become_method: { field: 'becomeMethod', shape: 'text', choices: ['sudo', 'su', 'doas'] },
  become_flags: { field: 'becomeFlags', shape: 'text' },
  remote_user: { field: 'remoteUser', shape: 'text' },
  port: { field: 'port', shape: 'number' },
  connection: { field: 'connection', shape: 'text', choices: ['ssh', 'local'] },
  delegate_to: { field: 'delegateTo', shape: 'text' },
  delegate_facts: { field: 'delegateFacts', shape: 'boolean' },
  run_once: { field: 'runOnce', shape: 'boolean' },
  ignore_errors: { field: 'ignoreErrors', shape: 'boolean' },
  ignore_unreachable: { field: 'ignoreUnreachable', shape: 'boolean' },
  no_log: { field: 'noLog', shape: 'boolean' },
  check_mode: { field: 'checkMode', shape: 'boolean' },
  diff: { field: 'diff', shape: 'boolean' },
  any_errors_fatal: { field: 'anyErrorsFatal', shape: 'boolean' },
  timeout: { field: 'timeout', shape: 'number' },
  throttle: { field: 'throttle', shape: 'number' },
};

/** Keywords Ansible has and tsplay does not, each with the way out. */
export const UNSUPPORTED_KEYWORDS: Readonly<Record<string, string>> = {
  debugger: 'remove it, and use `tsplay check` to see what a task would do',
  become_exe: 'remove it: sudo, su and doas are found in the PATH of the host',
  fact_path: 'put facts of your own into variables with set_fact',
  validate_argspec: 'remove it: arguments are always checked',
  with_filetree: 'use `with_fileglob`, or copy the directory as a whole',
};

const DELEGATION = ['delegate_to', 'delegate_facts'];
const NOT_FOR_PLAYS = new Set(DELEGATION);
const EVERYWHERE = [
  ...Object.keys(SCALAR_KEYWORDS).filter((keyword) => !NOT_FOR_PLAYS.has(keyword)),
  ...['name', 'tags', 'vars', 'environment', 'module_defaults', 'collections'],
];
const LOOPING = ['loop', 'loop_control'];
const TASK_ONLY = ['args', 'action', 'local_action', 'until', 'retries', 'delay', 'changed_when', 'failed_when'];

export const PLAY_KEYWORDS: ReadonlySet<string> = new Set([
  ...EVERYWHERE,
  ...['hosts', 'vars_files', 'vars_prompt', 'roles', 'pre_tasks', 'tasks', 'post_tasks', 'handlers'],
  ...['gather_facts', 'gather_subset', 'gather_timeout', 'serial', 'max_fail_percentage', 'force_handlers'],
  ...['strategy', 'order', 'user'],
]);

export const BLOCK_KEYWORDS: ReadonlySet<string> = new Set([
  ...EVERYWHERE,
  ...DELEGATION,
  ...['when', 'notify', 'block', 'rescue', 'always'],
]);

export const TASK_KEYWORDS: ReadonlySet<string> = new Set([
  ...EVERYWHERE,
  ...DELEGATION,
  ...LOOPING,
  ...TASK_ONLY,
  ...['when', 'notify', 'register', 'listen', 'async', 'poll'],
]);

/** `include_*` takes few: what is meant for the included statements stands in `apply`. */
export const INCLUDE_KEYWORDS: ReadonlySet<string> = new Set([
  ...LOOPING,
  ...['args', 'collections', 'ignore_errors', 'name', 'no_log', 'register', 'run_once', 'tags', 'timeout', 'vars'],
  ...['when', 'notify', 'listen'],
]);

export const ROLE_KEYWORDS: ReadonlySet<string> = new Set([...EVERYWHERE, ...DELEGATION, 'when', 'role', 'name']);

export const APPLY_KEYWORDS: ReadonlySet<string> = new Set(
  [...BLOCK_KEYWORDS].filter((keyword) => !['block', 'rescue', 'always'].includes(keyword)),
);

const COLLECTIONS = ['ansible.builtin.', 'ansible.legacy.', 'ansible.posix.', 'community.general.', 'tsplay.builtin.'];

/** @example bareName('ansible.builtin.apt') // 'apt' */
export function bareName(name: string): string {
  const prefix = COLLECTIONS.find((collection) => name.startsWith(collection));
  return prefix ? name.slice(prefix.length) : name;
}
