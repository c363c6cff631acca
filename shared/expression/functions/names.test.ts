import type { Json } from '../value.ts';
import { ask, refusal } from './testing/ask.ts';

const digest = `sha256:${'a'.repeat(64)}`;

// What Kyverno 1.19.1 answers.
test.each<[string, readonly Json[], Json]>([
  ['path_canonicalize', ['///var/run/containerd.sock'], '/var/run/containerd.sock'],
  ['path_canonicalize', ['/var/run/../run/./x/'], '/var/run/x'],
  ['path_canonicalize', ['/../..'], '/'],
  ['path_canonicalize', ['../a/../..'], '../..'],
  ['path_canonicalize', ['a/..'], '.'],
  ['path_canonicalize', ['./'], '.'],
  ['path_canonicalize', ['//'], '/'],
  ['path_canonicalize', [''], ''],
  ['path_canonicalize', ['a\\..\\b'], 'a\\..\\b'],
  ['image_normalize', ['nginx'], 'docker.io/nginx:latest'],
  ['image_normalize', ['org/app:v1'], 'docker.io/org/app:v1'],
  ['image_normalize', ['docker.io/nginx'], 'docker.io/nginx:latest'],
  ['image_normalize', ['docker.io/library/nginx'], 'docker.io/library/nginx:latest'],
  ['image_normalize', ['index.docker.io/nginx'], 'index.docker.io/nginx:latest'],
  ['image_normalize', ['ghcr.io/org/app'], 'ghcr.io/org/app:latest'],
  ['image_normalize', ['localhost/app:v1'], 'localhost/app:v1'],
  ['image_normalize', ['localhost:5000/app'], 'localhost:5000/app:latest'],
  ['image_normalize', ['GHCR.io/app'], 'GHCR.io/app:latest'],
  ['image_normalize', [`nginx@${digest}`], `docker.io/nginx@${digest}`],
  ['image_normalize', [`ghcr.io/app:v1@${digest}`], `ghcr.io/app@${digest}`],
  ['is_external_url', ['http://127.0.0.1/x'], false],
  ['is_external_url', ['https://10.1.2.3:8443'], false],
  ['is_external_url', ['https://user:p@192.168.0.1/'], false],
  ['is_external_url', ['//172.31.0.1'], false],
  ['is_external_url', ['https://172.32.0.1'], true],
  ['is_external_url', ['https://8.8.8.8/?q=%zz'], true],
  ['is_external_url', ['http://169.254.169.254/latest'], true],
  ['is_external_url', ['http://[::1]:80/'], false],
  ['is_external_url', ['http://[fd12::1]'], false],
  ['is_external_url', ['http://[fe80::1]'], true],
  ['is_external_url', ['http://[2001:db8::1]'], true],
  ['is_external_url', ['http://[::ffff:10.0.0.1]'], false],
  ['is_external_url', ['http://[::10.0.0.1]'], true],
  ['semver_compare', ['4.1.3', '>=4.1.x'], true],
  ['semver_compare', ['4.1.3', '!4.x.x'], false],
  ['semver_compare', ['1.8.6', '>1.0.0 <2.0.0'], true],
  ['semver_compare', ['2.1.5', '<2.0.0 || >=3.0.0'], false],
  ['semver_compare', ['1.0.0-rc.1', '>=1.0.0'], false],
])('%s%j is %j', (name, given, expected) => {
  expect(ask(name, given)).toEqual(expected);
});

test.each([
  ['path_canonicalize', ['a'.repeat(65_537)], '65536 characters at most'],
  ['image_normalize', ['NGINX'], 'a repository is written in lower case'],
  ['image_normalize', [''], 'takes an image reference'],
  ['image_normalize', ['nginx@sha256:abc'], 'takes an image reference'],
  ['semver_compare', ['1.0.0', '^1.0.0'], 'is no range of versions'],
  ['semver_compare', ['1.0.0', ''], 'is no range of versions'],
  ['semver_compare', ['1.0.0', '1.0.0 '.repeat(1000)], '4096 characters at most'],
])('%s%j is an error', (name, given, problem) => {
  expect(refusal(name, given)).toContain(problem);
});

test('a name is never resolved: whether it leads out is an error, and no answer', () => {
  for (const url of [
    'https://example.com',
    'http://localhost',
    'http://127.1',
    'http://0x7f.0.0.1',
    'http://010.0.0.1',
    'http://2130706433',
    'http://[::1%25lo]/',
    'http://[1.2.3.4]/',
    'http://1.2.3.4.',
    'http://1.2.3.4\\@example.com',
    'http://example.com@1.2.3.4@x',
    'http://1.2.3.4:80x',
    'http://1.2.3.4/%zz',
    'http://1.2.3.4/\n',
    'mailto:a@1.2.3.4',
    '1.2.3.4',
    '/1.2.3.4',
    '',
  ]) {
    expect([url, refusal('is_external_url', [url])]).toEqual([
      url,
      expect.stringContaining('names are not resolved here'),
    ]);
  }
});

test('what is no version is an error: Kyverno takes it for 0.0.0', () => {
  for (const version of ['latest', '', 'v1.0.0', '1.0']) {
    expect(refusal('semver_compare', [version, '<1.0.0'])).toContain('takes a version of three numbers');
  }
});
