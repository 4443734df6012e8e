import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import type { AnyModule } from '../../contract/module.ts';
import { TemplateError } from '../jinja/types.ts';
import { readFailure } from '../read-failure.ts';
import { decodeText } from '../yaml/source-text.ts';
import { withoutPlace } from './check-templates.ts';
import { complain, type LoadContext, type Surroundings } from './context.ts';
import { displayPath } from './project-files.ts';
import { candidates } from './source-places.ts';
import { at, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';

/** Looks for the controller file that a task names, and at what is in it where a mistake can be told without a host. */
export function checkSource(context: LoadContext, args: Spot, module: AnyModule, around: Surroundings): void {
  noteWorkHere(context, around);
  const source = module.source?.(args.value as Readonly<Record<string, unknown>>);
  if (!source) return;
  const spot = at(args, source.argument);
  const { value } = spot;
  if (typeof value !== 'string' || value === '' || isTemplate(value)) return;
  const places = candidates(value, source.folder, { directory: context.notes.directory, ...roleOf(around) });
  const file = places.find((place) => existsSync(place));
  if (file === undefined) reportMissing(context, spot, places, around);
  else if (source.folder === 'vars') context.sources.vars(places, spot, context);
  else if (source.folder === 'templates') checkTemplateFile(context, spot, file);
}

function roleOf({ role }: Surroundings) {
  return role ? { role } : {};
}

/** A task on the controller may make files that those after it look for. */
function noteWorkHere({ whole }: LoadContext, { keywords }: Surroundings): void {
  const { delegateTo, connection } = keywords;
  if (delegateTo !== undefined || (connection !== undefined && connection !== 'ssh')) whole.worksHere = true;
}

function reportMissing(context: LoadContext, spot: Spot, places: readonly string[], around: Surroundings): void {
  const reason = whyNotSure(context, around);
  const { position, path } = spot;
  const message = `there is no file ${show(spot.value)} on the controller`;
  const looked = `looked for ${places.map(displayPath).join(', ')}`;
  if (reason === undefined) complain(context, spot, message, looked);
  else context.problems.warn(message, { position, path, hint: `${looked}; ${reason}` });
}

/** Why a task without its file need not fail. */
function whyNotSure({ whole }: LoadContext, { keywords, isRescued }: Surroundings): string | undefined {
  const { when, tags, ignoreErrors } = keywords;
  if (when.length > 0 || tags.includes('never')) return 'its condition may keep it from being read';
  if (isRescued || ignoreErrors !== undefined) return 'the failure is caught';
  return whole.worksHere ? 'a task on the controller may make it' : undefined;
}

function checkTemplateFile(context: LoadContext, spot: Spot, file: string): void {
  const shown = displayPath(file);
  const text = readTemplate(context, spot, file);
  try {
    if (text !== undefined) context.compiler.templateFile(text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const position = { file: shown, line: error.line, column: error.column };
    context.problems.error(withoutPlace(error), { position, hint: `the template of ${spot.path}` });
  }
}

function readTemplate(context: LoadContext, spot: Spot, file: string): string | undefined {
  try {
    const bytes = readFileSync(file);
    return isUtf8(bytes) ? bytes.toString('utf8') : decodeText(bytes, displayPath(file), context.problems);
  } catch (error) {
    complain(context, spot, `the template ${displayPath(file)} cannot be read: ${readFailure(error)}`);
    return undefined;
  }
}
