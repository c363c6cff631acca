import { clusterPolicy, entry, pods, problemsOf, rule, warningsOf } from '../testing/policies.ts';

type Json = Record<string, unknown>;
const withEntry = (changes: Json) => clusterPolicy({ rules: [rule({ verifyImages: [entry(changes)] })] });
const references = (...imageReferences: string[]) => withEntry({ imageReferences });
const skipping = (skipped: string | string[], covered = '*') =>
  withEntry({ imageReferences: [covered], skipImageReferences: [skipped].flat() });
const digest = `sha256:${'ab'.repeat(32)}`;

describe('a pattern that no image can match: an error where there is no other, a warning beside one', () => {
  test.each([
    ['https://ghcr.io/acme/*', 'leave https:// out', 'ghcr.io/acme/*'],
    ['docker://ghcr.io/acme/*', 'leave docker:// out', 'ghcr.io/acme/*'],
    ['ghcr.io/Acme/*', 'names are in lower case: write "ghcr.io/acme/*"', 'ghcr.io/acme/*'],
    ['Ghcr.io/Acme/app:V1', 'names are in lower case: write "ghcr.io/acme/app:V1"', 'Ghcr.io/acme/app'],
    [' ghcr.io/acme/*', 'leave the white space out', 'ghcr.io/acme/*'],
    ['ghcr.io/acme/* ', 'leave the white space out', 'ghcr.io/acme/*'],
    ['ghcr.io/acme/', 'write "ghcr.io/acme/*"', 'ghcr.io/acme/*'],
    ['[ab]*', "'*' and '?' are the only wildcards", '[::1]*'],
    ['ghcr.io/{a}', "'*' and '?' are the only wildcards", 'ghcr.io/a'],
    ['{a,b}', 'write each pattern as an element of its own', 'ghcr.io/a'],
    ['ghcr.io/a/*, ghcr.io/b/*', 'write each pattern as an element of its own', 'ghcr.io/a/*'],
    ['^ghcr.io/.*$', 'regular expressions are not read', 'ghcr.io/*'],
    ['!ghcr.io/acme/*', 'no pattern says "not": write in skipImageReferences what is left out', 'ghcr.io/acme/*'],
    ['ghcr.io', 'write "ghcr.io/*"', 'ghcr.io/*'],
    ['nginx', 'for Docker Hub, write "docker.io/library/nginx"', 'docker.io/library/nginx'],
    ['acme/*', 'for Docker Hub, write "docker.io/acme/*"', 'docker.io/acme/*'],
    ['ghcr.io./acme/*', 'leave the dot at the end of the host out: write "ghcr.io/acme/*"', 'ghcr.io/acme/*'],
    ['ghcr.io/acme@sha256:ab', 'a digest is sha256: and 64', 'ghcr.io/acme@sha256:*'],
    ['ghcr.io//acme', 'matches no image that there can be', 'ghcr.io/acme'],
  ])('%j: %s', (wrong, meaning, right) => {
    const at = 'spec.rules[0].verifyImages[0].imageReferences';
    expect(problemsOf(references(wrong))).toEqual([expect.stringContaining(meaning)]);
    expect(problemsOf(references(wrong))[0]).toContain(`${at}[0]: ${JSON.stringify(wrong)} matches no image`);
    expect(problemsOf(withEntry({ imageReferences: [], image: wrong }))).toEqual([expect.stringContaining(meaning)]);

    expect(problemsOf(references('ghcr.io/other/*', wrong))).toEqual([]);
    expect(warningsOf(references('ghcr.io/other/*', wrong))).toEqual([expect.stringContaining(meaning)]);
    expect(warningsOf(references('ghcr.io/other/*', wrong))[0]).toContain(`${at}[1]: `);

    expect(problemsOf(references(right))).toEqual([]);
  });

  test('each of several is an error, and an empty one is told as such', () => {
    expect(problemsOf(references('nginx', 'ghcr.io/Acme/*'))).toHaveLength(2);
    expect(problemsOf(references(''))).toEqual([expect.stringContaining('is empty, and so matches no image')]);
  });
});

describe('skipImageReferences', () => {
  test.each([
    [
      'ghcr.io/acme/app',
      'write "ghcr.io/acme/app:*" and "ghcr.io/acme/app@*"',
      ['ghcr.io/acme/app:*', 'ghcr.io/acme/app@*'],
    ],
    [`ghcr.io/acme/app:v1@${digest}`, `write "ghcr.io/acme/app@${digest}"`, `ghcr.io/acme/app@${digest}`],
    ['GHCR.io/acme/*', 'names are in lower case: write "ghcr.io/acme/*"', 'ghcr.io/acme/*'],
    ['ghcr.io:443/acme/*', 'write "ghcr.io/acme/*"', 'ghcr.io/acme/*'],
    ['index.docker.io/acme/*', 'write "docker.io/acme/*"', 'docker.io/acme/*'],
    ['library/nginx*', 'for Docker Hub, write "docker.io/library/nginx*"', 'docker.io/library/nginx*'],
    ['https://ghcr.io/acme/*', 'leave https:// out', 'ghcr.io/acme/*'],
    ['ghcr.io/acme/', 'write "ghcr.io/acme/*"', 'ghcr.io/acme/*'],
  ])('%j skips nothing, a warning: %s', (wrong, meaning, right) => {
    const [warning, ...more] = warningsOf(skipping(wrong));
    expect(more).toEqual([]);
    expect(warning).toContain(`skipImageReferences[0]: ${JSON.stringify(wrong)} skips no image that there can be: `);
    expect(warning).toContain(meaning);
    expect(warningsOf(skipping(right))).toEqual([]);
  });

  test.each([
    ['*nginx*', 'docker.io/library/nginx*'],
    ['*:latest', 'ghcr.io/*:latest'],
    ['*/acme/*', 'ghcr.io/acme/*'],
    ['ghcr.io*', 'ghcr.io/*'],
    ['*example.com/*', '*.example.com/*'],
  ])('%j skips images of any registry, a warning', (open, closed) => {
    expect(warningsOf(skipping(open))).toEqual([
      expect.stringContaining(
        `skipImageReferences[0]: ${JSON.stringify(open)} skips images of whatever registry their author sets up`,
      ),
    ]);
    expect(warningsOf(skipping(closed))).toEqual([]);
  });

  test.each([
    [
      '*.dkr.ecr.*.amazonaws.com/eks/*',
      '602401143452.dkr.ecr.*.amazonaws.com/eks/*',
      'the owner or account in it written out',
    ],
    ['*.azurecr.io/acme/*', 'acme.azurecr.io/acme/*', 'the owner or account in it written out'],
    ['ghcr.io/acme*/*', 'ghcr.io/acme/*', 'of whoever takes a name there that fits'],
  ])('%j skips images of any owner, a warning', (open, closed, words) => {
    expect(warningsOf(skipping(open))).toEqual([expect.stringContaining(words)]);
    expect(warningsOf(skipping(closed))).toEqual([]);
  });

  test('nginx* is told as imageReferences tell it', () => {
    expect(warningsOf(skipping('nginx*'))).toEqual([expect.stringContaining('for Docker Hub, write')]);
  });

  test.each<[string, string[], string[]]>([
    ['ghcr.io/acme/*', ['ghcr.io/acme/*'], ['ghcr.io/acme/mirror/*']],
    ['ghcr.io/acme/*', ['ghcr.io/*'], ['quay.io/*']],
    ['ghcr.io/acme/app', ['ghcr.io/acme/app:*', 'ghcr.io/acme/app@*'], ['ghcr.io/acme/app:*']],
    ['*', ['*'], ['ghcr.io/*']],
  ])('of %s everything is skipped, a warning: %j', (covered, all, some) => {
    const warning = 'skipImageReferences: skip every image that the entry covers, so that it asks nothing';
    expect(warningsOf(skipping(all, covered))).toEqual([expect.stringContaining(warning)]);
    expect(warningsOf(skipping(some, covered))).toEqual([]);
  });
});

describe('names that nothing in a cluster can have', () => {
  const excluding = (resources: Json) => clusterPolicy({ rules: [rule({ exclude: pods(resources) })] });
  const matching = (resources: Json) => clusterPolicy({ rules: [rule({ match: pods(resources) })] });

  test.each<[Json, string, Json]>([
    [{ namespaces: ['Shop'] }, 'names are in lower case: write "shop"', { namespaces: ['shop'] }],
    [{ namespaces: ['shop '] }, 'leave the white space out', { namespaces: ['shop'] }],
    [{ namespaces: ['a,b'] }, 'write each pattern as an element of its own', { namespaces: ['a', 'b'] }],
    [{ namespaces: ['!kube-system'] }, 'no pattern says "not": write in exclude', { namespaces: ['kube-system'] }],
    [{ namespaces: ['kube_system'] }, 'is no name that a namespace can have', { namespaces: ['kube-system'] }],
    [{ namespaces: ['team-[ab]'] }, 'the only wildcards', { namespaces: ['team-?'] }],
    [{ namespaces: ['team.*'] }, 'is no name that a namespace can have', { namespaces: ['team*'] }],
    [{ namespaces: ['n'.repeat(64)] }, 'is no name that a namespace can have', { namespaces: ['n'.repeat(63)] }],
    [{ names: ['Web'] }, 'names are in lower case: write "web"', { names: ['web'] }],
    [{ names: ['Web-*'] }, 'names are in lower case: write "web-*"', { names: ['web-*', 'web.1-*'] }],
    [{ names: ['web-'] }, `a generated one neither: write "web-*"`, { names: ['web-?????'] }],
    [{ name: 'a b' }, 'leave the white space out', { name: 'a.b' }],
  ])('%j: %s', (wrong, meaning, right) => {
    expect(problemsOf(matching(wrong))).toEqual([expect.stringContaining(meaning)]);
    expect(warningsOf(excluding(wrong))).toEqual([expect.stringContaining(meaning)]);
    expect(warningsOf(excluding(wrong))[0]).toContain('so it excludes nothing');
    expect(warningsOf(matching(right))).toEqual([]);
    expect(warningsOf(excluding(right))).toEqual([]);
  });

  test('a match beside others is a warning: what they let in is asked about', () => {
    const [warning, ...more] = warningsOf(matching({ namespaces: ['shop', 'Shop'] }));
    expect(more).toEqual([]);
    expect(warning).toContain('match.any[0].resources.namespaces[1]: "Shop" is no name that a namespace can have');
  });

  test('an override is a warning', () => {
    const overriding = (namespace: string) =>
      clusterPolicy({ validationFailureActionOverrides: [{ action: 'Audit', namespaces: [namespace] }] });
    expect(warningsOf(overriding('Shop'))).toEqual([expect.stringContaining('so it overrides nothing')]);
    expect(warningsOf(overriding('shop-*'))).toEqual([]);
  });
});
