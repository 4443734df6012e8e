import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../contract/http.ts';
import { Secret } from '../../contract/secret.ts';
import { endpointOf } from './catalog.ts';
import type { Auth } from './connection-args.ts';
import { tokenQuestion } from './identity.ts';

const client = { program: 'curl', isInsecure: false, timeoutMs: 1000 } as const;

function asked(auth: Partial<Auth>, authType?: string): HttpRequest {
  const settings = {
    source: 'the test',
    auth: { auth_url: 'http://ctl:5000', ...auth },
    ...(authType && { authType }),
  };
  return tokenQuestion(settings, client).request;
}

function bodyOf(auth: Partial<Auth>, authType?: string): unknown {
  const { body } = asked(auth, authType);
  return JSON.parse(body instanceof Secret ? body.reveal() : '').auth;
}

const password = new Secret('pw');

describe('the request for a token', () => {
  it('names user, project and their domains', () => {
    expect(
      bodyOf({ username: 'admin', password, project_name: 'p', user_domain_name: 'Default', project_domain_id: 'd' }),
    ).toEqual({
      identity: {
        methods: ['password'],
        password: { user: { name: 'admin', domain: { name: 'Default' }, password: 'pw' } },
      },
      scope: { project: { name: 'p', domain: { id: 'd' } } },
    });
  });

  it('takes ids, one domain for both, and the system', () => {
    expect(bodyOf({ user_id: 'u', password, project_id: 'p' })).toMatchObject({
      identity: { password: { user: { id: 'u' } } },
      scope: { project: { id: 'p' } },
    });
    expect(bodyOf({ username: 'a', password, project_name: 'p', domain_name: 'D' })).toMatchObject({
      identity: { password: { user: { domain: { name: 'D' } } } },
      scope: { project: { domain: { name: 'D' } } },
    });
    expect(bodyOf({ username: 'a', password, system_scope: 'all' })).toMatchObject({
      scope: { system: { all: true } },
    });
  });

  it('takes application credentials, which bring their project', () => {
    const secret = new Secret('s');
    expect(bodyOf({ application_credential_id: 'i', application_credential_secret: secret })).toEqual({
      identity: { methods: ['application_credential'], application_credential: { id: 'i', secret: 's' } },
    });
    expect(
      bodyOf(
        { application_credential_name: 'n', application_credential_secret: secret, username: 'u' },
        'v3applicationcredential',
      ),
    ).toMatchObject({
      identity: { application_credential: { name: 'n', user: { name: 'u', domain: { id: 'default' } }, secret: 's' } },
    });
  });

  it.each([
    ['http://ctl:5000', 'http://ctl:5000/v3/auth/tokens'],
    ['http://ctl:5000/', 'http://ctl:5000/v3/auth/tokens'],
    ['https://ctl/identity/v3/', 'https://ctl/identity/v3/auth/tokens'],
  ])('goes, for %s, to %s', (auth_url, url) => {
    expect(asked({ auth_url, username: 'a', password, project_name: 'p' }).url).toBe(url);
  });

  it.each([
    ['no password', { username: 'a', project_name: 'p' }, undefined, /the test has no password/],
    ['no user', { password, project_name: 'p' }, undefined, /neither username nor user_id/],
    ['no project', { username: 'a', password }, undefined, /names no project/],
    [
      'half an application credential',
      { application_credential_id: 'i' },
      'v3applicationcredential',
      /needs application_credential_secret/,
    ],
    [
      'another plugin',
      { username: 'a', password, project_name: 'p' },
      'v3oidcpassword',
      /auth_type v3oidcpassword is not supported/,
    ],
    [
      'keystone v2',
      { auth_url: 'http://ctl:5000/v2.0', username: 'a', password, project_name: 'p' },
      undefined,
      /must end in \/v3/,
    ],
    ['no URL', { auth_url: 'ctl:5000', username: 'a', password, project_name: 'p' }, undefined, /no http or https URL/],
  ])('is refused with %s', (_, auth, authType, message) => {
    expect(() => asked(auth, authType)).toThrow(message);
  });
});

describe('the catalogue', () => {
  const endpoint = (side: string, region: string) => ({
    interface: side,
    region_id: region,
    url: `http://${side}.${region}/`,
  });
  const catalog = [
    { type: 'compute', endpoints: [endpoint('public', 'r1'), endpoint('internal', 'r1'), endpoint('public', 'r2')] },
  ];

  it('gives the endpoint of a side and a region', () => {
    expect(endpointOf(catalog, { type: 'compute', interface: 'internal' })).toBe('http://internal.r1');
    expect(endpointOf(catalog, { type: 'compute', interface: 'public', regionName: 'r2' })).toBe('http://public.r2');
  });

  it('must not be guessed about', () => {
    expect(() => endpointOf(catalog, { type: 'compute', interface: 'public' })).toThrow(
      /in the regions r1, r2; say which/,
    );
  });
});
