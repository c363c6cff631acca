import { on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openStage, pod, policy, review, type Stage } from '../e2e/harness.ts';
import { putSignatureTag } from './attach.ts';

// Under failurePolicy Ignore what is unavailable is admitted: it must never stand where a denial belongs.
let stage: Stage;
const name = 'team/app';
const broken = 'team/broken';

beforeEach(async () => {
  stage = await openStage();
  stage.registry.settings.intercept = on({ name: broken }, { kind: 'status', status: 500 });
});
afterEach(() => stage.close());

const send = (reference: string, step = 'mutate') => stage.send(`/${step}`, review(pod([reference])));
const admit = (digest: string) => send(`${stage.registry.host}/${name}@${digest}`);

/** A rule whose second entry asks for a signature from a repository that fails, and whose first one does not. */
function twoEntries(failurePolicy: 'Fail' | 'Ignore'): string {
  const images = `${stage.registry.host}/*`;
  const rule = policy({ images, keys: [stage.team], failurePolicy });
  const attestors = JSON.stringify([{ entries: [byKey(stage.stranger)] }]);
  const second = [
    `- imageReferences: ["${images}"]`,
    `  repository: ${stage.registry.host}/${broken}`,
    `  attestors: ${attestors}`,
  ];
  return `${rule}${second.map((line) => `        ${line}\n`).join('')}`;
}

async function image(...signers: Stage['team'][]) {
  const digest = await makeImage(stage.target, name);
  for (const key of signers) await sign(stage.target, { repository: name, digest, key });
  return digest;
}

describe('an entry that cannot be asked', () => {
  test('hides no denial by another entry of its rule', async () => {
    stage.policies(twoEntries('Ignore'));
    const denied = await admit(await image());
    expect(denied).toMatchObject({ allowed: false, code: 403 });
    expect(denied.message).toContain('(no-signature)');
  });

  test('hides no pass either: it is a warning under Ignore and a 503 under Fail', async () => {
    const digest = await image(stage.team);
    stage.policies(twoEntries('Ignore'));
    const ignored = await admit(digest);
    expect(ignored.allowed).toBe(true);
    expect(ignored.warnings.join()).toContain('registry-error');
    expect(ignored.patch).toEqual([]);
    stage.policies(twoEntries('Fail'));
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 503 });
  });

  test('a pass by one entry does not cover for a denial by another', async () => {
    stage.policies(twoEntries('Fail').replace(`/${broken}`, `/${name}`));
    expect(await admit(await image(stage.team))).toMatchObject({ allowed: false, code: 403 });
    expect(await admit(await image(stage.stranger))).toMatchObject({ allowed: false, code: 403 });
    expect((await admit(await image(stage.team, stage.stranger))).allowed).toBe(true);
  });
});

describe('a slot that cannot be asked', () => {
  test('hides no denial of the slot beside it, in either order', async () => {
    stage.policies(policy({ images: `${stage.registry.host}/*`, keys: [stage.team], failurePolicy: 'Ignore' }));
    const unsigned = `${stage.registry.host}/${name}@${await image()}`;
    const signed = `${stage.registry.host}/${name}@${await image(stage.team)}`;
    const dead = `${stage.registry.host}/${broken}:v1`;
    for (const images of [
      [dead, unsigned],
      [unsigned, dead],
    ]) {
      expect(await stage.send('/mutate', review(pod(images)))).toMatchObject({ allowed: false, code: 403 });
    }
    expect((await stage.send('/mutate', review(pod([dead, signed])))).allowed).toBe(true);
  });

  test('an image that does not parse is denied under Ignore, whatever is beside it', async () => {
    stage.policies(policy({ images: '*', keys: [stage.team], failurePolicy: 'Ignore' }));
    const dead = `${stage.registry.host}/${broken}:v1`;
    for (const images of [
      [dead, 'UPPER'],
      ['UPPER', dead],
    ]) {
      expect(await stage.send('/mutate', review(pod(images)))).toMatchObject({ allowed: false, code: 403 });
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
    putSignatureTag(stage, name, digest, [layer]);
    stage.policies(policy({ images: `${stage.registry.host}/*`, keys: [stage.team] }));
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 403 });
    stage.registry.settings.intercept = on({ kind: 'referrers' }, { kind: 'status', status: 500 });
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 503 });
  });

  test('spoils no pass', async () => {
    const digest = await makeImage(stage.target, name);
    await sign(stage.target, { repository: name, digest, key: stage.team, format: 'sig' });
    stage.policies(policy({ images: `${stage.registry.host}/*`, keys: [stage.team] }));
    stage.registry.settings.intercept = on({ kind: 'referrers' }, { kind: 'status', status: 500 });
    expect((await admit(digest)).allowed).toBe(true);
  });
});

describe('what the image itself brings about', () => {
  test('is denied also where a rule for it audits beside one that enforces', async () => {
    const images = `${stage.registry.host}/*`;
    const audit = policy({ name: 'audit', images, keys: [stage.team], action: 'Audit' });
    const enforce = policy({ images, keys: [stage.team], failurePolicy: 'Ignore' });
    const digest = await image();
    stage.policies(audit, enforce);
    expect(await admit(digest)).toMatchObject({ allowed: false, code: 403 });
    stage.policies(audit);
    expect((await admit(digest)).allowed).toBe(true);
  });

  test('an image that a rule lets pass with a warning is not pinned: only what was verified is', async () => {
    const images = `${stage.registry.host}/*`;
    const digest = await makeImage(stage.target, name, 'v1');
    const entry = ['mutateDigest: true'];
    const tagged = `${stage.registry.host}/${name}:v1`;
    const warning = `validationFailureActionOverrides: [{action: Audit, namespaces: [default]}]`;
    stage.policies(policy({ images, keys: [stage.team], entry, spec: [warning] }));
    const warned = await send(tagged);
    expect(warned.allowed).toBe(true);
    expect(warned.warnings.join()).toContain('no-signature');
    expect(warned.patch).toEqual([]);
    await sign(stage.target, { repository: name, digest, key: stage.team });
    expect((await send(tagged)).patch[0]?.value).toBe(`${tagged}@${digest}`);
  });

  test('a failure that another rule does not share stays one in the proof, whichever rule comes first', async () => {
    const images = `${stage.registry.host}/*`;
    const digest = await image(stage.team);
    const passes = policy({ name: 'passes', images, keys: [stage.team] });
    const fails = policy({ name: 'fails', images, keys: [stage.stranger], action: 'Audit' });
    const proofUnder = async (...policies: string[]) => {
      stage.policies(...policies);
      const { patch } = await admit(digest);
      const flat = patch.find(({ path }) => path.endsWith('/kyverno.io~1verify-images'));
      return Object.values(JSON.parse(String(flat?.value ?? '{}')) as Record<string, string>);
    };
    expect(await proofUnder(fails, passes)).toEqual(['fail']);
    expect(await proofUnder(passes, fails)).toEqual(['fail']);
    expect(await proofUnder(passes)).toEqual(['pass']);
  });

  test('a denial names every attestor that was tried, and which of them passed', async () => {
    const images = `${stage.registry.host}/*`;
    stage.policies(policy({ images, keys: [stage.team, stage.stranger], set: ['count: 2'] }));
    const { message } = await admit(await image(stage.team));
    expect(message).toMatch(/- ok attestors\[0\]\.entries\[0\]: /);
    expect(message).toMatch(/- no attestors\[0\]\.entries\[1\]: no signature verifies with key/);
  });

  test('one key under two algorithms is tried by each: a signature of one is none of the other', async () => {
    const images = `${stage.registry.host}/*`;
    const set = (signatureAlgorithm: string) => ({ entries: [byKey(stage.team, { signatureAlgorithm })] });
    const digest = await image(stage.team);
    for (const attestors of [
      [set('sha256'), set('sha512')],
      [set('sha512'), set('sha256')],
    ]) {
      stage.policies(policy({ images, attestors, failurePolicy: 'Ignore' }));
      expect(await admit(digest)).toMatchObject({ allowed: false, code: 403 });
    }
    const either = { count: 1, entries: [...set('sha512').entries, ...set('sha256').entries] };
    stage.policies(policy({ images, attestors: [either] }));
    expect((await admit(digest)).allowed).toBe(true);
  });

  test('a tag that a pointer remembers: a denial is asked about anew, and a registry that fails then denies nobody it knows', async () => {
    stage.policies(policy({ images: `${stage.registry.host}/*`, keys: [stage.team], failurePolicy: 'Ignore' }));
    const tagged = `${stage.registry.host}/${name}:v1`;
    const first = await makeImage(stage.target, name, 'v1');
    expect((await send(tagged)).allowed).toBe(false);
    await sign(stage.target, { repository: name, digest: first, key: stage.team });
    expect((await send(tagged)).patch[0]?.value).toBe(`${tagged}@${first}`);
    const second = await image(stage.team);
    stage.registry.store.tag(name, 'v1', second);
    stage.policies(policy({ images: `${stage.registry.host}/*`, keys: [stage.team], entry: ['annotations: {a: b}'] }));
    expect(await send(tagged)).toMatchObject({ allowed: false, code: 403 });
    await sign(stage.target, { repository: name, digest: second, key: stage.team, annotations: { a: 'b' } });
    // The pointer still names the first image, which this rule denies: the tag is resolved once more.
    expect((await send(tagged)).patch[0]?.value).toBe(`${tagged}@${second}`);
  });
});
