import { on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, policy, type Response, review, type World } from './harness.ts';
import { applyPatch } from './json-patch.ts';

// A Job that Git names by tag, applied again. An API server calls us before it compares the template with the stored one, which may
// not change (`field is immutable`): what we answer decides whether it is told that nothing changed.

let world: World;

const repository = 'jobs/migrate';
const tagged = () => `${world.registry.host}/${repository}:1`;

async function push(label: string, signed: boolean): Promise<string> {
  const digest = await makeImage(world.destination, repository, '1', { label });
  if (signed) await sign(world.destination, { repository, digest, key: world.team });
  return `${tagged()}@${digest}`;
}

const job = (image: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'migrate', namespace: 'shop' },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image }] } } },
});

const send = (object: unknown, oldObject?: unknown): Promise<Response> =>
  world.send('/mutate', review(object, oldObject));

/** The Job as it is stored: created by its tag, and pinned. */
async function stored() {
  const object = job(tagged());
  return applyPatch(object, await send(object));
}

/** What a GitOps tool sends: the stored object with Git's text where Git says something. */
const applied = (live: Awaited<ReturnType<typeof stored>>) => ({ ...live, spec: job(tagged()).spec });

/** A while later: no tag is remembered. */
const later = () => {
  world.now += 2 * 3_600_000;
};

beforeEach(async () => {
  world = await openWorld();
  world.policies(policy({ images: `${world.registry.host}/jobs/*`, keys: [world.team] }));
});
afterEach(() => world.close());

test('the tag names what it named: the patch makes the very object that is stored', async () => {
  const first = await push('first', true);
  const live = await stored();
  expect(live.spec).toEqual(job(first).spec);
  later();
  const answer = await send(applied(live), live);
  expect(answer.allowed).toBe(true);
  expect(applyPatch(applied(live), answer)).toEqual(live);
});

test('the tag has moved to another signed image: pinned to that one, so the template differs and the API server refuses it', async () => {
  await push('first', true);
  const live = await stored();
  const second = await push('second', true);
  later();
  const answer = await send(applied(live), live);
  expect(answer.allowed).toBe(true);
  expect(applyPatch(applied(live), answer).spec).toEqual(job(second).spec);
});

test('the tag has moved to an unsigned image: denied by us, before the API server compares', async () => {
  await push('first', true);
  const live = await stored();
  await push('second', false);
  later();
  expect(await send(applied(live), live)).toMatchObject({
    allowed: false,
    code: 403,
    message: expect.stringContaining('no-signature'),
  });
});

test('nothing can be looked up: 503 under Fail; under Ignore admitted as Git writes it, so the template differs', async () => {
  await push('first', true);
  const live = await stored();
  later();
  world.registry.settings.intercept = on({}, { kind: 'status', status: 503 });
  expect(await send(applied(live), live)).toMatchObject({ allowed: false, code: 503 });
  const images = `${world.registry.host}/jobs/*`;
  world.policies(policy({ images, keys: [world.team], failurePolicy: 'Ignore' }));
  const answer = await send(applied(live), live);
  expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining('registry-error')] });
  expect(applyPatch(applied(live), answer).spec).toEqual(job(tagged()).spec);
});

test('a Job that names the digest in Git is unchanged, wherever its tag has moved', async () => {
  const first = await push('first', true);
  const live = await stored();
  await push('second', false);
  later();
  world.registry.requests.length = 0;
  const answer = await send({ ...live, spec: job(first).spec }, live);
  expect(answer).toMatchObject({ allowed: true, patch: [] });
  expect(world.registry.requests).toEqual([]);
});

test('its own controller, which changes nothing in the template, is never in the way', async () => {
  await push('first', true);
  const live = await stored();
  await push('second', false);
  later();
  const answer = await send({ ...live, metadata: { ...live.metadata, finalizers: ['batch/tracking'] } }, live);
  expect(answer).toMatchObject({ allowed: true, patch: [] });
});
