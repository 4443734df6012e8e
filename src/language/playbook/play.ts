import { laidTogether } from '../yaml/positions.ts';
import { checkTemplates } from './check-templates.ts';
import { type LoadContext, type RoleUse, type Surroundings } from './context.ts';
import { PLAY_KEYWORDS } from './keyword-table.ts';
import { checkKeys, inherit, readKeywords, readVars } from './keywords.ts';
import { checkNotifications } from './notifications.ts';
import {
  readHosts,
  readOrder,
  readPercentage,
  readSerial,
  readStrategy,
  readVarsFiles,
  readVarsPrompt,
} from './play-keywords.ts';
import { readRoleUses } from './role-meta.ts';
import { readScalar } from './scalars.ts';
import { at, has, type Spot } from './spot.ts';
import { parseStatements } from './statements.ts';
import { isTemplate } from './template-text.ts';
import type { Keywords, Play, Raw, Section, Statement } from './types.ts';

/** What an import_playbook adds to the plays it stands for. */
export interface ImportedWith {
  readonly keywords: Keywords;
  readonly vars: Readonly<Record<string, Raw>>;
}

export function parsePlay(context: LoadContext, spot: Spot, imported: ImportedWith): Play {
  checkKeys(context, spot, PLAY_KEYWORDS, 'a play');
  checkTemplates(context, at(spot, 'name'));
  const keywords = inherit({ ...imported.keywords, when: [] }, playKeywords(context, spot));
  const around = surroundings(context, { ...keywords, when: imported.keywords.when });
  if (mayBeHere(at(spot, 'hosts').value)) context.whole.worksHere = true;
  const sections = readSections(context, spot, around);
  const handlers = parseStatements(context, at(spot, 'handlers'), { ...around, isHandler: true });
  const play: Play = {
    name: has(spot, 'name') ? at(spot, 'name').value : at(spot, 'hosts').value,
    hosts: readHosts(context, spot),
    position: spot.position,
    path: spot.path,
    directory: context.notes.directory,
    keywords,
    ...readSettings(context, spot),
    vars: laidTogether([readVars(context, at(spot, 'vars')), imported.vars]),
    varsFiles: readVarsFiles(context, at(spot, 'vars_files')),
    varsPrompt: readVarsPrompt(context, at(spot, 'vars_prompt')),
    roles: context.notes.roles,
    sections,
    handlers: [...context.notes.handlers, ...(handlers.length > 0 ? [{ statements: handlers }] : [])],
  };
  checkNotifications(context, play);
  return play;
}

/** Whether a pattern may mean the controller. */
function mayBeHere(hosts: unknown): boolean {
  return [hosts]
    .flat()
    .some((part) => isTemplate(part) || /(^|[,:])(localhost|127\.0\.0\.1)([,:]|$)/.test(String(part)));
}

/** A play's variables are a level of their own, not keywords that its statements inherit. */
function playKeywords(context: LoadContext, spot: Spot): Keywords {
  const user = readScalar(context, spot, 'user', 'text');
  return { ...readKeywords(context, spot), vars: [], when: [], ...(user === undefined ? {} : { remoteUser: user }) };
}

function surroundings(context: LoadContext, keywords: Keywords): Surroundings {
  const { directory } = context.notes;
  return { keywords, directory, idPrefix: '', isHandler: false, notify: [], trail: [] };
}

function readSections(context: LoadContext, spot: Spot, around: Surroundings): readonly Section[] {
  const read = (name: 'pre_tasks' | 'tasks' | 'post_tasks'): Section => {
    return { name, statements: parseStatements(context, at(spot, name), around) };
  };
  const before = read('pre_tasks');
  const roles: Section = { name: 'roles', statements: readRoles(context, at(spot, 'roles'), around) };
  const sections = [before, roles, read('tasks'), read('post_tasks')];
  return sections.filter(({ statements }) => statements.length > 0);
}

function readRoles(context: LoadContext, list: Spot, around: Surroundings): readonly Statement[] {
  const uses: readonly RoleUse[] = readRoleUses(context, list, []);
  return uses.flatMap((use) => context.sources.role(use, around, context) ?? []);
}

type Settings = Pick<
  Play,
  | 'gatherFacts'
  | 'gatherSubset'
  | 'gatherTimeout'
  | 'serial'
  | 'maxFailPercentage'
  | 'anyErrorsFatal'
  | 'forceHandlers'
  | 'strategy'
  | 'order'
>;

function readSettings(context: LoadContext, spot: Spot): Settings {
  const settings: Settings = {
    gatherFacts: readScalar(context, spot, 'gather_facts', 'boolean'),
    gatherSubset: at(spot, 'gather_subset').value,
    gatherTimeout: readScalar(context, spot, 'gather_timeout', 'number'),
    serial: readSerial(context, at(spot, 'serial')),
    maxFailPercentage: readPercentage(context, at(spot, 'max_fail_percentage')),
    anyErrorsFatal: readScalar(context, spot, 'any_errors_fatal', 'boolean'),
    forceHandlers: readScalar(context, spot, 'force_handlers', 'boolean'),
    strategy: readStrategy(context, at(spot, 'strategy')),
    order: readOrder(context, at(spot, 'order')),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
