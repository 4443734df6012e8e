import { describe, expect, it } from 'vitest';
import { maskOsloSecrets } from './secrets.ts';

describe('maskOsloSecrets', () => {
  it.each([
    ['connection = mysql+pymysql://nova:hunter22@db/nova\n', 'connection = ********\n'],
    ['#connection = mysql://nova:old@db/nova\n', '#connection = ********\n'],
    ['transport_url=rabbit://a:b@h1,\n  rabbit://c:d@h2\n', 'transport_url=********\n  ********\n'],
    ['metadata_proxy_shared_secret: 0123456789\n', 'metadata_proxy_shared_secret: ********\n'],
    ['my_url = https://u:p@example.org/x\n', 'my_url = ********\n'],
    ['password = nova\nuser = nova\n', '********\nuser = nova\n'],
    [
      'auth_url = http://keystone:5000/v3\nuse_token = true\n',
      'auth_url = http://keystone:5000/v3\nuse_token = true\n',
    ],
    ['password = 12345\nmax_connection = 5\n', '********\nmax_connection = 5\n'],
    [
      'hmac_keys = SECRET_KEY1\ndb_pass: hunter22\napi_key=abcdefgh\ncompass = north-west\n',
      'hmac_keys = ********\ndb_pass: ********\napi_key=********\ncompass = north-west\n',
    ],
    ['#password = <None>\n', '#password = <None>\n'],
    ['password =\n', 'password =\n'],
    ['backend_argument = password:hunter22\n', 'backend_argument = ********\n'],
    [
      'root_token_id = hvs.CAESIJ\napprole_secret_id = 841771dc\n',
      'root_token_id = ********\napprole_secret_id = ********\n',
    ],
    ['rbd_secret_uuid = 457eb676-33da-42ec\n', 'rbd_secret_uuid = 457eb676-33da-42ec\n'],
  ])('hides what is secret and nothing else: %j', (text, shown) => {
    expect(maskOsloSecrets(text)).toBe(shown);
  });
});
