import type { Play, Section, Statement, Task } from '../language/playbook/types.ts';
import type { Batch } from './batch.ts';
import { toBoolean } from './booleans.ts';
import { layerOf, VariableScope } from './scope.ts';

/** Statements after which the handlers run that wait. */
export interface Stage {
  readonly statements: readonly Statement[];
  readonly flush: boolean;
}

/** Facts, pre_tasks, roles with tasks, post_tasks: handlers run after each of the last three. */
export function stagesOf(batch: Batch): readonly Stage[] {
  const gather = gatherFacts(batch);
  const sections = (...names: readonly Section['name'][]) => ({
    statements: batch.play.sections.filter(({ name }) => names.includes(name)).flatMap(({ statements }) => statements),
    flush: true,
  });
  return [
    { statements: gather ? [gather] : [], flush: false },
    sections('pre_tasks'),
    sections('roles', 'tasks'),
    sections('post_tasks'),
  ];
}

/** The implicit first task of a play. */
function gatherFacts({ play, run }: Batch): Task | undefined {
  const scope = new VariableScope([layerOf(run.settings.extraVars), layerOf(play.vars)], run.compiler);
  if (play.gatherFacts !== undefined && !toBoolean(scope.render(play.gatherFacts), 'gather_facts')) return undefined;
  return run.registry.find('setup') ? factsTask(play) : undefined;
}

function factsTask(play: Play): Task {
  const { keywords, position, path } = play;
  return {
    kind: 'task',
    id: `${path}.gather_facts`,
    name: 'Gathering Facts',
    module: 'setup',
    moduleKey: 'setup',
    args: play.gatherSubset === undefined ? {} : { gather_subset: play.gatherSubset },
    keywords: {
      ...keywords,
      tags: keywords.tags.length > 0 ? keywords.tags : ['always'],
      runOnce: undefined,
      vars: [],
    },
    position,
    path,
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    notify: [],
    listen: [],
  };
}
