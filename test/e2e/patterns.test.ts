import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, type PolicyParts, pod, policy, review, type World } from './harness.ts';

/**
 * What a pattern covers, seen from outside. Nothing leaves this machine: names do not resolve here, so an image that is
 * covered and is not the local registry's ends as `registry-unreachable`, and one that is not covered is admitted.
 */
let world: World;
let host: string;
const hex = 'ab'.repeat(32);
const digest = `sha256:${hex}`;
const asked: string[] = [];

beforeAll(async () => {
  world = await openWorld({
    core: {
      // Named, so that what a wildcard covers there is told by the same reason.
      registries: ['docker.io', 'ghcr.io'],
      door: {
        addresses: 'any',
        lookup: (name, _options, done) => {
          asked.push(name);
          done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '', 4);
        },
      },
    },
  });
  host = world.registry.host;
});
beforeEach(() => {
  asked.length = 0;
  world.registry.requests.length = 0;
});
afterAll(() => world.close());

function rule(images: string | readonly string[], parts: Partial<PolicyParts> = {}): string {
  return policy({ images, keys: [world.team], failurePolicy: 'Ignore', ...parts });
}

/** What became of the image: its only verdict's reason, or `uncovered`. */
async function reasonFor(pattern: string | readonly string[], image: string, parts?: Partial<PolicyParts>) {
  world.policies(rule(pattern, parts));
  const answer = await world.send('/mutate', review(pod([image])));
  const reason = world.records.at(-1)?.images.map((each) => each.reason)[0] ?? 'uncovered';
  return { reason, allowed: answer.allowed };
}

describe('Docker Hub: every spelling of one image is covered by every spelling of its pattern', () => {
  const images = [
    'nginx',
    'nginx:latest',
    'library/nginx:1.27',
    'docker.io/nginx:1.27',
    'docker.io/library/nginx:1.27',
    'index.docker.io/nginx:1.27',
    'index.docker.io/library/nginx:1.27',
    'registry-1.docker.io/library/nginx:1.27',
    'DOCKER.IO/library/nginx:1.27',
    'docker.io:443/library/nginx:1.27',
    `nginx@${digest}`,
    `docker.io/nginx:1.27@${digest}`,
    `index.docker.io/library/nginx:1.27@${digest}`,
  ];
  const patterns = [
    'docker.io/nginx',
    'docker.io/library/nginx',
    'docker.io/library/nginx*',
    'docker.io/nginx:*',
    'index.docker.io/library/*',
    'registry-1.docker.io/nginx*',
    'docker.io/*',
    'docker.io/library/ngin?',
    '*nginx*',
    '*/library/nginx*',
    '*',
  ];

  test.each(patterns)('%s', async (pattern) => {
    for (const image of images) {
      expect([image, await reasonFor(pattern, image)]).toEqual([
        image,
        { reason: 'registry-unreachable', allowed: true },
      ]);
    }
    expect(new Set(asked)).toEqual(new Set(['registry-1.docker.io']));
  });

  test.each([
    ['docker.io/library/nginx', 'ghcr.io/library/nginx:1'],
    ['docker.io/nginx', 'docker.io/someone/nginx:1'],
    ['docker.io/library/*', 'docker.io/someone/library:1'],
    ['docker.io/nginx*', 'docker.io.evil.example/nginx:1'],
    ['docker.io/*', 'evil-docker.io/nginx:1'],
  ])('%s leaves %s alone', async (pattern, image) => {
    expect(await reasonFor(pattern, image)).toEqual({ reason: 'uncovered', allowed: true });
    expect(asked).toEqual([]);
  });
});

describe('other registries', () => {
  const spellings = [
    'ghcr.io/org/app',
    'ghcr.io/org/app:v1',
    'GHCR.io/org/app:v1',
    'ghcr.io:443/org/app:v1',
    'ghcr.io:0443/org/app:v1',
    `ghcr.io/org/app@${digest}`,
    `ghcr.io/org/app:v1@${digest}`,
  ];
  test.each([
    'ghcr.io/org/app',
    'ghcr.io/org/app:*',
    'ghcr.io/org/app*',
    'ghcr.io/org/*',
    'ghcr.io/*',
    'ghcr.io/*:*',
    'GHCR.io/org/app',
    'ghcr.io:443/org/app:*',
    '*/org/app:*',
    'ghcr.?o/org/app',
  ])('%s covers each spelling, tags and digests alike', async (pattern) => {
    for (const image of spellings) {
      expect([image, (await reasonFor(pattern, image)).reason]).toEqual([image, 'registry-unreachable']);
    }
    expect(new Set(asked)).toEqual(new Set(['ghcr.io']));
  });

  test('a pattern of some tags binds those who write such a tag, with a digest beside it or not', async () => {
    const reasons = [];
    for (const text of ['v1', 'v2.5', `v1@${digest}`, 'latest', `latest@${digest}`]) {
      reasons.push((await reasonFor('ghcr.io/org/app:v*', `ghcr.io/org/app:${text}`)).reason);
    }
    const covered = 'registry-unreachable';
    expect(reasons).toEqual([covered, covered, covered, 'uncovered', 'uncovered']);
  });

  test('a pattern of a digest covers it under any tag', async () => {
    const pattern = `ghcr.io/org/app@${digest}`;
    expect((await reasonFor(pattern, `ghcr.io/org/app:any@${digest}`)).reason).toBe('registry-unreachable');
    expect((await reasonFor(pattern, `ghcr.io/org/app@sha256:${'cd'.repeat(32)}`)).reason).toBe('uncovered');
  });

  test.each([
    ['ghcr.io/org/*', 'ghcr.io.evil.example/org/app:1'],
    ['ghcr.io/org/*', 'evil-ghcr.io/org/app:1'],
    ['ghcr.io/org/*', 'ghcr.io:8443/org/app:1'],
    ['ghcr.io/org/*', 'ghcr.io/org-evil/app:1'],
    ['ghcr.io/org/*', 'evil.example/ghcr.io/org/app:1'],
    ['ghcr.io/org/app', 'ghcr.io/org/app2:1'],
    ['ghcr.io/org/app', 'ghcr.io/org/app/deeper:1'],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/*', '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/a:1'],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/*', '223456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1'],
  ])('%s does not cover the look-alike %s', async (pattern, image) => {
    expect(await reasonFor(pattern, image)).toEqual({ reason: 'uncovered', allowed: true });
  });

  test('ports and addresses: localhost, IPv4, IPv6', async () => {
    const port = Number(host.split(':')[1]);
    for (const name of [`127.0.0.1:${port}`, `[::1]:1`]) {
      const covered = await reasonFor(`${name}/org/*`, `${name}/org/app:1`);
      expect(covered.reason).toMatch(/^(image-not-found|registry-unreachable)$/);
    }
    expect((await reasonFor('[::1]:1/*', '[0:0:0:0:0:0:0:1]:1/org/app:1')).reason).toBe('registry-unreachable');
    expect((await reasonFor('127.0.0.1:1/*', `127.0.0.1:${port}/org/app:1`)).reason).toBe('uncovered');
  });
});

describe('a text that does not parse', () => {
  const texts = [
    ' ',
    'ghcr.io/Org/app:1',
    'ghcr.io/org/app:',
    'ghcr.io/org/app:.1',
    'ghcr.io/org/app:a:b',
    `ghcr.io/org/app:${'t'.repeat(129)}`,
    'ghcr.io/org/app@sha256',
    'ghcr.io/org/app@sha256:abcd',
    `ghcr.io/org/app@sha256:${'AB'.repeat(32)}`,
    `ghcr.io/org/app@md5:${'ab'.repeat(16)}`,
    `ghcr.io/org/app@sha1:${'ab'.repeat(20)}`,
    `ghcr.io/org/app@${digest}@${digest}`,
    'https://ghcr.io/org/app:1',
    'docker://ghcr.io/org/app:1',
    ' ghcr.io/org/app:1',
    'ghcr.io/org/app:1\n',
    'ghcr.io/org/app\u200b:1',
    'gһcr.io/org/app:1',
    'ghcr.io//app:1',
    'ghcr.io/../app:1',
    'ghcr.io:port/org/app:1',
    'ghcr.io:99999/org/app:1',
    '127.1/org/app:1',
    '0x7f000001:80/app:1',
    '[::1/org/app:1',
    hex,
    'user@ghcr.io/org/app:1',
    'ghcr.io/org/app:1?x=y',
    '-ghcr.io/org/app:1',
  ];

  test.each(texts)('%j is invalid, whatever the pattern, and under Ignore too', async (text) => {
    for (const pattern of ['ghcr.io/org/app', 'quay.io/none']) {
      const answer = await reasonFor(pattern, text);
      expect(answer).toEqual({ reason: 'image-unparsable', allowed: false });
    }
    expect(asked).toEqual([]);
  });

  test.each(['*', 'ghcr.io/Org/app:1'])('skipImageReferences %s does not skip it', async (pattern) => {
    const entry = [`skipImageReferences: [${JSON.stringify(pattern)}]`];
    expect(await reasonFor('ghcr.io/*', 'ghcr.io/Org/app:1', { entry })).toEqual({
      reason: 'image-unparsable',
      allowed: false,
    });
    const twin = await reasonFor('ghcr.io/*', 'ghcr.io/org/app:1', { entry: ['skipImageReferences: ["*"]'] });
    expect(twin).toEqual({ reason: 'image-skipped', allowed: true });
  });

  test('a rule that does not match the object does not ask', async () => {
    const elsewhere = { match: 'any: [{resources: {kinds: [Pod], namespaces: [other]}}]' };
    expect((await reasonFor('*', 'ghcr.io/Org/app:1', elsewhere)).reason).toBe('uncovered');
  });

  test('the denial quotes it and says what is wrong', async () => {
    world.policies(rule('*'));
    const { message } = await world.send('/mutate', review(pod(['ghcr.io/Org/app:1'])));
    expect(message).toContain(
      'containers "c0": "ghcr.io/Org/app:1" is no image reference: a repository is written in lower case',
    );
  });
});

describe('skipImageReferences', () => {
  let pinned: string;
  beforeAll(async () => {
    const made = await makeImage(world.destination, 'skip/app', 'v1');
    await sign(world.destination, { repository: 'skip/app', digest: made, key: world.stranger });
    pinned = made;
  });
  const skipping = (pattern: string, image: string) =>
    reasonFor(`${host}/skip/*`, image, { entry: [`skipImageReferences: [${JSON.stringify(pattern)}]`] });

  test('without a digest, by tag: skipped, and neither pinned nor asked for a digest', async () => {
    expect(await skipping(`${host}/skip/app:v*`, `${host}/skip/app:v1`)).toEqual({
      reason: 'image-skipped',
      allowed: true,
    });
    for (const purpose of ['mutate', 'validate']) {
      const answer = await world.send(`/${purpose}`, review(pod([`${host}/skip/app:v1`])));
      expect(answer).toMatchObject({ allowed: true, patch: [], warnings: [] });
    }
    expect(world.registry.requests).toEqual([]);
  });

  test('with a digest the tag is decoration: a pattern of tags skips nothing, one of the digest or the name does', async () => {
    const image = `${host}/skip/app:v1@${pinned}`;
    expect((await skipping(`${host}/skip/app:v*`, image)).allowed).toBe(false);
    expect((await skipping(`${host}/skip/app@${pinned}`, image)).reason).toBe('image-skipped');
    expect((await skipping(`${host}/skip/app@sha256:*`, image)).reason).toBe('image-skipped');
    expect((await skipping(`${host}/skip/app*`, image)).reason).toBe('image-skipped');
    expect((await skipping(`${host}/skip/other*`, image)).allowed).toBe(false);
  });

  test('Docker Hub with and without `library/`', async () => {
    for (const pattern of ['docker.io/nginx:*', 'docker.io/library/nginx:*']) {
      for (const image of ['nginx:1', 'docker.io/library/nginx:1', 'index.docker.io/nginx:1']) {
        const entry = [`skipImageReferences: ["${pattern}"]`];
        expect((await reasonFor('docker.io/*', image, { entry })).reason).toBe('image-skipped');
      }
    }
  });

  test('a second entry that covers the image and does not skip it verifies it', async () => {
    const second = policy({ name: 'second', images: `${host}/skip/app`, keys: [world.team] });
    const first = rule(`${host}/skip/*`, { entry: [`skipImageReferences: ["${host}/skip/app*"]`] });
    world.policies(first, second);
    const answer = await world.send('/mutate', review(pod([`${host}/skip/app:v1`])));
    expect(answer.code).toBe(403);
    expect(answer.message).toContain('policy second');
  });
});
