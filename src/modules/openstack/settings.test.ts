import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hostUnderTest } from '../../../test/support/run-module.ts';
import { readClouds, settingsOfCloud } from './clouds-file.ts';
import { parseOpenrc, settingsOfVariables } from './environment.ts';
import { cloudSettings } from './settings.ts';

const CLOUDS = `
clouds:
  admin:
    auth: {auth_url: "http://ctl:5000", username: admin, project_name: admin}
    region_name: RegionOne
    interface: internal
    cacert: /etc/ssl/ctl.pem
  app:
    auth_type: v3applicationcredential
    auth: {auth_url: "http://ctl:5000/v3", application_credential_id: abc}
    verify: false
  vendor:
    profile: rackspace
    auth: {username: x}
`;
const SECURE = 'clouds:\n  admin: {auth: {password: 0644}}\n  app: {auth: {application_credential_secret: s3cr3t}}\n';

const clouds = readClouds({ path: '/c/clouds.yaml', text: CLOUDS }, { path: '/c/secure.yaml', text: SECURE });

describe('clouds.yaml', () => {
  it('is completed by secure.yaml, and keeps a password of digits as it was typed', () => {
    const settings = settingsOfCloud(clouds, 'admin');
    expect(settings).toMatchObject({
      source: 'cloud admin of /c/clouds.yaml',
      auth: { auth_url: 'http://ctl:5000', username: 'admin', project_name: 'admin' },
      regionName: 'RegionOne',
      interface: 'internal',
      caFile: '/etc/ssl/ctl.pem',
    });
    expect(settings.auth.password?.reveal()).toBe('0644');
    expect(JSON.stringify(settings)).not.toContain('0644');
  });

  it('may hold application credentials, and ask not to verify certificates', () => {
    const settings = settingsOfCloud(clouds, 'app');
    expect(settings).toMatchObject({ authType: 'v3applicationcredential', verify: false });
    expect(settings.auth.application_credential_secret?.reveal()).toBe('s3cr3t');
  });

  it.each([
    ['a cloud it does not have', 'nobody', /has no cloud nobody; it has admin, app, vendor/],
    ['a prototype', 'constructor', /has no cloud constructor/],
    ['a profile without auth_url', 'vendor', /profiles are not read: write auth_url/],
  ])('is refused for %s', (_, name, message) => {
    expect(() => settingsOfCloud(clouds, name)).toThrow(message);
  });

  it('is never quoted when it cannot be read', () => {
    const text = 'clouds:\n  a:\n    auth:\n      password: *hunter2\n';
    expect(() => readClouds({ path: '/c/clouds.yaml', text })).toThrow(
      /^\/c\/clouds\.yaml is not valid YAML, from line 4/,
    );
    expect(() => readClouds({ path: '/c/clouds.yaml', text })).not.toThrow(/hunter2/);
  });
});

describe('openrc files', () => {
  it.each([
    ['export OS_PASSWORD=plain', 'plain'],
    ["OS_PASSWORD='a b $c \\d'", 'a b $c \\d'],
    ['export OS_PASSWORD="a \\"b\\" \\$c"', 'a "b" $c'],
    ['export OS_PASSWORD=a\\ b # why', 'a b'],
    [`export OS_PASSWORD='it'"'"'s'`, "it's"],
    ['  export   OS_PASSWORD=x; export OTHER=1', 'x'],
  ])('%s', (line, value) => {
    expect(parseOpenrc(`#!/bin/sh\nunset x\n${line}\n`, '/rc')).toEqual({ OS_PASSWORD: value });
  });

  it.each(['OS_PASSWORD=$OS_PASSWORD_INPUT', 'OS_PASSWORD="$(cat /x)"', 'OS_PASSWORD=`cat /x`', "OS_PASSWORD='open"])(
    'are not run: %s',
    (line) => {
      expect(() => parseOpenrc(`\n${line}`, '/rc')).toThrow(/^\/rc:2: the value is more than a plain word/);
    },
  );

  it('may speak the language of keystone v2, but not ask for it', () => {
    const variables = { OS_AUTH_URL: 'http://c:5000', OS_TENANT_NAME: 't', OS_ENDPOINT_TYPE: 'internalURL' };
    expect(settingsOfVariables(variables, 'rc')).toMatchObject({
      auth: { project_name: 't' },
      interface: 'internalURL',
    });
    expect(() => settingsOfVariables({ ...variables, OS_IDENTITY_API_VERSION: '2.0' }, 'rc')).toThrow(/only 3 is left/);
  });
});

describe('which cloud is meant', () => {
  function home(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'tsplay-clouds-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return folder;
  }

  const one = (name: string) => `clouds:\n  ${name}: {auth: {auth_url: "http://${name}"}}\n`;
  const two = 'clouds:\n  a: {auth: {auth_url: "http://a"}}\n  b: {auth: {auth_url: "http://b"}}\n';
  const variables = { OS_AUTH_URL: 'http://variables' };

  it.each([
    [
      'the home directory before the user’s configuration',
      { 'cwd/clouds.yaml': one('a'), 'cfg/openstack/clouds.yaml': one('b') },
      {},
      {},
      'http://a',
    ],
    ['the user’s configuration', { 'cfg/openstack/clouds.yaml': one('b') }, {}, {}, 'http://b'],
    [
      'clouds.json too',
      { 'cwd/clouds.json': '{"clouds": {"j": {"auth": {"auth_url": "http://j"}}}}' },
      {},
      {},
      'http://j',
    ],
    ['the cloud named', { 'cwd/clouds.yaml': two }, { cloud: 'b' }, variables, 'http://b'],
    ['OS_CLOUD', { 'cwd/clouds.yaml': two }, {}, { ...variables, OS_CLOUD: 'b' }, 'http://b'],
    ['variables before the only cloud', { 'cwd/clouds.yaml': one('a') }, {}, variables, 'http://variables'],
  ])('%s', async (_, files, args, environment, url) => {
    const folder = home(files);
    const host = await hostUnderTest();
    const client = { program: 'curl' as const, home: join(folder, 'cwd'), configHome: join(folder, 'cfg') };
    const connection = { insecure: false, timeout: 1, ...args };
    expect((await cloudSettings(connection, client, environment, host.read)).auth.auth_url).toBe(url);
    await host.close();
  });

  it('is asked for where there are several', async () => {
    const folder = home({ 'clouds.yaml': two });
    const host = await hostUnderTest();
    const client = { program: 'curl' as const, home: folder, configHome: folder };
    await expect(cloudSettings({ insecure: false, timeout: 1 }, client, {}, host.read)).rejects.toThrow(
      /has the clouds a, b; say which/,
    );
    await host.close();
  });
});
