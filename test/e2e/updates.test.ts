import { on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, type PodParts, type PolicyParts, pod, policy, review, type World } from './harness.ts';

type Purpose = 'mutate' | 'validate';
const purposes: readonly Purpose[] = ['mutate', 'validate'];

let world: World;
let signed: string;
let other: string;
let unsigned: string;

beforeAll(async () => {
  world = await openWorld();
  const { destination, team: key, registry } = world;
  const pinned: string[] = [];
  for (const [index, repository] of ['up/signed', 'up/other', 'up/unsigned'].entries()) {
    const digest = await makeImage(destination, repository, '1', { label: `${index}` });
    if (repository !== 'up/unsigned') await sign(destination, { repository, digest, key });
    pinned.push(`${registry.host}/${repository}:1@${digest}`);
  }
  [signed = '', other = '', unsigned = ''] = pinned;
});
beforeEach(() => {
  world.policies(rule());
  world.registry.settings.intercept = undefined;
  world.registry.requests.length = 0;
  // Nothing that an earlier test verified is remembered.
  world.now += 2 * 3_600_000;
});
afterAll(() => world.close());

function rule(parts: Partial<PolicyParts> = {}): string {
  return policy({ images: `${world.registry.host}/up/*`, keys: [world.team], ...parts });
}

function update(purpose: Purpose, object: unknown, oldObject: unknown, more: Readonly<Record<string, unknown>> = {}) {
  return world.send(`/${purpose}`, review(object, oldObject, { operation: 'UPDATE', ...more }));
}

const down = () => {
  world.registry.settings.intercept = on({}, { kind: 'status', status: 503 });
};
const lastReasons = () => world.records.at(-1)?.images.map(({ reason }) => reason);

describe.each(purposes)('%s of an UPDATE', (purpose) => {
  test('an unchanged slot is skipped: no request, whatever the image and the state of the registry', async () => {
    down();
    const before = pod([unsigned], { labels: { tier: 'old' } });
    const answer = await update(purpose, pod([unsigned], { labels: { tier: 'new' } }), before);
    expect(answer).toMatchObject({ allowed: true, patch: [], warnings: [] });
    expect(lastReasons()).toEqual(['unchanged']);
    expect(world.registry.requests).toEqual([]);
  });

  test('a tag that is left as it was needs no digest and no signature (`verifyDigest`, `required`)', async () => {
    const tagged = unsigned.replace(/@.*/, '');
    const answer = await update(purpose, pod([tagged], { annotations: { touched: 'yes' } }), pod([tagged]));
    expect(answer.allowed).toBe(true);
    expect(world.registry.requests).toEqual([]);
    const created = await world.send(`/${purpose}`, review(pod([tagged])));
    expect(created).toMatchObject({ allowed: false, code: 403 });
  });

  test('a changed slot is verified', async () => {
    expect(await update(purpose, pod([unsigned]), pod([signed]))).toMatchObject({ allowed: false, code: 403 });
    expect(await update(purpose, pod([other]), pod([signed]))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['verified']);
  });

  test('beside a changed slot the unchanged one stays skipped', async () => {
    const answer = await update(purpose, pod([unsigned, other]), pod([unsigned, signed]));
    expect(answer.allowed).toBe(true);
    expect(lastReasons()).toEqual(['unchanged', 'verified']);
    expect(world.registry.count({ name: 'up/unsigned' })).toBe(0);
  });

  test('an added slot is verified', async () => {
    expect(await update(purpose, pod([signed, unsigned]), pod([signed]))).toMatchObject({ code: 403 });
    expect(await update(purpose, pod([signed, other]), pod([signed]))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['unchanged', 'verified']);
  });

  test('the slot is told by its name, not by its place: two that change places are unchanged, a swap of images is not', async () => {
    const named = (a: string, b: string, flip: boolean) => {
      const containers = [
        { name: 'a', image: a },
        { name: 'b', image: b },
      ];
      return { ...pod([]), spec: { containers: flip ? containers.reverse() : containers } };
    };
    await update(purpose, named(signed, other, true), named(signed, other, false));
    expect(lastReasons()).toEqual(['unchanged', 'unchanged']);
    await update(purpose, named(other, signed, false), named(signed, other, false));
    expect(lastReasons()).toEqual(['verified', 'verified']);
  });

  test('an image that moves to another list is not the slot that it was', async () => {
    const answer = await update(purpose, pod([signed], { initContainers: [unsigned] }), pod([signed, unsigned]));
    expect(answer.code).toBe(403);
    await update(purpose, pod([signed], { initContainers: [other] }), pod([signed, other]));
    expect(lastReasons()).toEqual(['unchanged', 'verified']);
  });

  test('init containers and image volumes: unchanged, changed, added', async () => {
    const parts = (image: string): readonly PodParts[] => [{ initContainers: [image] }, { volumes: [image] }];
    for (const [index, before] of parts(signed).entries()) {
      const [same, good, bad] = [signed, other, unsigned].map((image) => parts(image)[index] ?? {});
      await update(purpose, pod([signed], same), pod([signed], before));
      expect(lastReasons()).toEqual(['unchanged', 'unchanged']);
      await update(purpose, pod([signed], good), pod([signed], before));
      expect(lastReasons()).toEqual(['unchanged', 'verified']);
      expect(await update(purpose, pod([signed], bad), pod([signed], before))).toMatchObject({ code: 403 });
      expect(await update(purpose, pod([signed], bad), pod([signed]))).toMatchObject({ code: 403 });
    }
  });

  test('ephemeral containers come through their subresource: those there already are skipped, the new one is verified', async () => {
    const debugged = (...images: string[]) => {
      const base = pod([unsigned]);
      const ephemeralContainers = images.map((image, index) => ({ name: `debug-${index}`, image }));
      return { ...base, spec: { ...base.spec, ephemeralContainers } };
    };
    const more = { subResource: 'ephemeralcontainers' };
    expect(await update(purpose, debugged(signed, other), debugged(signed), more)).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['unchanged', 'unchanged', 'verified']);
    const answer = await update(purpose, debugged(signed, unsigned), debugged(signed), more);
    expect(answer.code).toBe(403);
    expect(answer.message).toContain('up/unsigned');
    // The API server drops annotations that come through a subresource, so none is written.
    expect(answer.patch).toEqual([]);
  });

  test('a missing oldObject means changed', async () => {
    expect(await update(purpose, pod([unsigned]), null)).toMatchObject({ code: 403 });
    expect(await update(purpose, pod([signed]), null)).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['verified']);
  });

  test('an oldObject that makes no sense means changed', async () => {
    const answer = await update(purpose, pod([unsigned]), { ...pod([]), spec: { containers: 'none' } });
    expect(answer.code).toBe(403);
  });

  test('CREATE always verifies, an oldObject or not', async () => {
    const create = { operation: 'CREATE' };
    expect(await update(purpose, pod([unsigned]), pod([unsigned]), create)).toMatchObject({ code: 403 });
    await update(purpose, pod([signed]), pod([signed]), create);
    expect(lastReasons()).toEqual(['verified']);
  });

  test('an image that does not parse: unchanged is skipped, new is invalid', async () => {
    const broken = `${world.registry.host}/up/Broken:1`;
    expect(await update(purpose, pod([broken], { labels: { a: 'b' } }), pod([broken]))).toMatchObject({
      allowed: true,
    });
    expect(await update(purpose, pod([broken]), pod([signed]))).toMatchObject({
      code: 403,
      message: expect.stringContaining('image-unparsable'),
    });
  });
});

describe.each(purposes)('%s and a rule’s reach', (purpose) => {
  const match = 'any: [{resources: {kinds: [Pod], selector: {matchLabels: {signed: "yes"}}}}]';
  const inReach = { labels: { signed: 'yes' } };

  test('relabelled into reach: verified although no image changed', async () => {
    world.policies(rule({ match }));
    expect(await update(purpose, pod([unsigned], inReach), pod([unsigned]))).toMatchObject({ code: 403 });
    expect(await update(purpose, pod([signed], inReach), pod([signed]))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['verified']);
  });

  test('in reach before, by its own labels: skipped; out of reach now: not asked at all', async () => {
    world.policies(rule({ match }));
    const renamed = { labels: { signed: 'yes', tier: 'new' } };
    expect(await update(purpose, pod([unsigned], renamed), pod([unsigned], inReach))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['unchanged']);
    expect(await update(purpose, pod([unsigned]), pod([unsigned], inReach))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual([]);
    expect(world.registry.requests).toEqual([]);
  });

  test('the same for annotations', async () => {
    const annotated = { annotations: { team: 'a' } };
    world.policies(rule({ match: 'any: [{resources: {kinds: [Pod], annotations: {team: a}}}]' }));
    expect(await update(purpose, pod([unsigned], annotated), pod([unsigned]))).toMatchObject({ code: 403 });
    expect(await update(purpose, pod([unsigned], annotated), pod([unsigned], annotated))).toMatchObject({
      allowed: true,
    });
  });

  test('an exclude that is left counts as well: excluded before, verified now', async () => {
    const match = `any: [{resources: {kinds: [Pod]}}]
      exclude:
        any: [{resources: {kinds: [Pod], selector: {matchLabels: {exempt: "yes"}}}}]`;
    world.policies(rule({ match }));
    const exempt = { labels: { exempt: 'yes' } };
    expect(await update(purpose, pod([unsigned]), pod([unsigned], exempt))).toMatchObject({ code: 403 });
    expect(await update(purpose, pod([unsigned], exempt), pod([unsigned], exempt))).toMatchObject({ allowed: true });
    expect(await update(purpose, pod([signed]), pod([signed], exempt))).toMatchObject({ allowed: true });
  });

  test('a rule asked on UPDATE alone applied to what was updated before', async () => {
    world.policies(rule({ match: 'any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]' }));
    expect(await update(purpose, pod([unsigned], inReach), pod([unsigned]))).toMatchObject({ allowed: true });
    expect(await update(purpose, pod([unsigned]), pod([signed]))).toMatchObject({ code: 403 });
  });
});

describe.each(purposes)('%s of an object being deleted', (purpose) => {
  const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const held = { ...leaving, finalizers: ['example.com/hold'] };

  test('a finalizer is removed: admitted while the registry is down', async () => {
    down();
    const answer = await update(purpose, pod([unsigned], leaving), pod([unsigned], held));
    expect(answer).toMatchObject({ allowed: true, patch: [] });
    expect(world.registry.requests).toEqual([]);
  });

  test('and also where the same edit brings it into a rule’s reach', async () => {
    world.policies(rule({ match: 'any: [{resources: {kinds: [Pod], selector: {matchLabels: {signed: "yes"}}}}]' }));
    const labels = { signed: 'yes' };
    expect(await update(purpose, pod([unsigned], { ...leaving, labels }), pod([unsigned], held))).toMatchObject({
      allowed: true,
    });
    expect(await update(purpose, pod([unsigned], { labels }), pod([unsigned]))).toMatchObject({ code: 403 });
  });

  test('with a changed image: verified', async () => {
    expect(await update(purpose, pod([unsigned], leaving), pod([signed], held))).toMatchObject({ code: 403 });
    expect(await update(purpose, pod([other], leaving), pod([signed], held))).toMatchObject({ allowed: true });
    expect(lastReasons()).toEqual(['verified']);
  });

  test('a deletionTimestamp that only the new object claims changes nothing', async () => {
    expect(await update(purpose, pod([unsigned], held), pod([signed]))).toMatchObject({ code: 403 });
    world.policies(rule({ match: 'any: [{resources: {kinds: [Pod], selector: {matchLabels: {signed: "yes"}}}}]' }));
    const forged = pod([unsigned], { ...held, labels: { signed: 'yes' } });
    expect(await update(purpose, forged, pod([unsigned]))).toMatchObject({ code: 403 });
  });
});

describe.each(purposes)('%s of what is none of ours', (purpose) => {
  test('DELETE and CONNECT are admitted untouched', async () => {
    down();
    for (const operation of ['DELETE', 'CONNECT']) {
      const answer = await update(purpose, pod([unsigned]), pod([unsigned]), { operation, object: null });
      expect(answer).toMatchObject({ allowed: true, patch: [], warnings: [] });
    }
    expect(world.registry.requests).toEqual([]);
  });

  test('unknown kinds are admitted untouched, by a rule that names them too; a Pod is not', async () => {
    world.policies(rule({ kinds: ['Pod', 'Widget'] }));
    const widget = { ...pod([unsigned]), apiVersion: 'example.com/v1', kind: 'Widget' };
    expect(await world.send(`/${purpose}`, review(widget))).toMatchObject({ allowed: true, patch: [] });
    expect(await world.send(`/${purpose}`, review(pod([unsigned])))).toMatchObject({ code: 403 });
  });

  test('a kind of another group with a Pod controller’s name is unknown', async () => {
    const template = { spec: { template: { spec: pod([unsigned]).spec } } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, ...template };
    expect(await world.send(`/${purpose}`, review({ ...deployment, apiVersion: 'example.com/v1' }))).toMatchObject({
      allowed: true,
    });
    expect(await world.send(`/${purpose}`, review(deployment))).toMatchObject({ code: 403 });
  });
});
