import fc from 'fast-check';
import { covers, literalHost, splitPattern } from './pattern.ts';
import { type ImageReference, parseReference } from './reference.ts';
import { Spellings } from './spellings.ts';
import { compileWildcard } from './wildcard.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function spellingsOf(text: string): Spellings {
  const parsed = parseReference(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return new Spellings(parsed.reference);
}

test('an image is spelled under each name of its registry, with port 443 and without, by tag, digest and both', () => {
  const hub = spellingsOf('nginx:1');
  expect(hub.written).toEqual({
    names: ['docker.io/library/nginx'],
    identified: ['docker.io/library/nginx:1'],
    longest: ['docker.io/library/nginx:1'],
  });
  expect(hub.all.names).toHaveLength(8);
  expect(hub.all.names).toContain('registry-1.docker.io/nginx');
  expect(hub.allWithPorts.names).toHaveLength(16);
  expect(hub.allWithPorts.identified).toContain('docker.io:443/nginx:1');

  const both = spellingsOf(`ghcr.io/a:1@${digest}`);
  expect(both.all.identified).toEqual([`ghcr.io/a:1`, `ghcr.io/a@${digest}`, `ghcr.io/a:1@${digest}`]);
  expect(both.all.longest).toEqual([`ghcr.io/a@${digest}`, `ghcr.io/a:1@${digest}`]);
  expect(spellingsOf(`localhost:5000/a@${digest}`).allWithPorts.longest).toEqual([`localhost:5000/a@${digest}`]);
});

/** As docs/write-a-policy.md has it, without regard to cost: any spelling, and the bare name where the pattern names no tag or all. */
function model(pattern: string, reference: ImageReference): boolean {
  const { names, identified } = new Spellings(reference).allWithPorts;
  const parts = splitPattern(pattern);
  const bare = parts.names === 'some-tags' ? [] : names.filter((name) => compileWildcard(parts.name)(name));
  return bare.length > 0 || identified.some((text) => compileWildcard(pattern)(text));
}

test('a pattern covers what any spelling fits, although not all are tried', () => {
  const hosts = ['ghcr.io', 'docker.io', '123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'localhost:5000'];
  const paths = ['nginx', 'library/nginx', 'team-3/app', 'a/b/c'];
  const ends = ['', ':v1', ':latest', `@${digest}`, `:v1@${digest}`];
  const image = fc
    .tuple(fc.constantFrom(...hosts), fc.constantFrom(...paths), fc.constantFrom(...ends))
    .map(([host, path, end]) => spellingsOf(`${host}/${path}${end}`).reference);
  const part = [
    '*',
    '*',
    '?',
    '/',
    ':',
    '@',
    '4',
    '3',
    ':443',
    'v1',
    'a',
    'nginx',
    'team-3',
    'ghcr.io',
    'dkr-ecr',
    digest,
  ];
  const pattern = fc.array(fc.constantFrom(...part), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(pattern, image, (written, reference) => {
      fc.pre(literalHost(written) === undefined);
      expect([written, covers(written, reference)]).toEqual([written, model(written, reference)]);
    }),
    { numRuns: 3000 },
  );
});
