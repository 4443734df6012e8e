import { dirname, join } from 'node:path/posix';
import type { FileContent } from '../../contract/file-state.ts';
import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { fileContent } from '../../probes/file.ts';
import type { HostClient } from '../../probes/openstack/host-client.ts';
import type { CloudSettings } from './cloud-settings.ts';
import { type Clouds, type HostText, readClouds, settingsOfCloud } from './clouds-file.ts';
import type { ConnectionArgs } from './connection-args.ts';
import { parseOpenrc, settingsOfVariables } from './environment.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * Finds out which cloud is meant, in the order of openstacksdk: what the task says, then `OS_CLOUD`, then `OS_*` of the
 * task's environment, then the only cloud of the first clouds.yaml found.
 *
 * @throws {TaskError} when nothing says it, naming every place looked at
 */
export async function cloudSettings(
  args: ConnectionArgs,
  host: HostClient,
  environment: Variables,
  read: Read,
): Promise<CloudSettings> {
  if (args.auth) return { source: "the task's `auth`", auth: args.auth };
  if (args.openrc) return settingsOfOpenrc(args.openrc, read);
  const named = args.cloud ?? environment.OS_CLOUD;
  const variables = settingsOfVariables(environment, "the OS_* variables of the task's environment");
  if (named === undefined && variables) return variables;
  const places = cloudsPlaces(host, environment);
  const clouds = await findClouds(places, read);
  if (!clouds) throw noClouds(named, places);
  return settingsOfCloud(clouds, named ?? onlyCloud(clouds));
}

async function settingsOfOpenrc(path: string, read: Read): Promise<CloudSettings> {
  const file = await read(fileContent(path));
  const text = textOf(file);
  if (text === undefined) throw new TaskError(`openrc: there is no file ${path} on this host`);
  const settings = settingsOfVariables(parseOpenrc(text.text, path), path);
  if (!settings) throw new TaskError(`openrc: ${path} sets no OS_AUTH_URL`);
  return settings;
}

interface Places {
  readonly clouds: readonly string[];
  readonly secure: readonly string[];
}

function noClouds(named: string | undefined, { clouds }: Places): TaskError {
  const folders = [...new Set(clouds.map((path) => dirname(path)))].join(', ');
  const wanted =
    named === undefined
      ? 'no credentials for an OpenStack cloud: there is no `cloud`, `auth`, `openrc` or OS_AUTH_URL'
      : `the cloud ${named} is not to be found`;
  return new TaskError(`${wanted}, and no clouds.yaml (nor .yml, .json) in ${folders} of this host`);
}

const SUFFIXES = ['yaml', 'yml', 'json'];

function cloudsPlaces(host: HostClient, environment: Variables): Places {
  const folders = [host.home, join(host.configHome, 'openstack'), '/etc/openstack'];
  const named = (stem: string) =>
    folders.flatMap((folder) => SUFFIXES.map((suffix) => join(folder, `${stem}.${suffix}`)));
  const first = (name: string) => [environment[name]].filter((path) => path?.startsWith('/')).map(String);
  return {
    clouds: [...first('OS_CLIENT_CONFIG_FILE'), ...named('clouds')],
    secure: [...first('OS_CLIENT_SECURE_FILE'), ...named('secure')],
  };
}

async function findClouds({ clouds, secure }: Places, read: Read): Promise<Clouds | undefined> {
  const [found, hidden] = await Promise.all([firstFile(clouds, read), firstFile(secure, read)]);
  return found ? readClouds(found, hidden) : undefined;
}

async function firstFile(paths: readonly string[], read: Read): Promise<HostText | undefined> {
  const files = await Promise.all(paths.map((path) => read(fileContent(path))));
  return files.map(textOf).find((text) => text !== undefined);
}

function textOf(file: FileContent): HostText | undefined {
  return file.kind === 'file' ? { path: file.path, text: Buffer.from(file.bytes).toString('utf8') } : undefined;
}

function onlyCloud({ path, byName }: Clouds): string {
  const [only, ...others] = Object.keys(byName);
  if (only !== undefined && others.length === 0) return only;
  throw new TaskError(
    `${path} has ${only === undefined ? 'no cloud' : `the clouds ${[only, ...others].join(', ')}`}; say which with \`cloud\``,
  );
}
