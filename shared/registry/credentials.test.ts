import { CredentialsError, parseDockerConfig } from './credentials.ts';

const auth = (pair: string) => ({ auth: Buffer.from(pair).toString('base64') });
const config = (auths: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  parseDockerConfig(JSON.stringify({ auths, ...more }));
const user = (auths: Record<string, unknown>, registry: string, path = 'org/app') => {
  const found = config(auths).find({ registry, path });
  return found?.kind === 'basic' ? found.username : found?.kind;
};

test('auth, or user name and password; a password may hold colons', () => {
  const file = {
    'a.example': auth('ann:se:cr:et'),
    'b.example': { username: 'bob', password: 'pw' },
    'c.example': {},
  };
  const find = (registry: string) => config(file).find({ registry, path: 'x' });
  expect(find('a.example')).toEqual({ kind: 'basic', username: 'ann', password: 'se:cr:et', for: 'a.example' });
  expect(find('b.example')).toEqual({ kind: 'basic', username: 'bob', password: 'pw', for: 'b.example' });
  expect(find('c.example')).toBeUndefined();
});

test('tokens', () => {
  const file = {
    'a.example': { ...auth('<token>:'), identitytoken: 'refresh' },
    'b.example': auth('<token>:refresh'),
    'c.example': { registrytoken: 'bearer' },
  };
  const find = (registry: string) => config(file).find({ registry, path: 'x' });
  const refresh = { kind: 'identity-token', username: '<token>', token: 'refresh' };
  expect(find('a.example')).toEqual({ ...refresh, for: 'a.example' });
  expect(find('b.example')).toEqual({ ...refresh, for: 'b.example' });
  expect(find('c.example')).toEqual({ kind: 'registry-token', token: 'bearer', for: 'c.example' });
});

test.each([
  'https://index.docker.io/v1/',
  'index.docker.io',
  'docker.io',
  'registry-1.docker.io',
  'https://docker.io/v2/',
])('%s is Docker Hub', (key) => {
  expect(user({ [key]: auth('hub:x') }, 'docker.io', 'library/nginx')).toBe('hub');
});

test.each([
  ['https://index.docker.io/v1/', 'registry.hub.docker.com', 'registry.docker.io'],
  ['registry.hub.docker.com', 'docker.io', 'docker.com'],
  [
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr-ecr.eu-west-1.on.aws',
    '123456789012.dkr-ecr.eu-west-2.on.aws',
  ],
  [
    '*.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr-ecr-fips.eu-west-1.on.aws',
    '123456789012.dkr-ecr.eu-west-1.on.aws.evil.example',
  ],
  ['public.ecr.aws', 'ecr-public.aws.com', 'public.ecr.aws.evil.example'],
])('the credential of %s is that of %s, another name of the registry, and not of %s', (key, name, other) => {
  expect(user({ [key]: auth('one:x') }, name)).toBe('one');
  expect(user({ [key]: auth('one:x') }, other)).toBeUndefined();
});

test('S1: a host is matched as a whole, its port included (CVE-2026-59891)', () => {
  const file = {
    'ghcr.io': auth('gh:x'),
    'localhost:5000': auth('local:x'),
    'https://tls.example:443/': auth('tls:x'),
  };
  expect(user(file, 'ghcr.io')).toBe('gh');
  expect(user(file, 'localhost:5000')).toBe('local');
  expect(user(file, 'tls.example')).toBe('tls');
  for (const other of [
    'evil-ghcr.io',
    'ghcr.io.evil',
    'hcr.io',
    'ghcr.io:8443',
    'x.ghcr.io',
    'localhost',
    'localhost:50',
  ]) {
    expect(user(file, other)).toBeUndefined();
  }
});

test('the longest path prefix counts, cut at slashes', () => {
  const file = {
    'ghcr.io': auth('all:x'),
    'https://ghcr.io/org/': auth('org:x'),
    'ghcr.io/org/app': auth('app:x'),
  };
  expect(user(file, 'ghcr.io', 'org/app')).toBe('app');
  expect(user(file, 'ghcr.io', 'org/app/sub')).toBe('app');
  expect(user(file, 'ghcr.io', 'org/application')).toBe('org');
  expect(user(file, 'ghcr.io', 'organ/app')).toBe('all');
  expect(user({ 'ghcr.io/org': auth('org:x') }, 'ghcr.io', 'other/app')).toBeUndefined();
});

test('globs go label by label, and an exact host goes before', () => {
  const file = { '*.example.com/org/app': auth('glob:x'), 'a.example.com': auth('exact:x') };
  expect(user(file, 'b.example.com')).toBe('glob');
  expect(user(file, 'a.example.com')).toBe('exact');
  expect(user(file, 'a.b.example.com')).toBeUndefined();
  expect(user(file, 'b.example.com.evil')).toBeUndefined();
  expect(user(file, 'b.example.com:5000')).toBeUndefined();
});

test('what is not used is said, without any secret', () => {
  const file = config(
    { 'bad.example': { auth: '!!' }, 'nocolon.example': auth('secret'), 'odd.example': 'x' },
    {
      credsStore: 'desktop',
      credHelpers: { 'gcr.io': 'gcloud' },
    },
  );
  expect(file.warnings).toHaveLength(5);
  expect(file.warnings.join()).toContain('credHelpers');
  expect(file.warnings.join()).toContain('"bad.example"');
  expect(file.warnings.join()).not.toMatch(/!!|secret/);
});

test.each(['', '{', '[]', '"x"', '{"auths": []}', '{"auths":{"a":{"auth":"c2VjcmV0OnB3"}'])(
  '%s is no config',
  (text) => {
    expect(() => parseDockerConfig(text)).toThrow(CredentialsError);
    expect(() => parseDockerConfig(text)).not.toThrow(/c2VjcmV0/);
  },
);

test('a config without auths finds nothing', () => {
  expect(parseDockerConfig('{}').find({ registry: 'ghcr.io', path: 'x' })).toBeUndefined();
});
