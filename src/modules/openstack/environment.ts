import { TaskError } from '../../contract/task-error.ts';
import { authOf, type CloudSettings } from './cloud-settings.ts';

type Variables = Readonly<Record<string, string>>;

/** The settings that OS_* variables hold; undefined when they name no keystone. */
export function settingsOfVariables(variables: Variables, source: string): CloudSettings | undefined {
  const own = Object.entries(variables).filter(([name, value]) => name.startsWith('OS_') && value !== '');
  const texts = Object.fromEntries(own.map(([name, value]) => [name.slice(3).toLowerCase(), value]));
  const { auth_url, auth_type, region_name, cacert, insecure, identity_api_version } = texts;
  if (auth_url === undefined) return undefined;
  if (identity_api_version?.startsWith('2'))
    throw new TaskError(`${source} asks for version ${identity_api_version} of keystone's API; only 3 is left`);
  const side = texts.interface ?? texts.endpoint_type;
  return {
    source,
    auth: authOf(texts, source),
    ...(auth_type && { authType: auth_type }),
    ...(region_name && { regionName: region_name }),
    ...(side && { interface: side }),
    ...(cacert && { caFile: cacert }),
    ...(insecure && isTrue(insecure) && { verify: false }),
  };
}

function isTrue(text: string): boolean {
  return ['1', 'true', 'yes', 'on', 't', 'y'].includes(text.trim().toLowerCase());
}

const ASSIGNMENT = /^\s*(?:export\s+)?(OS_[A-Z0-9_]+)=(.*)$/;

/**
 * The OS_* variables of an openrc file. It is not run: values must be plain words, quoted or not.
 *
 * @throws {TaskError} naming the line whose value only a shell could know
 */
export function parseOpenrc(text: string, path: string): Variables {
  const assignments = text.split(/\r?\n/).flatMap((line, index) => {
    const match = ASSIGNMENT.exec(line);
    return match ? [[match[1] ?? '', plainWord(match[2] ?? '', `${path}:${index + 1}`)] as const] : [];
  });
  return Object.fromEntries(assignments);
}

/** One shell word by POSIX quoting (sh, 2.2), without expansions. What follows it is a comment or another command. */
function plainWord(text: string, place: string): string {
  let word = '';
  for (let rest = text; rest !== '' && !/^[\s;#&]/.test(rest); ) {
    const piece =
      /^'([^']*)'/.exec(rest) ??
      /^"((?:[^"\\$`]|\\[\s\S])*)"/.exec(rest) ??
      /^\\(.)/.exec(rest) ??
      /^([^\s'"\\$`;&|<>()]+)/.exec(rest);
    if (!piece)
      throw new TaskError(`${place}: the value is more than a plain word, and openrc files are not run; write it out`);
    word += rest.startsWith('"') ? (piece[1] ?? '').replace(/\\(["\\$`])/g, '$1') : (piece[1] ?? '');
    rest = rest.slice(piece[0].length);
  }
  return word;
}
