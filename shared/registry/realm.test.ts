import { mayHaveCredentials, parseRealm } from './realm.ts';

test.each([
  ['https://ghcr.io/token', 'https://ghcr.io', 'ghcr.io', true],
  ['https://auth.docker.io/token', 'https://registry-1.docker.io', 'docker.io', true],
  ['https://gitlab.com/jwt/auth', 'https://registry.gitlab.com', 'registry.gitlab.com', true],
  ['https://gitlab.corp.example/jwt/auth', 'https://registry.gitlab.corp.example:5050', 'x', true],
  ['https://us.gcr.io/v2/token', 'https://us.gcr.io', 'us.gcr.io', true],
  ['https://gcr.io/v2/token', 'https://us.gcr.io', 'us.gcr.io', true],
  ['http://localhost:5001/token', 'http://localhost:5001', 'localhost:5001', true],
  ['https://auth.docker.io/token', 'https://ghcr.io', 'ghcr.io', false],
  ['https://auth.docker.io.evil.example/token', 'https://registry-1.docker.io', 'docker.io', false],
  ['https://ghcr.io:8443/token', 'https://ghcr.io', 'ghcr.io', false],
  ['https://evil-ghcr.io/token', 'https://ghcr.io', 'ghcr.io', false],
  ['https://hcr.io/token', 'https://ghcr.io', 'ghcr.io', false],
  ['https://auth.example.com/token', 'https://registry.example.com', 'registry.example.com', false],
  ['https://com/token', 'https://registry.com', 'registry.com', false],
  ['http://localhost:5002/token', 'http://localhost:5001', 'localhost:5001', false],
])('%s may have the credential of %s (%s): %s', (realm, registry, name, allowed) => {
  expect(mayHaveCredentials(new URL(realm), new URL(registry), name, {})).toBe(allowed);
});

test('the setting realms adds hosts for one registry', () => {
  const realms = { 'registry.example.com': ['auth.example.com', 'sso.example.com:8443'] };
  const may = (realm: string, name: string) =>
    mayHaveCredentials(new URL(realm), new URL(`https://${name}`), name, realms);
  expect(may('https://auth.example.com/t', 'registry.example.com')).toBe(true);
  expect(may('https://sso.example.com:8443/t', 'registry.example.com')).toBe(true);
  expect(may('https://sso.example.com/t', 'registry.example.com')).toBe(false);
  expect(may('https://auth.example.com/t', 'other.example')).toBe(false);
});

test('a realm is https, unless the registry is asked over http', () => {
  const secure = new URL('https://registry.example');
  expect(parseRealm('https://auth.example/t?a=b#c', secure).href).toBe('https://auth.example/t?a=b');
  expect(parseRealm('http://localhost:1/t', new URL('http://localhost:5000')).href).toBe('http://localhost:1/t');
  for (const realm of [
    'http://auth.example/t',
    'ftp://auth.example',
    'auth.example',
    '',
    'https://u:p@auth.example/',
  ]) {
    expect(() => parseRealm(realm, secure)).toThrow(expect.objectContaining({ reason: 'redirect-refused' }));
  }
});

test('a registry whose name is a member of every object is in no table', () => {
  const registry = new URL('https://constructor:444');
  expect(mayHaveCredentials(new URL('https://auth.example/'), registry, 'constructor', {})).toBe(false);
});
