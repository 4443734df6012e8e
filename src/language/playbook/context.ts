import type { AnyModule } from '../../contract/module.ts';
import type { Problems } from '../../contract/problem.ts';
import type { CompiledExpression, CompiledTemplate } from '../jinja/types.ts';
import type { Spot } from './spot.ts';
import type { HandlerSection, Include, Keywords, Raw, RoleContext, RoleStatement, Statement } from './types.ts';

/** The modules a playbook may use, aliases included; the engine's registry is one. */
export interface ModuleLookup {
  find(key: string): AnyModule | undefined;
  names(): Iterable<string>;
}

/** Both throw TemplateError on a syntax error. */
export interface TemplateCompiler {
  expression(source: string): CompiledExpression;
  template(source: string): CompiledTemplate;
  templateFile(source: string): CompiledTemplate;
}

/** What parsing one playbook, or one file included at run time, shares. */
export interface LoadContext {
  readonly problems: Problems;
  readonly modules: ModuleLookup;
  readonly compiler: TemplateCompiler;
  readonly sources: Sources;
  readonly notes: PlayNotes;
  readonly whole: WholeNotes;
}

/** What is known of everything read so far, over all plays of a run. Mutable: it grows while statements are read. */
export interface WholeNotes {
  /** Something runs on the controller, and may make files that later tasks look for there. */
  worksHere: boolean;
}

/** What is gathered about one play while its statements are read; grows as they are. */
export interface PlayNotes {
  readonly directory: string;
  readonly roles: RoleContext[];
  readonly handlers: HandlerSection[];
  /** Handlers that includes with literal names will bring while running. */
  readonly lateHandlers: HandlerSection[];
  readonly roleKeys: Set<string>;
  /** Literal names in `notify`. */
  readonly notified: Spot[];
  /** Includes already looked into, so that one that includes itself ends. */
  readonly includesSeen: Set<string>;
  /** False at run time: what an included file includes is checked when its turn comes. */
  readonly checksIncludes: boolean;
  /** Something is included whose name is known only at run time, and it may bring handlers. */
  hasUnknownHandlers: boolean;
}

/** What surrounds a statement in the text. */
export interface Surroundings {
  readonly keywords: Keywords;
  readonly role?: RoleContext;
  /** Directory of the file the statement stands in. */
  readonly directory: string;
  /** Ids of the imports and roles around, so that a file used twice gives different ids. */
  readonly idPrefix: string;
  readonly isHandler: boolean;
  /** `notify` of the blocks around. */
  readonly notify: readonly Raw[];
  /** Files and roles being read right now, against cycles. */
  readonly trail: readonly string[];
  /** In a block with a rescue: what fails there is caught. */
  readonly isRescued?: true;
}

/** A use of a role: an entry of `roles:`, an import_role, an include_role or a dependency. */
export interface RoleUse {
  readonly name: string;
  readonly spot: Spot;
  readonly params: Readonly<Record<string, Raw>>;
  /** `vars:` of an entry of `roles:` or an import_role, which win over the role's own. */
  readonly vars?: Readonly<Record<string, Raw>>;
  /** Only what the use itself sets; the surroundings' are added. */
  readonly own: Keywords;
  readonly from: RoleParts;
  readonly allowDuplicates?: boolean;
  /** Keep the role's variables from the rest of the play. */
  readonly isPrivate?: boolean;
  readonly parents: readonly string[];
}

/** File names that replace `main`. */
export interface RoleParts {
  readonly tasks?: string;
  readonly vars?: string;
  readonly defaults?: string;
  readonly handlers?: string;
}

/** Other files of the project, as the statement parsers ask for them. Problems are reported, never thrown. */
export interface Sources {
  tasks(file: Spot, around: Surroundings, context: LoadContext): readonly Statement[];
  role(use: RoleUse, around: Surroundings, context: LoadContext): RoleStatement | undefined;
  /** The variables of the first of some files that exists. */
  vars(places: readonly string[], name: Spot, context: LoadContext): Readonly<Record<string, Raw>>;
  /** Reads what a literal include names, only to report its problems before the run. */
  checkInclude(include: Include, around: Surroundings, context: LoadContext): void;
}

export function complain(context: { readonly problems: Problems }, spot: Spot, message: string, hint?: string): void {
  context.problems.error(message, {
    position: spot.position,
    path: spot.path,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** @example didYouMean('serial') // 'did you mean `serial`?' */
export function didYouMean(word: string | undefined): string | undefined {
  return word === undefined ? undefined : `did you mean \`${word}\`?`;
}
