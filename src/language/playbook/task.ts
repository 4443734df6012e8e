import { checkExpression, checkTemplates } from './check-templates.ts';
import { argFields } from './arg-schema.ts';
import { baseOf } from './base.ts';
import { checkSource } from './check-source.ts';
import { complain, type LoadContext, type Surroundings } from './context.ts';
import { parseConditions } from './conditions.ts';
import { complainName, inherit, isVariableName, readKeywords } from './keywords.ts';
import { parseLoop } from './loop.ts';
import { merged, readArgs, withoutAliases, type TextForm } from './module-args.ts';
import type { ModuleCall } from './module-call.ts';
import { readNotify, readListen } from './notify.ts';
import { readScalar } from './scalars.ts';
import { at, elementsOf, has, keysOf, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Condition, Keywords, Raw, Task } from './types.ts';
import { validateArgs, withSourceText } from './validate-args.ts';
import type { AnyModule } from '../../contract/module.ts';

export function parseTask(context: LoadContext, spot: Spot, call: ModuleCall, around: Surroundings): Task | undefined {
  const module = context.modules.find(call.name);
  if (!module) return undefined;
  const keywords = inherit(around.keywords, ownKeywords(context, spot, call));
  const args = withSourceText(
    module,
    withoutAliases(context, module, readArgs(context, call, textForm(module), spot), spot),
  );
  const argSpot: Spot = { ...call.args, value: args, path: `${spot.path}.${module.name}` };
  checkArgs(context, argSpot, module, keywords);
  if (context.notes.checksIncludes) checkSource(context, argSpot, module, { ...around, keywords });
  checkOtherTemplates(context, spot);
  return {
    ...baseOf(spot, around, keywords),
    kind: 'task',
    module: module.name,
    moduleKey: call.key,
    args,
    ...readRegister(context, spot),
    ...readLoop(context, spot),
    ...readOutcome(context, spot),
    notify: [...around.notify, ...readNotify(context, at(spot, 'notify'))],
    listen: readListen(context, spot, around),
  };
}

function textForm({ freeForm, args, argAliases = {} }: AnyModule): TextForm {
  return {
    ...(freeForm === undefined ? {} : { freeForm }),
    fields: [...Object.keys(argFields(args)), ...Object.keys(argAliases)],
  };
}

function ownKeywords(context: LoadContext, spot: Spot, call: ModuleCall): Keywords {
  const own = readKeywords(context, spot);
  const timeout = own.timeout ?? readAsync(context, spot);
  return {
    ...own,
    ...(call.isLocal ? { delegateTo: 'localhost' } : {}),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** A polled `async` task is one with a time limit here: nothing has to survive between polls of one connection. */
function readAsync(context: LoadContext, spot: Spot): Raw {
  const poll = readScalar(context, spot, 'poll', 'number');
  if (poll === 0) {
    complain(context, at(spot, 'poll'), '`poll: 0` is not supported', 'start it detached, with systemd-run or nohup');
  }
  return readScalar(context, spot, 'async', 'number');
}

export function readRegister(context: LoadContext, spot: Spot): { readonly register?: string } {
  if (!has(spot, 'register')) return {};
  const { value } = at(spot, 'register');
  if (isVariableName(value)) return { register: value };
  complainName(context, at(spot, 'register'), value);
  return {};
}

export function readLoop(context: LoadContext, spot: Spot): Pick<Task, 'loop'> {
  const loop = parseLoop(context, spot);
  return loop ? { loop } : {};
}

function readOutcome(
  context: LoadContext,
  spot: Spot,
): Pick<Task, 'changedWhen' | 'failedWhen' | 'until' | 'retries' | 'delay'> {
  const retries = readScalar(context, spot, 'retries', 'number');
  const delay = readScalar(context, spot, 'delay', 'number');
  return {
    changedWhen: optionalConditions(context, spot, 'changed_when'),
    failedWhen: optionalConditions(context, spot, 'failed_when'),
    until: optionalConditions(context, spot, 'until'),
    ...(retries === undefined ? {} : { retries }),
    ...(delay === undefined ? {} : { delay }),
  };
}

function optionalConditions(context: LoadContext, spot: Spot, key: string): readonly Condition[] | undefined {
  return has(spot, key) ? parseConditions(context, at(spot, key)) : undefined;
}

function checkArgs(context: LoadContext, spot: Spot, module: AnyModule, keywords: Keywords): void {
  const defaults = keywords.moduleDefaults.map((layer) => layer[module.name]).filter((layer) => layer !== undefined);
  const own = spot.value as Task['args'];
  const args = defaults.reduceRight<Task['args']>(
    (over, under) => merged(under as Task['args'], over, spot.position),
    own,
  );
  for (const issue of validateArgs(module, args)) {
    const place = issue.keys.reduce<Spot>(at, { ...spot, value: args });
    complain(context, issue.keys.length === 0 ? spot : place, issue.message, issue.hint);
  }
  for (const key of keysOf(spot)) {
    if (module.expressionArgs?.includes(key)) checkExpressions(context, at(spot, key));
    else checkTemplates(context, at(spot, key));
  }
}

function checkExpressions(context: LoadContext, spot: Spot): void {
  for (const one of Array.isArray(spot.value) ? elementsOf(spot) : [spot]) {
    if (isTemplate(one.value)) {
      complain(
        context,
        one,
        `${show(one.value)} is an expression already, without {{ }} or {% %}`,
        'name variables directly',
      );
    } else if (typeof one.value === 'string') checkExpression(context, one, one.value);
  }
}

const RENDERED = ['name', 'loop', 'loop_control', 'retries', 'delay', 'async', 'poll', 'notify'];

/** Templates outside of conditions, keywords and arguments, which check their own. */
export function checkOtherTemplates(context: LoadContext, spot: Spot): void {
  for (const key of keysOf(spot)) {
    if (RENDERED.includes(key) || key.startsWith('with_')) checkTemplates(context, at(spot, key));
  }
}
