import type { Fault } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, pod, policy, review, type World } from './harness.ts';

// An image that reaches validate without a digest: mutate was not asked, or could not pin it. Only the second is an outage, and
// under failurePolicy Ignore an outage denies nobody in either webhook.

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function image(name: string, signed: boolean): Promise<string> {
  const digest = await makeImage(world.destination, name, '1', { label: name });
  if (signed) await sign(world.destination, { repository: name, digest, key: world.team });
  return `${world.registry.host}/${name}:1`;
}

const rule = (parts: Partial<Parameters<typeof policy>[0]>) =>
  policy({ images: `${world.registry.host}/*`, keys: [world.team], ...parts });
const validate = async (name: string) => world.send('/validate', review(pod([name])));

const signatures = /\/referrers\/|sha256-/;
const outages: readonly [string, (path: string) => Fault | undefined, string][] = [
  ['the registry is down', () => ({ kind: 'reset' }), 'registry-unreachable'],
  [
    'the tag resolves and its signatures cannot be read',
    (path) => (signatures.test(path) ? { kind: 'status', status: 503 } : undefined),
    'registry-error',
  ],
];

describe.each(outages)('%s', (_, fault, reason) => {
  test.each([
    ['Ignore', 200],
    ['Fail', 503],
  ] as const)('failurePolicy %s', async (failurePolicy, code) => {
    world.policies(rule({ failurePolicy }));
    const name = await image('app', true);
    world.registry.settings.intercept = ({ path }) => fault(path);
    for (const path of ['/mutate', '/validate']) {
      const answer = await world.send(path, review(pod([name])));
      if (code === 503)
        expect(answer).toMatchObject({ allowed: false, code, message: expect.stringContaining(reason) });
      else expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining(reason)], patch: [] });
    }
  });
});

test.each([true, false])(
  'the registry can be read and the image is signed: %p; mutate was not asked: denied',
  async (signed) => {
    world.policies(rule({ failurePolicy: 'Ignore' }));
    const name = await image('app', signed);
    expect(await validate(name)).toMatchObject({
      code: 403,
      message: expect.stringContaining(`: missing digest for ${name}\n  denied (digest-missing): `),
    });
  },
);

test('a rule that pins nothing asks for a digest in the text: denied without a request, outage or not', async () => {
  world.policies(rule({ failurePolicy: 'Ignore', entry: ['mutateDigest: false'] }));
  const name = await image('app', true);
  world.registry.settings.intercept = () => ({ kind: 'reset' });
  expect(await validate(name)).toMatchObject({
    code: 403,
    message: expect.stringContaining('denied (digest-missing)'),
  });
  expect(world.registry.requests).toEqual([]);
});

test('an entry without attestors, which only pins: an outage is one in validate too', async () => {
  world.policies(rule({ failurePolicy: 'Ignore', keys: [], entry: ['required: false'] }));
  const name = await image('app', false);
  expect(await validate(name)).toMatchObject({
    code: 403,
    message: expect.stringContaining('denied (digest-missing)'),
  });
  world.registry.settings.intercept = () => ({ kind: 'reset' });
  world.now += 3_600_000;
  expect(await validate(name)).toMatchObject({
    allowed: true,
    warnings: [expect.stringContaining('registry-unreachable')],
  });
});
