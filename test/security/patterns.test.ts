import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, type PolicyParts, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { countersign, folderWith, run } from '../e2e/processes.ts';

/** What a policy's author wrote, and what an image's or a Pod's author makes of it. */
let world: World;
let good: Digest;
const failurePolicies = ['Fail', 'Ignore'] as const;

beforeAll(async () => {
  world = await openWorld();
  good = await makeImage(world.destination, 'team/app', 'good');
  await sign(world.destination, { repository: 'team/app', digest: good, key: world.team });
  await makeImage(world.destination, 'team/app', 'bad', { label: 'unsigned' });
});
afterAll(() => world.close());

const image = (tag: string) => `${world.registry.host}/team/app:${tag}`;

function rule(parts: Partial<PolicyParts>): void {
  world.policies(policy({ images: '*', keys: [world.team], ...parts }));
}

function expectDenied(response: Response, reason = 'no-signature'): void {
  expect(response).toMatchObject({ allowed: false, code: 403, patch: [] });
  expect(response.message).toContain(`(${reason})`);
}

describe('A10: an exclude that names another subresource of Pods', () => {
  describe.each(failurePolicies)('under %s', (failurePolicy) => {
    const running = () => pod([`${world.registry.host}/team/app@${good}`]);
    const debug = (tag: string) => {
      const old = running();
      const spec = { ...old.spec, ephemeralContainers: [{ name: 'debug', image: image(tag) }] };
      return world.send('/mutate', review({ ...old, spec }, old, { subResource: 'ephemeralcontainers' }));
    };
    const excluding = (kind: string) =>
      rule({
        failurePolicy,
        match: `any: [{resources: {kinds: [Pod]}}]\n      exclude: {any: [{resources: {kinds: ["${kind}"]}}]}`,
      });

    test.each([
      'Pod/status',
      'Pod/exec',
      'Pod/eviction',
      'Pod.eviction',
      'v1/Pod/binding',
      '*/status',
      '*/v1/Pod/resize',
    ])('%s: an unsigned debug container is denied, a signed one is admitted', async (kind) => {
      excluding(kind);
      expectDenied(await debug('bad'));
      expect(await debug('good')).toMatchObject({ allowed: true });
    });

    test('Pod/ephemeralcontainers means what it says: debug containers are not asked about, Pods are', async () => {
      excluding('Pod/ephemeralcontainers');
      expect(await debug('bad')).toMatchObject({ allowed: true, patch: [] });
      expectDenied(await world.send('/mutate', review(pod([image('bad')]))));
    });
  });
});

describe('A11: a path that looks like a host that is skipped', () => {
  describe.each(failurePolicies)('under %s', (failurePolicy) => {
    test.each([
      [
        '*.dkr.ecr.*.amazonaws.com/eks/*',
        'mallory/1.dkr.ecr.x.amazonaws.com/eks/evil',
        '602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/pause',
      ],
      ['*.example.com/mirror/*', 'a.example.com/mirror/x', 'eu.example.com/mirror/x'],
      ['*/mirror/*', 'mallory/mirror/x', 'registry.example.com/mirror/x'],
      ['l*/mirror/*', 'ghcr.io/mirror/x', 'localhost/mirror/x'],
    ])('%s does not skip an unsigned %s', async (pattern, path, skipped) => {
      await makeImage(world.destination, path, 'v1', { label: 'unsigned' });
      rule({ failurePolicy, entry: [`skipImageReferences: [${JSON.stringify(pattern)}]`] });
      expectDenied(await world.send('/mutate', review(pod([`${world.registry.host}/${path}:v1`]))));

      const { allowed, patch } = await world.send('/mutate', review(pod([`${skipped}:v1`])));
      expect({ allowed, patch }).toEqual({ allowed: true, patch: [] });
      expect(await world.send('/mutate', review(pod([image('good')])))).toMatchObject({ allowed: true });
    });
  });

  test('the command line decides as the webhooks do', async () => {
    const skipped = 'eu.example.com/mirror/x:v1';
    const unsigned = image('bad').replace('team/app:bad', 'a.example.com/mirror/x:v1');
    await makeImage(world.destination, 'a.example.com/mirror/x', 'v1', { label: 'unsigned' });
    const entry = ['skipImageReferences: ["*.example.com/mirror/*"]'];
    await using folder = await folderWith({
      'policy.yaml': policy({ images: '*', keys: [world.team], entry }),
      'skipped.json': JSON.stringify(pod([skipped])),
      'unsigned.json': JSON.stringify(pod([unsigned])),
    });
    const file = folder.file('policy.yaml');
    for (const [of, text, status, result] of [
      ['skipped.json', skipped, 0, 'image-skipped'],
      ['unsigned.json', unsigned, 1, 'no-signature'],
    ] as const) {
      for (const words of [
        ['verify', '--policy', file, '--image', text],
        ['apply', file, '--resource', folder.file(of)],
      ]) {
        const ended = await run(countersign, words);
        expect([words, ended.status, ended.stdout]).toEqual([words, status, expect.stringContaining(result)]);
      }
    }
  });
});

describe('A12: a registry under another of its names', () => {
  describe.each(failurePolicies)('under %s', (failurePolicy) => {
    /** Whether the rule asks about an image that nobody can fetch: it is denied for want of a digest, before anyone is called. */
    async function isCovered(images: string, reference: string, entry: readonly string[] = []): Promise<boolean> {
      rule({ images, keys: [], failurePolicy, entry: ['mutateDigest: false', ...entry] });
      const response = await world.send('/validate', review(pod([reference])));
      if (response.allowed !== true) expectDenied(response, 'digest-missing');
      return response.allowed !== true;
    }
    const ecr = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

    test.each([
      [
        `${ecr}/team/*`,
        '123456789012.dkr-ecr.us-east-1.on.aws/team/app:1',
        '123456789012.dkr-ecr.us-east-2.on.aws/team/app:1',
      ],
      [
        `${ecr}/team/*`,
        '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/team/app:1',
        '223456789012.dkr.ecr-fips.us-east-1.amazonaws.com/team/app:1',
      ],
      [
        `${ecr}/team/*`,
        '123456789012.dkr-ecr-fips.us-east-1.on.aws:443/team/app:1',
        '123456789012.dkr-ecr-fips.us-east-1.on.aws:8443/team/app:1',
      ],
      [
        '*.dkr.ecr.us-east-1.amazonaws.com/team/*',
        '123456789012.dkr-ecr.us-east-1.on.aws/team/app:1',
        '123456789012.dkr-ecr.us-east-1.on.aws.evil.example/team/app:1',
      ],
      [
        '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/*',
        '123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app:1',
        '123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn/app:1',
      ],
      ['docker.io/acme/*', 'registry.hub.docker.com/acme/app:1', 'registry.hub.docker.com.evil.example/acme/app:1'],
      ['docker.io/acme/*', 'registry-1.docker.io/acme/app:1', 'registry-1.docker.io:5000/acme/app:1'],
      ['docker.io/acme/*', 'INDEX.docker.io:443/acme/app:1', 'registry.docker.io/acme/app:1'],
      ['docker.io/nginx', 'registry.hub.docker.com/library/nginx:1', 'registry.hub.docker.com/someone/nginx:1'],
      ['public.ecr.aws/acme/*', 'ecr-public.aws.com/acme/app:1', 'ecr-public.aws.com/someone/app:1'],
      ['*.example.com:443/acme/*', 'registry.example.com/acme/app:1', 'registry.example.com:444/acme/app:1'],
    ])('%s asks about %s, and leaves %s alone', async (images, other, twin) => {
      expect(await isCovered(images, other)).toBe(true);
      expect(await isCovered(images, twin)).toBe(false);
    });

    test.each(['ghcr.io./acme/app:1', `${ecr}./team/app:1`])(
      '%s, with a trailing dot, is no reference',
      async (text) => {
        rule({ images: '*', failurePolicy });
        expectDenied(await world.send('/validate', review(pod([text]))), 'image-unparsable');
      },
    );

    test.each([
      ['docker.io/acme/*', 'registry.hub.docker.com/acme/app:1', 'docker.io/acme/app:1'],
      [`${ecr}/team/*`, '123456789012.dkr-ecr.us-east-1.on.aws/team/app:1', `${ecr}/team/app:1`],
      ['public.ecr.aws/acme/*', 'ecr-public.aws.com/acme/app:1', 'public.ecr.aws/acme/app:1'],
    ])('a skip of %s does not skip %s: only the name that is written counts', async (pattern, other, written) => {
      const entry = [`skipImageReferences: ["${pattern}"]`];
      expect(await isCovered('*', other, entry)).toBe(true);
      expect(await isCovered('*', written, entry)).toBe(false);
    });
  });
});

describe('A14: an image ID, which container runtimes take ahead of a name', () => {
  const hex = 'a'.repeat(64);
  describe.each(failurePolicies)('under %s', (failurePolicy) => {
    test.each<[string, () => Partial<PolicyParts>]>([
      ['that nothing covers', () => ({ images: `${world.registry.host}/*` })],
      ['that is skipped as a name', () => ({ entry: ['skipImageReferences: ["docker.io/library/*"]'] })],
    ])('one %s is no image reference, and the name beside it is one', async (_, parts) => {
      rule({ failurePolicy, ...parts() });
      for (const path of ['/mutate', '/validate']) {
        for (const id of [`sha256:${hex}`, `sha512:${hex}${hex}`, 'sha384:abc', 'sha256:12345']) {
          const response = await world.send(path, review(pod([id])));
          expectDenied(response, 'image-unparsable');
          expect(response.message).toContain('it is an image ID of the node');
        }
        for (const name of ['sha256:v1', `library/sha256:${hex}`]) {
          expect(await world.send(path, review(pod([name])))).toMatchObject({ allowed: true, patch: [] });
        }
      }
    });
  });
});
