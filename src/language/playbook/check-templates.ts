import { TemplateError } from '../jinja/types.ts';
import { complain, type LoadContext } from './context.ts';
import { at, elementsOf, isMapping, keysOf, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';

/** Compiles every template in a value, however deep, and reports those that do not parse. */
export function checkTemplates(context: LoadContext, spot: Spot): void {
  const { value } = spot;
  if (typeof value === 'string') {
    if (isTemplate(value)) reportTemplateError(context, spot, value, () => context.compiler.template(value));
  } else if (Array.isArray(value)) for (const element of elementsOf(spot)) checkTemplates(context, element);
  else if (isMapping(value)) for (const key of keysOf(spot)) checkTemplates(context, at(spot, key));
}

export function checkExpression(context: LoadContext, spot: Spot, source: string): void {
  reportTemplateError(context, spot, source, () => context.compiler.expression(source));
}

function reportTemplateError(context: LoadContext, spot: Spot, source: string, compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    complain(context, spot, `${withoutPlace(error)}, ${placeInText(error, source)}`);
  }
}

export function withoutPlace({ message, line, column }: TemplateError): string {
  return message.replace(` at line ${line}, column ${column}`, '');
}

/** The place is given inside the text: folding and quoting in YAML move it, so adding it to the file's would mislead. */
function placeInText(error: TemplateError, source: string): string {
  const line = source.split('\n')[error.line - 1] ?? source;
  const excerpt = line.slice(Math.max(0, error.column - 21), error.column + 39).trim();
  const lineNumber = source.includes('\n') ? `line ${error.line}, ` : '';
  return `${lineNumber}character ${error.column} of the text, at: ${excerpt || 'its end'}`;
}
