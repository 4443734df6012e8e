import { Problems } from '../../contract/problem.ts';
import { TaskError } from '../../contract/task-error.ts';
import { sourceTextOf } from '../../language/yaml/positions.ts';
import { readYaml } from '../../language/yaml/read-yaml.ts';
import { authOf, type CloudSettings } from './cloud-settings.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** A file of the host, as text. */
export interface HostText {
  readonly path: string;
  readonly text: string;
}

/** The clouds of clouds.yaml, with what secure.yaml adds to them. */
export interface Clouds {
  readonly path: string;
  readonly byName: Readonly<Record<string, Mapping>>;
}

/**
 * Reads clouds.yaml and, over it, secure.yaml.
 *
 * Source: openstacksdk `openstack/config/loader.py`; JSON is YAML.
 * @throws {TaskError} naming the file that cannot be understood
 */
export function readClouds(clouds: HostText, secure?: HostText): Clouds {
  const merged = secure ? overlaid(cloudsIn(clouds), cloudsIn(secure)) : cloudsIn(clouds);
  const byName = Object.entries(merged).filter((entry): entry is [string, Mapping] => isMapping(entry[1]));
  return { path: clouds.path, byName: Object.fromEntries(byName) };
}

/** @throws {TaskError} when there is no such cloud, or it asks for what is not supported */
export function settingsOfCloud(clouds: Clouds, name: string): CloudSettings {
  const source = `cloud ${name} of ${clouds.path}`;
  const cloud = Object.hasOwn(clouds.byName, name) ? clouds.byName[name] : undefined;
  if (!cloud)
    throw new TaskError(
      `${clouds.path} has no cloud ${name}; it has ${Object.keys(clouds.byName).join(', ') || 'none'}`,
    );
  const auth = isMapping(cloud.auth) ? cloud.auth : {};
  if (cloud.profile !== undefined && auth.auth_url === undefined)
    throw new TaskError(
      `${source} leaves its auth_url to the profile ${String(cloud.profile)}; profiles are not read: write auth_url`,
    );
  const texts = textsOf(auth);
  const settings = textsOf(cloud);
  return {
    source,
    // Domains may stand beside `auth` too.
    auth: authOf({ ...settings, ...texts }, source),
    ...(settings.auth_type && { authType: settings.auth_type }),
    ...(settings.region_name && { regionName: settings.region_name }),
    ...((settings.interface ?? settings.endpoint_type) && { interface: settings.interface ?? settings.endpoint_type }),
    ...(settings.cacert && { caFile: settings.cacert }),
    ...(cloud.verify === false || cloud.insecure === true ? { verify: false } : {}),
  };
}

function cloudsIn({ path, text }: HostText): Mapping {
  const value = parsed(path, text);
  const clouds = isMapping(value) ? value.clouds : undefined;
  if (clouds === undefined || clouds === null) return {};
  if (!isMapping(clouds)) throw new TaskError(`${path}: \`clouds\` must be a mapping of names to clouds`);
  return clouds;
}

/** Says where, never what: a reader's complaint may quote a password. */
function parsed(path: string, text: string): unknown {
  const problems = new Problems();
  const document = readYaml(text, path, problems);
  if (document && !problems.hasErrors) return textual(document.value);
  const at = problems.list.find(({ position }) => position)?.position;
  throw new TaskError(`${path} is not valid YAML${at ? `, from line ${at.line}, column ${at.column} on` : ''}`);
}

/** Numbers as they were typed: a password of digits is one to YAML. */
function textual(value: unknown): unknown {
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      typeof member === 'number' ? (sourceTextOf(value, key) ?? String(member)) : textual(member),
    ]),
  );
}

function overlaid(below: Mapping, above: Mapping): Mapping {
  const names = [...new Set([...Object.keys(below), ...Object.keys(above)])];
  return Object.fromEntries(
    names.map((name) => {
      const [old, fresh] = [below[name], above[name]];
      if (!Object.hasOwn(above, name)) return [name, old];
      return [name, isMapping(old) && isMapping(fresh) ? overlaid(old, fresh) : fresh];
    }),
  );
}

function textsOf(mapping: Mapping): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(mapping).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
