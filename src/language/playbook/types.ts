import type { Position } from '../../contract/problem.ts';

/** A value as YAML gave it: it may hold templates, and keeps its positions (see yaml/positions.ts). */
export type Raw = unknown;

/** One element of `when`, `until`, `changed_when`, `failed_when`: a Jinja2 expression, or a literal boolean. */
export interface Condition {
  readonly expression: string | boolean;
  readonly position: Position;
}

/** Variables written in one place, with that place for messages. */
export interface VarsLayer {
  readonly vars: Readonly<Record<string, Raw>>;
  readonly source: string;
  /** Given to an include: stronger than what the host learns (levels 20 and 21), where other `vars` are weaker. */
  readonly isParameter?: true;
}

/**
 * Keywords in force for a statement, inherited from play, role, block, import and include; outer ones first in lists.
 * Absent means not set anywhere.
 */
export interface Keywords {
  readonly when: readonly Condition[];
  readonly tags: readonly string[];
  /** Block, import and task `vars`, outer to inner. Include parameters stand here too. */
  readonly vars: readonly VarsLayer[];
  readonly environment: readonly Raw[];
  readonly become?: Raw;
  readonly becomeUser?: Raw;
  readonly becomeMethod?: Raw;
  readonly becomeFlags?: Raw;
  readonly remoteUser?: Raw;
  readonly port?: Raw;
  readonly connection?: Raw;
  readonly delegateTo?: Raw;
  readonly delegateFacts?: Raw;
  readonly runOnce?: Raw;
  readonly ignoreErrors?: Raw;
  readonly ignoreUnreachable?: Raw;
  readonly noLog?: Raw;
  readonly checkMode?: Raw;
  readonly diff?: Raw;
  readonly anyErrorsFatal?: Raw;
  /** Seconds. */
  readonly timeout?: Raw;
  readonly throttle?: Raw;
  /** Module name to default arguments, outer first. */
  readonly moduleDefaults: readonly Readonly<Record<string, Raw>>[];
}

/** The role a statement belongs to: its variables, and where its files are looked for. */
export interface RoleContext {
  readonly name: string;
  readonly path: string;
  readonly defaults: Readonly<Record<string, Raw>>;
  readonly vars: Readonly<Record<string, Raw>>;
  /** From `roles: - {role: r, x: 1}`, `vars:` of the use, or include_role's vars. */
  readonly params: Readonly<Record<string, Raw>>;
  /** Roles whose meta pulled this one in, outermost first. */
  readonly parents: readonly string[];
}

export interface Loop {
  /** `loop` keeps lists as they are; the with_ forms convert as Ansible's lookups do. */
  readonly kind:
    | 'loop'
    | 'items'
    | 'dict'
    | 'first_found'
    | 'sequence'
    | 'fileglob'
    | 'subelements'
    | 'nested'
    | 'together'
    | 'indexed_items'
    | 'flattened'
    | 'inventory_hostnames'
    | 'lines'
    | 'random_choice';
  readonly over: Raw;
  readonly variable: string;
  readonly indexVariable?: string;
  readonly label?: Raw;
  /** Seconds between items. */
  readonly pause?: Raw;
  readonly isExtended: boolean;
}

interface StatementBase {
  /** Stable within the playbook: file, line and column. */
  readonly id: string;
  readonly name?: Raw;
  readonly keywords: Keywords;
  readonly role?: RoleContext;
  readonly position: Position;
  /** `plays[0].tasks[3]` */
  readonly path: string;
}

export interface Task extends StatementBase {
  readonly kind: 'task';
  /** The registry's name. */
  readonly module: string;
  /** The key as it was written, e.g. `ansible.builtin.apt`. */
  readonly moduleKey: string;
  readonly args: Readonly<Record<string, Raw>>;
  readonly register?: string;
  readonly loop?: Loop;
  readonly changedWhen: readonly Condition[] | undefined;
  readonly failedWhen: readonly Condition[] | undefined;
  readonly until: readonly Condition[] | undefined;
  readonly retries?: Raw;
  readonly delay?: Raw;
  readonly notify: readonly Raw[];
  /** Handlers only. */
  readonly listen: readonly string[];
}

export interface Block extends StatementBase {
  readonly kind: 'block';
  readonly body: readonly Statement[];
  readonly rescue: readonly Statement[];
  readonly always: readonly Statement[];
}

/** include_tasks and include_role: resolved per host while running. Imports are expanded by the parser. */
export interface Include extends StatementBase {
  readonly kind: 'include';
  readonly what: 'tasks' | 'role';
  /** File or role name; may be a template. */
  readonly target: Raw;
  readonly loop?: Loop;
  /** include_role: tasks_from, vars_from, defaults_from, handlers_from, public, allow_duplicates, rolespec_validate. */
  readonly options: Readonly<Record<string, Raw>>;
  /** `apply:` keywords for the included statements, already parsed. */
  readonly apply: Keywords;
  /**
   * The keywords around the include, without its own: those only gate the include, while the included statements
   * inherit these, then `apply`.
   */
  readonly around: Keywords;
  /** The include's own `vars`; include_role's become the role's params. */
  readonly ownVars: Readonly<Record<string, Raw>>;
  /** Directory relative paths are looked for in (the including file's). */
  readonly directory: string;
  /** Directory of the play's file: for roles beside it. */
  readonly playDirectory: string;
  readonly register?: string;
  /** Handlers only. */
  readonly listen?: readonly string[];
}

/** A role in `roles:` or import_role: its body is known before the run. */
export interface RoleStatement extends StatementBase {
  readonly kind: 'role';
  readonly role: RoleContext;
  /** Its dependencies come first, as role statements of their own. */
  readonly body: readonly Statement[];
  readonly allowDuplicates: boolean;
  /** Equal for uses that are one run of the role: same role, parameters, `when`, `tags` and file names. */
  readonly key: string;
  /** The role's handlers; those of the plays' static roles stand in `Play.handlers` too. */
  readonly handlers: HandlerSection;
}

export interface Meta extends StatementBase {
  readonly kind: 'meta';
  readonly action:
    | 'flush_handlers'
    | 'end_host'
    | 'end_play'
    | 'end_batch'
    | 'clear_host_errors'
    | 'reset_connection'
    | 'refresh_inventory'
    | 'clear_facts'
    | 'noop'
    | 'end_role';
}

export type Statement = Task | Block | Include | RoleStatement | Meta;

export interface Section {
  readonly name: 'pre_tasks' | 'roles' | 'tasks' | 'post_tasks';
  readonly statements: readonly Statement[];
}

/** A handler is a task (or a block of tasks, or an include) that waits for its name or topic to be notified. */
export interface HandlerSection {
  /** Role name, or undefined for the play's own handlers, which win over a role's of the same name. */
  readonly role?: string;
  readonly statements: readonly Statement[];
}

export interface Play {
  readonly name: Raw;
  readonly hosts: Raw;
  readonly position: Position;
  /** `plays[0]` */
  readonly path: string;
  /** Directory of the playbook file: for relative files and group_vars beside it. */
  readonly directory: string;
  readonly keywords: Keywords;
  /** Absent: the default, true. */
  readonly gatherFacts?: Raw;
  readonly gatherSubset?: Raw;
  /** Seconds. */
  readonly gatherTimeout?: Raw;
  readonly vars: Readonly<Record<string, Raw>>;
  readonly varsFiles: readonly Raw[];
  readonly varsPrompt: readonly VarsPrompt[];
  /** `roles:` variables in order, which later tasks of the play see (level 15). */
  readonly roles: readonly RoleContext[];
  readonly sections: readonly Section[];
  readonly handlers: readonly HandlerSection[];
  readonly serial?: Raw;
  readonly maxFailPercentage?: Raw;
  readonly anyErrorsFatal?: Raw;
  readonly forceHandlers?: Raw;
  readonly strategy?: string;
  readonly order?: string;
}

export interface VarsPrompt {
  readonly name: string;
  readonly prompt: string;
  readonly default?: Raw;
  readonly isPrivate: boolean;
}

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}
