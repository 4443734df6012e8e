import { basename, dirname, join } from 'node:path/posix';
import type { ServiceUnit } from './service-unit.ts';

/** Where a service finds its configuration, in reading order. */
export interface ConfigPlaces {
  readonly places: readonly ConfigPlace[];
  /** Where this knowledge comes from, for messages. */
  readonly source: string;
}

/** A file, or a directory of which every `*.conf` is read in order of its name. */
export interface ConfigPlace {
  readonly kind: 'file' | 'directory';
  readonly path: string;
}

const file = (path: string): ConfigPlace => ({ kind: 'file', path });
const directory = (path: string): ConfigPlace => ({ kind: 'directory', path });

/**
 * The files a Nova service reads: those on the command line of its running process, else on its unit's, else the
 * project's defaults. Default directories are read even when files are given, and then *before* them; given directories
 * are read where they stand.
 *
 * Source: oslo.config `cfg.find_config_files`, `find_config_dirs`, `ConfigOpts._parse_config_files` (order measured, see
 * test/fixtures/nova/capture-oslo.py).
 */
export function configPlaces(path: string, unit: ServiceUnit | undefined): ConfigPlaces {
  if (unit?.isLoaded && isWebServer(unit)) return webServerPlaces(path, unit);
  const program = unit && programOf(unit.name);
  const fallback = defaultPlaces(dirname(path), program);
  if (!unit?.isLoaded) return { places: pathFirst(path, fallback), source: "Nova's defaults" };
  const running = givenPlaces(unit.commandLine, fallback);
  if (running) return { places: running, source: `the running ${unit.name}` };
  const started = givenPlaces(unit.execStart, fallback);
  if (started) return { places: started, source: `ExecStart of ${unit.name}` };
  // Debian's units start an init script that adds --config-file for each default file.
  const isInitScript = unit.execStart[0]?.startsWith('/etc/init.d/') ?? false;
  const places = isInitScript ? [...dirsOf(fallback), ...filesOf(fallback)] : fallback;
  return { places, source: `${unit.name}, which names no file, and Nova's defaults` };
}

/** Programs inside which nova-api runs as a WSGI application. */
function isWebServer({ commandLine, execStart }: ServiceUnit): boolean {
  const programs = [commandLine[0], execStart[0]].map((word) => basename(word ?? ''));
  return programs.some((program) => /^(uwsgi|apache2|httpd|gunicorn|mod_wsgi)/.test(program));
}

/**
 * The application looks for its files in two variables, and reads default directories after them, unless words handed on
 * to it (uwsgi's `--pyargv`) name others. Variables set inside the web server's own configuration are not seen here.
 *
 * Source: nova `api/openstack/wsgi_app.py` `_get_config_files`, `init_global_data`.
 */
function webServerPlaces(path: string, { name, commandLine, environment = {} }: ServiceUnit): ConfigPlaces {
  const folder = environment.OS_NOVA_CONFIG_DIR?.trim() || dirname(path);
  const files = (environment.OS_NOVA_CONFIG_FILES || 'api-paste.ini;nova.conf').split(';');
  const fallback = [
    ...files.map((one) => file(one.startsWith('/') ? one : join(folder, one))),
    ...dirsOf(defaultPlaces(dirname(path), undefined)),
  ];
  const handedOn = commandLine.flatMap((word, index) => (commandLine[index - 1] === '--pyargv' ? word.split(' ') : []));
  const given = givenPlaces(handedOn, fallback);
  return { places: given ?? fallback, source: `${name}, a web server, and Nova's WSGI application` };
}

/** oslo.config's defaults in the directory of the file asked for, so that /etc/kolla/nova-compute works alike. */
function defaultPlaces(folder: string, program: string | undefined): readonly ConfigPlace[] {
  const names = program ? ['nova', program] : ['nova'];
  const parents = folder === '/etc/nova' ? [folder, '/etc'] : [folder];
  return [
    ...names.map((name) => file(join(folder, `${name}.conf`))),
    ...names.flatMap((name) => parents.map((parent) => directory(join(parent, `${name}.conf.d`)))),
  ];
}

/** A path outside the defaults, e.g. a service's own file, stands where the project's file would. */
function pathFirst(path: string, places: readonly ConfigPlace[]): readonly ConfigPlace[] {
  const isKnown = places.some(
    (place) => place.path === path || (place.kind === 'directory' && place.path === dirname(path)),
  );
  return isKnown ? places : [file(path), ...places.filter((place) => place.path !== path)];
}

function givenPlaces(words: readonly string[], fallback: readonly ConfigPlace[]): readonly ConfigPlace[] | undefined {
  const given = words.flatMap((word, index) => placeOfWord(word, words[index + 1]));
  if (given.length === 0) return undefined;
  const hasFiles = given.some((place) => place.kind === 'file');
  const hasDirectories = given.some((place) => place.kind === 'directory');
  return [...(hasFiles ? [] : filesOf(fallback)), ...(hasDirectories ? [] : dirsOf(fallback)), ...given];
}

function placeOfWord(word: string, next: string | undefined): readonly ConfigPlace[] {
  const match = /^--config-(file|dir)(?:=(.*))?$/.exec(word);
  const path = match?.[2] ?? next;
  if (!match || !path) return [];
  return [match[1] === 'file' ? file(path) : directory(path)];
}

const filesOf = (places: readonly ConfigPlace[]) => places.filter((place) => place.kind === 'file');
const dirsOf = (places: readonly ConfigPlace[]) => places.filter((place) => place.kind === 'directory');

/** `openstack-nova-compute.service` runs the program nova-compute. */
function programOf(unit: string): string {
  return basename(unit, '.service').replace(/^openstack-/, '');
}
