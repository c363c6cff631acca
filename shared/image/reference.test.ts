import fc from 'fast-check';
import { formatReference, type ImageReference, parseReference, parseRepository } from './reference.ts';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

function canonical(text: string): string {
  const parsed = parseReference(text);
  return 'problem' in parsed ? `refused: ${parsed.problem}` : formatReference(parsed.reference);
}

describe('every spelling of an image is one reference', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['library/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/library/nginx:latest', 'docker.io/library/nginx:latest'],
    ['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['registry-1.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    ['DOCKER.io:443/nginx', 'docker.io/library/nginx:latest'],
    ['Index.Docker.IO:0443/nginx', 'docker.io/library/nginx:latest'],
    ['bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['docker.io:80/nginx', 'docker.io:80/nginx:latest'],
    ['GHCR.io/org/app:V1', 'ghcr.io/org/app:V1'],
    ['ghcr.io:443/org/app:1', 'ghcr.io/org/app:1'],
    ['ghcr.io/org/sub/app', 'ghcr.io/org/sub/app:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['LocalHost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['localhost:05000/app', 'localhost:5000/app:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    ['registry:5000/app:1', 'registry:5000/app:1'],
    ['10.0.0.1/app', '10.0.0.1/app:latest'],
    ['[::1]:5000/app:1', '[::1]:5000/app:1'],
    ['[::1]/app', '[::1]/app:latest'],
    ['[0:0:0:0:0:0:0:1]:443/app', '[::1]/app:latest'],
    ['[2001:DB8:0::1]:5000/app', '[2001:db8::1]:5000/app:latest'],
    ['a/b.c/d', 'docker.io/a/b.c/d:latest'],
    ['a/b__c-d--e', 'docker.io/a/b__c-d--e:latest'],
    [`nginx@${sha256}`, `docker.io/library/nginx@${sha256}`],
    [`nginx:1.27@${sha256}`, `docker.io/library/nginx:1.27@${sha256}`],
    [`ghcr.io/org/app@${sha512}`, `ghcr.io/org/app@${sha512}`],
    [`ghcr.io/org/app:${'t'.repeat(128)}`, `ghcr.io/org/app:${'t'.repeat(128)}`],
    [`${'a'.repeat(63)}`, `docker.io/library/${'a'.repeat(63)}:latest`],
  ])('%s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test('a host that only its port tells from a path keeps port 443', () => {
    expect(canonical('registry:443/app')).toBe('registry:443/app:latest');
    expect(canonical('registry/app')).toBe('docker.io/registry/app:latest');
  });
});

describe('what is no reference is refused, with the reason', () => {
  test.each([
    ['', 'empty'],
    ['nginx:', 'tag'],
    ['nginx:-1', 'tag'],
    ['nginx:.1', 'tag'],
    [`nginx:${'t'.repeat(129)}`, 'tag'],
    ['nginx:1:2', 'components'],
    ['nginx@', 'digest'],
    ['nginx@sha256', 'digest'],
    ['nginx@sha256:', 'digest'],
    ['nginx@sha256:0123', 'digest'],
    [`nginx@${sha256.toUpperCase()}`, 'digest'],
    [`nginx@SHA256:${sha256.slice(7)}`, 'digest'],
    [`nginx@${sha256}0`, 'digest'],
    [`nginx@sha1:${'a'.repeat(40)}`, 'digest'],
    [`nginx@md5:${'a'.repeat(32)}`, 'digest'],
    [`nginx@sha512:${'a'.repeat(64)}`, 'digest'],
    [`nginx@${sha256}@${sha256}`, "more than one '@'"],
    [`nginx@@${sha256}`, "more than one '@'"],
    [`nginx:@${sha256}`, 'tag'],
    [`@${sha256}`, 'names no repository'],
    [':1', 'names no repository'],
    ['/nginx', 'components'],
    ['nginx/', 'components'],
    ['a//b', 'components'],
    ['ghcr.io/', 'names no repository'],
    ['ghcr.io/org/', 'components'],
    ['ghcr.io/../app', 'components'],
    ['ghcr.io/./app', 'components'],
    ['ghcr.io/org/a___b', 'components'],
    ['ghcr.io/org/a..b', 'components'],
    ['ghcr.io/org/-a', 'components'],
    ['ghcr.io/org/a_', 'components'],
    ['Nginx', 'lower case'],
    ['ghcr.io/Org/app', 'lower case'],
    ['Org/app', 'host'],
    ['ghcr.io:/app', 'host'],
    ['ghcr.io:http/app', 'host'],
    ['ghcr.io:0/app', 'host'],
    ['ghcr.io:65536/app', 'host'],
    ['ghcr.io:+443/app', 'host'],
    ['ghcr.io:1:2/app', 'host'],
    ['ghcr.io./app', 'host'],
    ['.ghcr.io/app', 'host'],
    ['ghcr..io/app', 'host'],
    ['-ghcr.io/app', 'host'],
    ['gh_cr.io/app', 'host'],
    ['user@ghcr.io/app', 'digest'],
    ['user:pw@ghcr.io/app', 'digest'],
    ['127.1/app', 'host'],
    ['0x7f.1/app', 'host'],
    ['0177.0.0.1/app', 'host'],
    ['2130706433:80/app', 'host'],
    ['[::1/app', 'host'],
    ['::1/app', 'host'],
    ['[::g]/app', 'host'],
    ['[fe80::1%25eth0]/app', 'host'],
    ['[1:2]/app', 'host'],
    ['[::1]', 'tag'],
    ['[::1]:5000', 'components'],
    ['https://ghcr.io/org/app', 'scheme'],
    ['docker://ghcr.io/org/app', 'scheme'],
    [' nginx', 'white space'],
    ['nginx ', 'white space'],
    ['nginx\n', 'white space'],
    ['nginx:1\n', 'white space'],
    [`nginx@${sha256}\n`, 'white space'],
    ['nginx\u0000', 'control'],
    ['ngіnx', 'outside ASCII'],
    ['ｎginx', 'outside ASCII'],
    ['ghcr。io/app', 'outside ASCII'],
    ['nginx\u200b', 'outside ASCII'],
    ['0123456789abcdef'.repeat(4), 'image ID'],
    [`sha256:${'0123456789abcdef'.repeat(4)}`, 'image ID'],
    [`sha512:${'0123456789abcdef'.repeat(8)}`, 'image ID'],
    ['sha384:0', 'image ID'],
    ['sha256:12345', 'image ID'],
    ['SHA256:ABC', 'image ID'],
    [`ghcr.io/${'a'.repeat(248)}`, '255'],
    ['a'.repeat(10_000), '640'],
  ])('%j', (text, reason) => {
    expect(canonical(text)).toMatch(/^refused: /);
    expect(canonical(text)).toContain(reason);
  });

  test.each([
    ['sha256', 'docker.io/library/sha256:latest'],
    ['sha256:v1', 'docker.io/library/sha256:v1'],
    ['sha1:abc', 'docker.io/library/sha1:abc'],
    ['acme/sha256:abc', 'docker.io/acme/sha256:abc'],
    [`sha256:abc@${sha256}`, `docker.io/library/sha256:abc@${sha256}`],
  ])('%s is a name, and no image ID', (text, reference) => {
    expect(canonical(text)).toBe(reference);
  });

  test('the longest name that is allowed still is', () => {
    expect(canonical(`ghcr.io/${'a'.repeat(247)}`)).toBe(`ghcr.io/${'a'.repeat(247)}:latest`);
  });
});

test('a repository is read as an image without tag and digest', () => {
  expect(parseRepository('Index.docker.io/alpine')).toEqual({ registry: 'docker.io', path: 'library/alpine' });
  expect(parseRepository('localhost:5000/org/signatures')).toEqual({
    registry: 'localhost:5000',
    path: 'org/signatures',
  });
  for (const text of [
    '',
    'alpine:3',
    `alpine@${sha256}`,
    'ghcr.io',
    'ghcr.io/A',
    'https://ghcr.io/a',
    'a'.repeat(641),
  ]) {
    const expected = text === 'ghcr.io' ? { registry: 'docker.io', path: 'library/ghcr.io' } : undefined;
    expect(parseRepository(text)).toEqual(expected);
  }
});

const lower = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('');
const word = fc.string({ unit: fc.constantFrom(...lower), minLength: 1, maxLength: 8 });
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), word), { maxLength: 2 }))
  .map(([head, tail]) => head + tail.map((pair) => pair.join('')).join(''));
const host = fc.oneof(
  fc.constantFrom('docker.io', 'localhost', 'localhost:5000', '[::1]:5000', '[2001:db8::1]', '10.1.2.3:8443'),
  fc.tuple(word, fc.constantFrom('com', 'io', 'internal')).map((labels) => labels.join('.')),
);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);
const parts = fc.record({
  host,
  path: fc.array(component, { minLength: 1, maxLength: 3 }).map((components) => components.join('/')),
  tag: fc.option(tag, { nil: undefined }),
  digest: fc.option(digest, { nil: undefined }),
});

/** Every way in which the parts can be written that means the same image to a container runtime. */
function spellingsOf({ host, path, tag, digest }: typeof parts extends fc.Arbitrary<infer T> ? T : never): string[] {
  const hosts = [host, host.toUpperCase()];
  if (!/:\d+$/.test(host)) hosts.push(`${host}:443`);
  if (host === 'docker.io') hosts.push('index.docker.io', 'registry-1.docker.io');
  const names = hosts.map((each) => `${each}/${path}`);
  if (host === 'docker.io') {
    const first = path.split('/')[0] ?? '';
    if (!path.includes('/')) names.push(`docker.io/library/${path}`, `library/${path}`);
    if (!path.includes('/') || !(first.includes('.') || first === 'localhost')) names.push(path);
  }
  const identifiers = tag === undefined && digest === undefined ? ['', ':latest'] : [''];
  const suffix = (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
  return names.flatMap((name) => identifiers.map((identifier) => name + identifier + suffix));
}

test('any reference: all spellings are one, and what is written of it parses back', () => {
  fc.assert(
    fc.property(parts, (generated) => {
      const [first, ...others] = spellingsOf(generated).map(canonical);
      expect(first).not.toContain('refused');
      for (const other of others) expect(other).toBe(first);
      const parsed = parseReference(first ?? '') as { reference: ImageReference };
      expect(formatReference(parsed.reference)).toBe(first);
      expect(parseReference(formatReference(parsed.reference))).toEqual(parsed);
    }),
  );
});

test('any text: it parses to what parses back to itself, or is refused', () => {
  const alphabet = fc.constantFrom(
    ...'aA0.:/@-_[]'.split(''),
    'sha256:',
    'localhost',
    'docker.io',
    sha256,
    '443',
    'é',
    '\n',
  );
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
      const parsed = parseReference(text);
      if ('problem' in parsed) expect(parsed.problem).not.toBe('');
      else expect(parseReference(formatReference(parsed.reference))).toEqual(parsed);
    }),
    { numRuns: 3000 },
  );
});
