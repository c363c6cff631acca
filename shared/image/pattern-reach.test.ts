import fc from 'fast-check';
import { covers, skips } from './pattern.ts';
import { canCover, canSkip, skipsAll } from './pattern-reach.ts';
import { type ImageReference, parseReference } from './reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

function image(text: string): ImageReference {
  const parsed = parseReference(text);
  if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem}`);
  return parsed.reference;
}

test.each([
  'https://ghcr.io/acme/*',
  'ghcr.io/Acme/*',
  '*/Acme/*',
  ' ghcr.io/acme/*',
  'ghcr.io/acme/* ',
  'ghcr.io/acme/',
  'ghcr.io/acme/*:',
  'ghcr.io//app',
  'ghcr.io/acme/../*',
  '[ab]*',
  '{a,b}',
  '^ghcr.io/.*$',
  '!ghcr.io/acme/*',
  'ghcr.io/a/*, ghcr.io/b/*',
  'ghcr.io',
  'nginx',
  'acme/app',
  'library/nginx*',
  'ghcr.io./acme/*',
  'ghcr.io:port/acme/*',
  'ghcr.io:0/acme/*',
  '127.1/acme/*',
  'GHCR*/acme/*',
  'ghcr.io/acme/app@sha256:abcd',
  'ghcr.io/*@sha256:abcd',
  `ghcr.io/acme/app@${digest}:v1`,
  'ghcr.io/acmé/*',
  '?',
  '',
])('no image is covered by %j', (pattern) => {
  expect(canCover(pattern)).toBe(false);
});

test.each([
  '*',
  '*/*',
  'ghcr.io/acme/*',
  'ghcr.io/acme/app',
  'ghcr.io/acme/app:*',
  'ghcr.io/acme/app:V1',
  `ghcr.io/acme/app@${digest}`,
  `ghcr.io/acme/app:v1@${digest}`,
  'ghcr.io/acme/app@sha256:*',
  'GHCR.io:443/acme/*',
  'registry:443/app',
  'index.docker.io/nginx*',
  'docker.io/nginx*',
  'localhost/*',
  'localhost:5000*',
  '[::1]:5000/*',
  '10.0.0.1:5000/*',
  '*:443/acme/*',
  '*.dkr.ecr.*.amazonaws.com/eks/*',
  'ghcr.io/acme/a__b--c.d',
  'gh??.io/?cme/*',
  '*--*',
])('some image is covered by %j', (pattern) => {
  expect(canCover(pattern)).toBe(true);
});

test.each([
  'ghcr.io/acme/app',
  `ghcr.io/acme/app:v1@${digest}`,
  'GHCR.io/acme/*',
  'ghcr.io:443/acme/*',
  'index.docker.io/*',
  '[0::1]/app*',
  'library/nginx*',
  'ghcr.io/Acme/*',
  '*/acme/',
  '*io/*/',
])('no image is skipped by %j', (pattern) => {
  expect(canSkip(pattern)).toBe(false);
});

test.each([
  '*',
  '*/*',
  'ghcr.io/acme/*',
  'ghcr.io/acme/app:*',
  'ghcr.io/acme/app:v1',
  `ghcr.io/acme/app@${digest}`,
  '*nginx*',
])('some image is skipped by %j', (pattern) => {
  expect(canSkip(pattern)).toBe(true);
});

test('what covers or skips an image can do so, whatever the pattern', () => {
  const references = [
    'ghcr.io/acme/app:v1',
    `ghcr.io/acme/app:v1@${digest}`,
    'nginx',
    'localhost:5000/a',
    '[::1]:5000/a/b',
    '123456789012.dkr-ecr.us-east-1.on.aws/a',
  ];
  const cuts = fc.array(fc.record({ at: fc.nat(60), length: fc.nat(9), by: fc.constantFrom('*', '?', '', 'A', '/') }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.constantFrom(...references), cuts, (text, changes) => {
      const reference = image(text);
      const { registry, path } = reference.repository;
      let pattern = `${registry}/${path}${reference.digest === undefined ? `:${reference.tag}` : `@${reference.digest}`}`;
      for (const { at, length, by } of changes) {
        pattern = pattern.slice(0, at) + by + pattern.slice(at + (by === '?' ? 1 : length));
      }
      if (covers(pattern, reference)) expect([pattern, canCover(pattern)]).toEqual([pattern, true]);
      if (skips(pattern, reference)) expect([pattern, canSkip(pattern)]).toEqual([pattern, true]);
    }),
    { numRuns: 3000 },
  );
});

test.each<[readonly string[], readonly string[], boolean]>([
  [['ghcr.io/acme/*'], ['ghcr.io/acme/*'], true],
  [['ghcr.io/acme/*'], ['ghcr.io/*'], true],
  [['ghcr.io/acme/*'], ['*'], true],
  [['*'], ['*/*'], true],
  [['ghcr.io/acme/*', 'quay.io/acme/*'], ['*/acme/*'], true],
  [['ghcr.io/acme/app'], ['ghcr.io/acme/app:*', 'ghcr.io/acme/app@*'], true],
  [['docker.io/nginx:*'], ['docker.io/library/nginx*'], true],
  [['ghcr.io/acme/app:v1'], ['ghcr.io/acme/app*'], true],
  [['ghcr.io/acme/*'], [], false],
  [['ghcr.io/acme/*'], ['ghcr.io/acme/a*'], false],
  [['ghcr.io/acme/*'], ['ghcr.io/acme/*:v1'], false],
  [['ghcr.io/acme/*'], ['ghcr.io/acme/?*/*'], false],
  [['ghcr.io/acme/app'], ['ghcr.io/acme/app:*'], false],
  [['ghcr.io/acme/app:v1'], ['ghcr.io/acme/app:v1'], false],
  [['ghcr.io/acme/*', 'quay.io/acme/*'], ['ghcr.io/*'], false],
  [['*'], ['ghcr.io/*'], false],
  [['no image'], ['*'], false],
])('of %j, skipping %j skips all: %s', (covering, skipping, expected) => {
  expect(skipsAll(covering, skipping)).toBe(expected);
});
