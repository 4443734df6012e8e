import { TaskError } from '../contract/task-error.ts';
import type { HandlerSection, Statement } from '../language/playbook/types.ts';
import { suggest } from '../language/suggest.ts';

interface Handler {
  readonly statement: Statement;
  readonly role: string | undefined;
  readonly name: string | undefined;
  readonly listen: readonly string[];
}

/** Renders a handler's name; undefined when it has none or needs variables that are not there. */
type NameOf = (statement: Statement) => string | undefined;

/**
 * One host's handlers and which of them wait. Semantics of ansible-semantics 2.1: definition order, once per flush, a play's
 * handler shadows a role's of the same name, the first of two in one section wins. Mutable.
 */
export class Handlers {
  #handlers: readonly Handler[] = [];
  readonly #waiting = new Set<Handler>();
  readonly #nameOf: NameOf;

  constructor(sections: readonly HandlerSection[], nameOf: NameOf) {
    this.#nameOf = nameOf;
    for (const section of sections) this.add(section);
  }

  /** Also for roles that are included while running; a section that is known already is not added again. */
  add({ role, statements }: HandlerSection): void {
    const known = new Set(this.#handlers.map((handler) => handler.statement.id));
    const flat = statements.flatMap((statement) => (statement.kind === 'block' ? statement.body : [statement]));
    const added = flat
      .filter((statement) => !known.has(statement.id))
      .map((statement) => ({
        statement,
        role,
        name: this.#nameOf(statement),
        listen: statement.kind === 'task' || statement.kind === 'include' ? (statement.listen ?? []) : [],
      }));
    // The play's own section stays last, since it wins over every role's.
    const own = this.#handlers.filter((handler) => handler.role === undefined);
    const ofRoles = this.#handlers.filter((handler) => handler.role !== undefined);
    this.#handlers = role === undefined ? [...ofRoles, ...own, ...added] : [...ofRoles, ...added, ...own];
  }

  /** Throws TaskError when nothing answers to the name. */
  notify(name: string): void {
    const named = this.#named(name);
    const listening = this.#handlers.filter((handler) => handler.listen.includes(name));
    if (!named && listening.length === 0) {
      const known = this.#handlers.flatMap((handler) => [handler.name ?? [], handler.listen].flat());
      const similar = suggest(name, known);
      throw new TaskError(
        `no handler is named "${name}" or listens to it${similar ? `; did you mean "${similar}"?` : ''}`,
      );
    }
    for (const handler of named ? [named, ...listening] : listening) this.#waiting.add(handler);
  }

  /** The next handler that waits, in definition order; it no longer waits. */
  take(): { readonly statement: Statement; readonly index: number } | undefined {
    const index = this.#handlers.findIndex((handler) => this.#waiting.has(handler));
    const next = this.#handlers[index];
    if (!next) return undefined;
    this.#waiting.delete(next);
    return { statement: next.statement, index };
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  #named(name: string): Handler | undefined {
    const own = this.#handlers.find((handler) => handler.role === undefined && handler.name === name);
    const ofRole = this.#handlers.findLast(
      (handler) =>
        handler.role !== undefined && (handler.name === name || `${handler.role} : ${handler.name}` === name),
    );
    if (own || !ofRole) return own;
    return this.#handlers.find((handler) => handler.role === ofRole.role && handler.name === ofRole.name) ?? ofRole;
  }
}
