import { formatProblem, type Problem, type Problems } from '../contract/problem.ts';
import type { SecretRegistry } from '../contract/secret.ts';
import { printable } from '../report/printable.ts';

/** All problems at once, on standard error, errors last so that they stand above the prompt. */
export function showProblems(problems: Problems, secrets: SecretRegistry): void {
  const ordered = [
    ...problems.list.filter(({ severity }) => severity === 'warning'),
    ...problems.list.filter(({ severity }) => severity === 'error'),
  ];
  for (const problem of ordered) show(problem, secrets);
  const errors = problems.list.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) console.error(`\n${errors} ${errors === 1 ? 'problem' : 'problems'} found; no host was contacted.`);
}

/** What was found while the run went on. Returns whether there are errors. */
export function showLateProblems(problems: readonly Problem[], secrets: SecretRegistry): boolean {
  for (const problem of problems) show(problem, secrets);
  return problems.some(({ severity }) => severity === 'error');
}

function show(problem: Problem, secrets: SecretRegistry): void {
  console.error(secrets.mask(printable(`${problem.severity}: ${formatProblem(problem)}`)));
}
