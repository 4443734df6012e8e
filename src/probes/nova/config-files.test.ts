import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configPlaces } from './config-files.ts';
import type { ServiceUnit } from './service-unit.ts';

const MAIN = '/etc/nova/nova.conf';
const unit = (more: Partial<ServiceUnit>): ServiceUnit => ({
  name: 'nova-compute',
  isLoaded: true,
  activeState: 'active',
  startedAt: 1,
  commandLine: [],
  execStart: [],
  unitFile: 'enabled',
  now: 2,
  ...more,
});
const paths = (path: string, one?: ServiceUnit) => configPlaces(path, one).places.map((place) => place.path);

const FILES = [MAIN, '/etc/nova/nova-compute.conf'];
const DIRECTORIES = [
  '/etc/nova/nova.conf.d',
  '/etc/nova.conf.d',
  '/etc/nova/nova-compute.conf.d',
  '/etc/nova-compute.conf.d',
];

describe('configPlaces', () => {
  it('are the defaults when nothing is known', () => {
    expect(paths(MAIN)).toEqual([MAIN, '/etc/nova/nova.conf.d', '/etc/nova.conf.d']);
  });
  it('are files then directories for a unit that names none', () => {
    expect(paths(MAIN, unit({ execStart: ['/usr/bin/nova-compute'] }))).toEqual([...FILES, ...DIRECTORIES]);
  });
  it('are the default directories first when the unit names files, as oslo.config does it', () => {
    const execStart = [
      '/usr/bin/nova-compute',
      `--config-file=${MAIN}`,
      '--config-file',
      '/etc/nova/nova-compute.conf',
      '--log-file=/x',
    ];
    expect(paths(MAIN, unit({ execStart }))).toEqual([...DIRECTORIES, ...FILES]);
    const captured = JSON.parse(readFileSync('test/fixtures/nova/oslo-captures.json', 'utf8')).orders.files
      .enabled_filters;
    expect(captured, 'the real parser lets the last file win').toEqual(['nova-compute.conf']);
  });
  it('keep the order of the command line for directories given there', () => {
    const execStart = ['/usr/bin/nova-compute', '--config-dir', '/etc/d', `--config-file=${MAIN}`];
    expect(paths(MAIN, unit({ execStart }))).toEqual(['/etc/d', MAIN]);
  });
  it('believe the running process rather than the unit', () => {
    const commandLine = ['/usr/bin/python3', '/usr/bin/nova-compute', '--config-file', '/srv/nova.conf'];
    expect(
      paths(MAIN, unit({ commandLine, execStart: ['/usr/bin/nova-compute', `--config-file=${MAIN}`] })).at(-1),
    ).toBe('/srv/nova.conf');
  });
  it("know what Debian's init scripts add", () => {
    expect(paths(MAIN, unit({ execStart: ['/etc/init.d/nova-compute', 'systemd-start'] }))).toEqual([
      ...DIRECTORIES,
      ...FILES,
    ]);
  });
  describe('of nova-api inside a web server', () => {
    const uwsgi = ['/usr/bin/uwsgi_python3', '--http-socket', ':8774', '--ini', '/etc/nova/nova-api-uwsgi.ini'];
    const own = ['/etc/nova/nova.conf.d', '/etc/nova.conf.d'];
    it('are those of its WSGI application, directories last', () => {
      const one = unit({ name: 'nova-api', commandLine: uwsgi, execStart: ['/etc/init.d/nova-api', 'systemd-start'] });
      expect(paths(MAIN, one)).toEqual(['/etc/nova/api-paste.ini', MAIN, ...own]);
    });
    it('are those its variables name', () => {
      const environment = { OS_NOVA_CONFIG_DIR: '/srv/nova', OS_NOVA_CONFIG_FILES: 'nova.conf;/etc/nova/api.conf' };
      const one = unit({ name: 'apache2', execStart: ['/usr/sbin/apache2', '-k', 'start'], environment });
      expect(paths(MAIN, one)).toEqual(['/srv/nova/nova.conf', '/etc/nova/api.conf', ...own]);
    });
    it('are those of the words handed on to it', () => {
      const commandLine = [...uwsgi, '--pyargv', `--config-file=${MAIN} --config-dir /srv/d`];
      expect(paths(MAIN, unit({ name: 'uwsgi', commandLine }))).toEqual([MAIN, '/srv/d']);
    });
  });
  it('stay in the folder of the file that was named', () => {
    expect(paths('/etc/kolla/nova-compute/nova.conf')).toEqual([
      '/etc/kolla/nova-compute/nova.conf',
      '/etc/kolla/nova-compute/nova.conf.d',
    ]);
  });
  it('know the program behind the names of Red Hat', () => {
    expect(paths(MAIN, unit({ name: 'openstack-nova-compute' }))).toContain('/etc/nova/nova-compute.conf');
  });
});
