import { formatProblem, type Problems } from '../contract/problem.ts';
import type { SecretRegistry } from '../contract/secret.ts';
import { printable } from '../report/printable.ts';

/** All problems at once, on standard error, errors last so that they stand above the prompt. */
export function showProblems(problems: Problems, secrets: SecretRegistry): void {
  const ordered = [
    ...problems.list.filter(({ severity }) => severity === 'warning'),
    ...problems.list.filter(({ severity }) => severity === 'error'),
  ];
  for (const problem of ordered)
    console.error(secrets.mask(printable(`${problem.severity}: ${formatProblem(problem)}`)));
  const errors = problems.list.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) console.error(`\n${errors} ${errors === 1 ? 'problem' : 'problems'} found; no host was contacted.`);
}
