import fc from 'fast-check';
import {
  compilePattern,
  compilePatterns,
  covers,
  literalHost,
  namesSomeTags,
  skips,
  withoutRegistry,
} from './pattern.ts';
import { type ImageReference, parseReference } from './reference.ts';
import { Spellings } from './spellings.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

function image(text: string): ImageReference {
  const parsed = parseReference(text);
  if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem}`);
  return parsed.reference;
}

describe('imageReferences covers an image under any of its spellings', () => {
  test.each([
    ['*', 'nginx'],
    ['ghcr.io/*', 'ghcr.io/org/app:v1'],
    ['ghcr.io/org/app*', `ghcr.io/org/app:v1@${digest}`],
    ['ghcr.io/org/app:*', 'ghcr.io/org/app:v1'],
    ['ghcr.io/org/app:*', `ghcr.io/org/app:v1@${digest}`],
    ['ghcr.io/org/app:*', `ghcr.io/org/app@${digest}`],
    ['ghcr.io/org/app:?*', `ghcr.io/org/app@${digest}`],
    ['ghcr.io/org/app', 'ghcr.io/org/app:v1'],
    ['ghcr.io/org/app', `ghcr.io/org/app@${digest}`],
    ['ghcr.io/org/app', 'GHCR.io:443/org/app'],
    ['GHCR.io/org/app:*', 'ghcr.io/org/app'],
    ['ghcr.io:443/org/app:*', 'ghcr.io/org/app'],
    ['ghcr.io/org/app:v1', 'ghcr.io/org/app:v1'],
    ['ghcr.io/org/app:v1', `ghcr.io/org/app:v1@${digest}`],
    [`ghcr.io/org/app@${digest}`, `ghcr.io/org/app:v1@${digest}`],
    [`ghcr.io/org/app:v1@${digest}`, `ghcr.io/org/app:v1@${digest}`],
    ['ghcr.io/org/app@sha256:*', `ghcr.io/org/app@${digest}`],
    ['docker.io/nginx*', 'nginx:1'],
    ['docker.io/library/nginx*', 'nginx:1'],
    ['docker.io/nginx:*', `library/nginx@${digest}`],
    ['docker.io/*', 'index.docker.io/nginx'],
    ['index.docker.io/*', 'nginx'],
    ['index.docker.io/nginx:1', 'registry-1.docker.io/nginx:1'],
    ['*.docker.io/*', 'index.docker.io/nginx'],
    ['*/nginx:*', 'nginx'],
    ['*/library/nginx:*', 'nginx'],
    ['localhost:5000*', 'localhost:5000/demo/app:1'],
    ['*:5000/*', 'localhost:5000/demo/app:1'],
    ['*.io:443/org/*', 'ghcr.io/org/app'],
    ['docker.io/acme/*', 'registry.hub.docker.com/acme/app:1'],
    ['docker.io/nginx', 'registry.hub.docker.com/library/nginx'],
    ['docker.io/library/nginx', 'registry.hub.docker.com/nginx'],
    ['registry.hub.docker.com/library/*', 'nginx'],
    ['*.docker.com/acme/*', 'acme/app'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '123456789012.dkr-ecr.us-east-1.on.aws/app:1'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app:1'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '123456789012.dkr-ecr-fips.us-east-1.on.aws:443/app:1'],
    ['123456789012.dkr-ecr.us-east-1.on.aws/*', '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1'],
    ['*.dkr.ecr.*.amazonaws.com/*', '123456789012.dkr-ecr.us-east-1.on.aws/app:1'],
    ['123456789012.*.on.aws/app', '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1'],
    [
      '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/*',
      '123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app',
    ],
    ['public.ecr.aws/acme/*', 'ecr-public.aws.com/acme/app'],
    ['ghcr.io/org/*-prod', 'ghcr.io/org/app-prod:v1'],
    ['ghcr.io/org/*-prod', 'ghcr.io/org/app:v1-prod'],
  ])('%s covers %s', (pattern, text) => {
    expect(covers(pattern, image(text))).toBe(true);
  });

  test.each([
    ['ghcr.io/org/app', 'ghcr.io/org/app2:v1'],
    ['ghcr.io/org/app', 'ghcr.io/org/app/sub:v1'],
    ['ghcr.io/org/app:*', 'ghcr.io/org/app2:v1'],
    ['ghcr.io/*', 'evil.io/ghcr.io/org/app:v1'],
    ['ghcr.io/org/app:v1', 'ghcr.io/org/app:v2'],
    ['ghcr.io/org/app:v1', `ghcr.io/org/app@${digest}`],
    ['ghcr.io/Org/app*', 'ghcr.io/org/app:v1'],
    ['docker.io/a/b:*', 'docker.io/library/a/b:1'],
    ['docker.io/library/a/b:*', 'docker.io/a/b:1'],
    ['docker.io:80/*', 'nginx'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '123456789012.dkr-ecr.us-east-2.on.aws/app:1'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '223456789012.dkr-ecr.us-east-1.on.aws/app:1'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '123456789012.dkr-ecr.us-east-1.on.aws.evil.example/app:1'],
    ['docker.io/acme/*', 'registry.hub.docker.com.evil.example/acme/app:1'],
    ['docker.io/acme/*', 'registry.hub.docker.com:5000/acme/app:1'],
    ['nginx*', 'nginx'],
    ['', 'nginx'],
  ])('%s does not cover %s', (pattern, text) => {
    expect(covers(pattern, image(text))).toBe(false);
  });

  test('no spelling of an image escapes a pattern that names no tag, or every tag', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    const cases = fc.record({
      host: fc.constantFrom(
        'docker.io',
        'index.docker.io',
        'ghcr.io',
        'GHCR.io',
        'ghcr.io:443',
        'localhost:5000',
        '[::1]:5000',
      ),
      path: fc.tuple(component, component).map((components) => components.join('/')),
      official: fc.boolean(),
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}$/),
      cut: fc.nat(20),
      end: fc.constantFrom('', ':*', '*', ':**', ':?*'),
    });
    fc.assert(
      fc.property(cases, ({ host, path, official, tag, cut, end }) => {
        const name = official && host.includes('docker') ? `${host}/library/${path.split('/')[0]}` : `${host}/${path}`;
        const written = [name, `${name}:${tag}`, `${name}@${digest}`, `${name}:${tag}@${digest}`].map(image);
        const { registry, path: canonicalPath } = image(name).repository;
        const canonicalName = `${registry}/${canonicalPath}`;
        const stem = `${canonicalName.slice(0, Math.min(cut, canonicalName.length))}*`;
        for (const pattern of [`${name}${end}`, `${canonicalName}${end}`, stem]) {
          for (const reference of written) {
            if (!covers(pattern, reference)) throw new Error(`${pattern} lets ${JSON.stringify(reference)} escape`);
          }
          expect(namesSomeTags(pattern)).toBe(undefined);
        }
      }),
    );
  });

  test('a skip is never wider than a cover', () => {
    const unit = fc.constantFrom('*', '?', 'a', 'b', '/', ':', '@', '.', 'ghcr.io/', 'docker.io/', 'v1');
    const references = ['ghcr.io/a/b:v1', 'docker.io/a/b:b', `ghcr.io/a@${digest}`].map(image);
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 7 }), fc.constantFrom(...references), (pattern, reference) => {
        if (skips(pattern, reference)) expect(covers(pattern, reference)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('skipImageReferences is literal, and of the digest alone where there is one', () => {
  test.each([
    ['ghcr.io/org/*', 'ghcr.io/org/app:v1', true],
    ['ghcr.io/org/*', `ghcr.io/org/app@${digest}`, true],
    ['ghcr.io/org/app:v1', 'ghcr.io/org/app:v1', true],
    ['ghcr.io/org/app:v1', `ghcr.io/org/app:v1@${digest}`, false],
    ['ghcr.io/org/app:*', 'ghcr.io/org/app:v1', true],
    ['ghcr.io/org/app:*', `ghcr.io/org/app:v1@${digest}`, false],
    ['ghcr.io/org/app*', `ghcr.io/org/app:v1@${digest}`, true],
    [`ghcr.io/org/app@${digest}`, `ghcr.io/org/app:v1@${digest}`, true],
    [`ghcr.io/org/app:v1@${digest}`, `ghcr.io/org/app:v1@${digest}`, false],
    ['ghcr.io/org/app', 'ghcr.io/org/app:v1', false],
    ['ghcr.io/org/app', `ghcr.io/org/app@${digest}`, false],
    ['docker.io/nginx:*', 'library/nginx:1', true],
    ['docker.io/library/nginx:*', 'nginx:1', true],
    ['nginx:*', 'nginx:1', false],
    ['index.docker.io/*', 'index.docker.io/nginx:1', false],
    ['*.docker.io/*', 'index.docker.io/nginx:1', false],
    ['GHCR.io/*', 'ghcr.io/org/app:1', false],
    ['docker.io/a/*', 'docker.io/library/a/b:1', false],
    // An author writes the path, and the host of a registry of their own.
    ['*.dkr.ecr.*.amazonaws.com/eks/*', '602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/pause:1', true],
    ['*.dkr.ecr.*.amazonaws.com/eks/*', 'ghcr.io/mallory/1.dkr.ecr.x.amazonaws.com/eks/evil:1', false],
    ['ghcr.io*/x:1', 'ghcr.io:5000/x:1', true],
    ['ghcr.io*/x:1', 'ghcr.io/mallory/x:1', false],
    ['*:5000/x:1', 'localhost:5000/x:1', true],
    ['*:5000/x:1', 'localhost:5001/x:1', false],
    ['*/acme/*', 'ghcr.io/acme/app:1', true],
    ['*/acme/*', 'ghcr.io/mallory/acme/app:1', false],
    ['*/acme/*', 'acme/app:1', true],
    ['*/nginx:1', 'nginx:1', true],
    ['*/*', 'ghcr.io/a/b/c:1', true],
    ['ghcr.io/*/app:1', 'ghcr.io/a/b/app:1', true],
    ['library/nginx*', 'nginx:1', false],
    ['acme/*', 'acme/app:1', false],
    ['ghcr.io?acme/app:1', 'ghcr.io/acme/app:1', false],
    ['*eks/*', 'ghcr.io/mallory/eks/evil:1', false],
    // Without a `/` the whole name is compared.
    ['*acme?app:1', 'ghcr.io/acme/app:1', true],
    ['*', 'ghcr.io/acme/app:1', true],
    // The name that is written counts.
    ['docker.io/acme/*', 'registry.hub.docker.com/acme/app:1', false],
    ['registry.hub.docker.com/acme/*', 'registry.hub.docker.com/acme/app:1', true],
    ['registry.hub.docker.com/library/*', 'registry.hub.docker.com/nginx:1', false],
    ['registry.hub.docker.com/acme/*', 'docker.io/acme/app:1', false],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', '123456789012.dkr-ecr.us-east-1.on.aws/app:1', false],
    ['public.ecr.aws/*', 'ecr-public.aws.com/app:1', false],
    ['*:443/*', 'ghcr.io/acme/app:1', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(skips(pattern, image(text))).toBe(expected);
  });
});

test.each([
  ['ghcr.io/org/app:v1', 'ghcr.io/org/app'],
  ['ghcr.io/org/*:v?', 'ghcr.io/org/*'],
  ['ghcr.io/org/app:v*', 'ghcr.io/org/app'],
  ['ghcr.io/org/app:??*', 'ghcr.io/org/app'],
  ['*:latest', '*'],
  ['localhost:5000/app:1*', 'localhost:5000/app'],
  [`ghcr.io/org/app@${digest}`, 'ghcr.io/org/app'],
  ['ghcr.io/org/app:*@sha256:*', 'ghcr.io/org/app'],
  ['ghcr.io/org/app:*', undefined],
  ['ghcr.io/org/app*', undefined],
  ['ghcr.io/org/app', undefined],
  ['localhost:5000*', undefined],
  ['localhost:5000/*', undefined],
  ['*', undefined],
  ['', undefined],
])('a pattern that names some tags is proposed without them: %s → %s', (pattern, proposed) => {
  expect(namesSomeTags(pattern)).toBe(proposed);
});

test.each([
  ['ghcr.io/org/*', 'ghcr.io'],
  ['GHCR.io:443/*', 'ghcr.io'],
  ['index.docker.io/*', 'docker.io'],
  ['localhost:5000/demo/*', 'localhost:5000'],
  ['[0::1]:5000/*', '[::1]:5000'],
  ['localhost/*', 'localhost'],
  ['nginx*', undefined],
  ['library/nginx', undefined],
  ['*.io/app', undefined],
  ['ghcr.i?/app', undefined],
  ['*', undefined],
  ['ghcr.io', undefined],
  ['ghcr.io:port/app', undefined],
])('the host that a pattern spells out: %s → %s', (pattern, host) => {
  expect(literalHost(pattern)).toBe(host);
});

test('a list of patterns is compiled once', () => {
  const list = ['ghcr.io/*', 'docker.io/*'];
  expect(compilePatterns(list)).toBe(compilePatterns(list));
  expect(compilePatterns(list).map((pattern) => pattern.text)).toEqual(list);
  expect(compilePattern('ghcr.io/*').covers(new Spellings(image('ghcr.io/a')))).toBe(true);
});

test.each([
  ['nginx*', 'docker.io/library/nginx*'],
  ['acme/app*', 'docker.io/acme/app*'],
])('%s names no registry: for Docker Hub it is %s', (pattern, proposed) => {
  expect(withoutRegistry(pattern)).toBe(proposed);
});

test.each([
  '*',
  '*/app',
  '?ginx',
  'docker.io/nginx*',
  'localhost:5000*',
  'localhost/app',
  'ghcr.io*',
  'ghcr*/acme/app',
  '',
])('%s names a registry, or any', (pattern) => {
  expect(withoutRegistry(pattern)).toBeUndefined();
});
