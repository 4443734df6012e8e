import type { Problems } from '../../contract/problem.ts';
import { EXIT } from '../../engine/run.ts';
import { compose, loadPlaybooks } from '../compose.ts';
import { checkConnections } from '../connection-problems.ts';
import type { PlayOptions } from '../options.ts';
import { checkPlayHosts } from '../play-hosts.ts';
import { showProblems } from '../problems.ts';
import { checkVariables } from '../unset-variables.ts';
import { readVariableFiles } from '../variable-files.ts';

/** `tsplay validate`. */
export async function validate(files: readonly string[], options: PlayOptions): Promise<number> {
  const composition = await compose(options);
  const { playbooks, loader } = loadPlaybooks(composition, files);
  readVariableFiles(composition.inventory, playbooks, undefined);
  checkPlayHosts(playbooks, composition.inventory, composition.problems);
  const reaching = {
    ...composition,
    playbooks,
    limit: undefined,
    options,
    hasKeys: false,
    worksHere: loader.worksHere,
  };
  checkConnections(reaching, composition.problems);
  checkVariables(playbooks, loader, composition);
  showProblems(composition.problems, composition.secrets);
  if (composition.problems.hasErrors) return EXIT.invalid;
  const plays = playbooks.reduce((sum, playbook) => sum + playbook.plays.length, 0);
  const hosts = composition.inventory.hosts.size;
  console.log(
    `${playbooks.length} ${playbooks.length === 1 ? 'playbook' : 'playbooks'}, ${plays} ${plays === 1 ? 'play' : 'plays'}, ${hosts} ${hosts === 1 ? 'host' : 'hosts'}: ${verdictOn(composition.problems)}`,
  );
  return EXIT.converged;
}

function verdictOn({ list }: Problems): string {
  if (list.length === 0) return 'no problem found';
  return list.length === 1 ? 'no error, 1 warning' : `no error, ${list.length} warnings`;
}
