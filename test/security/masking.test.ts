import { on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openWorld, pod, policy, review, type World } from '../e2e/harness.ts';
import { putSignatureTag } from './attach.ts';

// Under failurePolicy Ignore what is unavailable is admitted: it must never stand where a denial belongs.
let world: World;
const name = 'team/app';
const broken = 'team/broken';

beforeEach(async () => {
  world = await openWorld();
  world.registry.settings.intercept = on({ name: broken }, { kind: 'status', status: 500 });
});
afterEach(() => world.close());

const send = (reference: string, purpose = 'mutate') => world.send(`/${purpose}`, review(pod([reference])));
const admit = (digest: string) => send(`${world.registry.host}/${name}@${digest}`);

/** A rule whose second entry asks for a signature from a repository that fails, and whose first one does not. */
function twoEntries(failurePolicy: 'Fail' | 'Ignore'): string {
  const images = `${world.registry.host}/*`;
  const rule = policy({ images, keys: [world.team], failurePolicy });
  const attestors = JSON.stringify([{ entries: [byKey(world.stranger)] }]);
  const second = [
    `- imageReferences: ["${images}"]`,
    `  repository: ${world.registry.host}/${broken}`,
    `  attestors: ${attestors}`,
  ];
  return `${rule}${second.map((line) => `        ${line}\n`).join('')}`;
}

async function image(...signers: World['team'][]) {
  const digest = await makeImage(world.destination, name);
  for (const key of signers) await sign(world.destination, { repository: name, digest, key });
  return digest;
}

describe('an entry that cannot be asked', () => {
  test('hides no denial by another entry of its rule', async () => {
    world.policies(twoEntries('Ignore'));
    const denied = await admit(await image());
    expect(denied).toMatchObject({ allowed: false, code: 403 });
    expect(denied.message).toContain('(no-signature)');
  });

  test('hides no pass either: it is a warning under Ignore and a 503 under Fail', async () => {
    const digest = await image(world.team);
    world.policies(twoEntries('Ignore'));
    const ignored = await admit(digest);
    expect(ignored.allowed).toBe(true);
    expect(ignored.warnings.join()).toContain('registry-error');
    expect(ignored.patch).toEqual([]);
    world.policies(twoEntries('Fail'));
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 503 });
  });

  test('a pass by one entry does not cover for a denial by another', async () => {
    world.policies(twoEntries('Fail').replace(`/${broken}`, `/${name}`));
    expect(await admit(await image(world.team))).toMatchObject({ allowed: false, code: 403 });
    expect(await admit(await image(world.stranger))).toMatchObject({ allowed: false, code: 403 });
    expect((await admit(await image(world.team, world.stranger))).allowed).toBe(true);
  });
});

describe('a slot that cannot be asked', () => {
  test('hides no denial of the slot beside it, in either order', async () => {
    world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team], failurePolicy: 'Ignore' }));
    const unsigned = `${world.registry.host}/${name}@${await image()}`;
    const signed = `${world.registry.host}/${name}@${await image(world.team)}`;
    const dead = `${world.registry.host}/${broken}:v1`;
    for (const images of [
      [dead, unsigned],
      [unsigned, dead],
    ]) {
      expect(await world.send('/mutate', review(pod(images)))).toMatchObject({ allowed: false, code: 403 });
    }
    expect((await world.send('/mutate', review(pod([dead, signed])))).allowed).toBe(true);
  });

  test('an image that does not parse is denied under Ignore, whatever is beside it', async () => {
    world.policies(policy({ images: '*', keys: [world.team], failurePolicy: 'Ignore' }));
    const dead = `${world.registry.host}/${broken}:v1`;
    for (const images of [
      [dead, 'UPPER'],
      ['UPPER', dead],
    ]) {
      expect(await world.send('/mutate', review(pod(images)))).toMatchObject({ allowed: false, code: 403 });
    }
    expect((await send(dead)).allowed).toBe(true);
  });
});

describe('a source that could not be read', () => {
  test('is told before a bound that another source exceeds, and without it the bound is a denial', async () => {
    const digest = await image();
    const layer = {
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      size: 64 * 1024 + 1,
      digest,
      annotations: {},
    };
    putSignatureTag(world, name, digest, [layer]);
    world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team] }));
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 403 });
    world.registry.settings.intercept = on({ kind: 'referrers' }, { kind: 'status', status: 500 });
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 503 });
  });

  test('spoils no pass', async () => {
    const digest = await makeImage(world.destination, name);
    await sign(world.destination, { repository: name, digest, key: world.team, format: 'sig' });
    world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team] }));
    world.registry.settings.intercept = on({ kind: 'referrers' }, { kind: 'status', status: 500 });
    expect((await admit(digest)).allowed).toBe(true);
  });
});

describe('what the image itself brings about', () => {
  test('is denied also where a rule for it audits beside one that enforces', async () => {
    const images = `${world.registry.host}/*`;
    const audit = policy({ name: 'audit', images, keys: [world.team], action: 'Audit' });
    const enforce = policy({ images, keys: [world.team], failurePolicy: 'Ignore' });
    const digest = await image();
    world.policies(audit, enforce);
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 403 });
    world.policies(audit);
    expect((await admit(digest)).allowed).toBe(true);
  });

  test('an image that a rule lets pass with a warning is not pinned: only what was verified is', async () => {
    const images = `${world.registry.host}/*`;
    const digest = await makeImage(world.destination, name, 'v1');
    const entry = ['mutateDigest: true'];
    const tagged = `${world.registry.host}/${name}:v1`;
    const warning = `validationFailureActionOverrides: [{action: Audit, namespaces: [default]}]`;
    world.policies(policy({ images, keys: [world.team], entry, spec: [warning] }));
    const warned = await send(tagged);
    expect(warned.allowed).toBe(true);
    expect(warned.warnings.join()).toContain('no-signature');
    expect(warned.patch).toEqual([]);
    await sign(world.destination, { repository: name, digest, key: world.team });
    expect((await send(tagged)).patch[0]?.value).toBe(`${tagged}@${digest}`);
  });

  test('a failure that another rule does not share stays one in the proof, whichever rule comes first', async () => {
    const images = `${world.registry.host}/*`;
    const digest = await image(world.team);
    const passes = policy({ name: 'passes', images, keys: [world.team] });
    const fails = policy({ name: 'fails', images, keys: [world.stranger], action: 'Audit' });
    const proofUnder = async (...policies: string[]) => {
      world.policies(...policies);
      const { patch } = await admit(digest);
      const flat = patch.find(({ path }) => path.endsWith('/kyverno.io~1verify-images'));
      return Object.values(JSON.parse(String(flat?.value ?? '{}')) as Record<string, string>);
    };
    expect(await proofUnder(fails, passes)).toEqual(['fail']);
    expect(await proofUnder(passes, fails)).toEqual(['fail']);
    expect(await proofUnder(passes)).toEqual(['pass']);
  });

  test('a denial names every attestor that was tried, and which of them passed', async () => {
    const images = `${world.registry.host}/*`;
    world.policies(policy({ images, keys: [world.team, world.stranger], set: ['count: 2'] }));
    const { message } = await admit(await image(world.team));
    expect(message).toMatch(/- ok attestors\[0\]\.entries\[0\]: /);
    expect(message).toMatch(/- no attestors\[0\]\.entries\[1\]: no signature verifies with key/);
  });

  test('one key under two algorithms is tried by each: a signature of one is none of the other', async () => {
    const images = `${world.registry.host}/*`;
    const set = (signatureAlgorithm: string) => ({ entries: [byKey(world.team, { signatureAlgorithm })] });
    const digest = await image(world.team);
    for (const attestors of [
      [set('sha256'), set('sha512')],
      [set('sha512'), set('sha256')],
    ]) {
      world.policies(policy({ images, attestors, failurePolicy: 'Ignore' }));
      expect(await admit(digest)).toMatchObject({ allowed: false, code: 403 });
    }
    const either = { count: 1, entries: [...set('sha512').entries, ...set('sha256').entries] };
    world.policies(policy({ images, attestors: [either] }));
    expect((await admit(digest)).allowed).toBe(true);
  });

  test('a tag that a pointer remembers: a denial is asked about anew, and a registry that fails then denies nobody it knows', async () => {
    world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team], failurePolicy: 'Ignore' }));
    const tagged = `${world.registry.host}/${name}:v1`;
    const first = await makeImage(world.destination, name, 'v1');
    expect((await send(tagged)).allowed).toBe(false);
    await sign(world.destination, { repository: name, digest: first, key: world.team });
    expect((await send(tagged)).patch[0]?.value).toBe(`${tagged}@${first}`);
    const second = await image(world.team);
    world.registry.store.tag(name, 'v1', second);
    world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team], entry: ['annotations: {a: b}'] }));
    expect(await send(tagged)).toMatchObject({ allowed: false, code: 403 });
    await sign(world.destination, { repository: name, digest: second, key: world.team, annotations: { a: 'b' } });
    // The pointer still names the first image, which this rule denies: the tag is resolved once more.
    expect((await send(tagged)).patch[0]?.value).toBe(`${tagged}@${second}`);
  });
});
