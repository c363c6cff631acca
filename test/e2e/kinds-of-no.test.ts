import { on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openWorld, type PolicyParts, pod, policy, type Response, review, type World } from './harness.ts';

type Kind = 'denied' | 'unavailable' | 'invalid';
type Purpose = 'mutate' | 'validate';
const combinations = [
  { action: 'Enforce', failurePolicy: 'Fail' },
  { action: 'Enforce', failurePolicy: 'Ignore' },
  { action: 'Audit', failurePolicy: 'Fail' },
  { action: 'Audit', failurePolicy: 'Ignore' },
] as const;

/** The three kinds of no, a row per kind: the status of a denial in each combination, or `undefined` for admitted. */
const table: Readonly<Record<Kind, readonly (403 | 503 | undefined)[]>> = {
  denied: [403, 403, undefined, undefined],
  unavailable: [503, undefined, undefined, undefined],
  invalid: [403, 403, undefined, undefined],
};
const reasonOf = { denied: 'no-signature', unavailable: 'registry-error', invalid: 'image-unparsable' } as const;
const resultOf = { denied: 'fail', unavailable: 'error', invalid: 'error' } as const;

let world: World;
/** By digest, so that validate has no missing digest to speak of. */
let images: Readonly<Record<Kind | 'signed', string>>;

beforeAll(async () => {
  world = await openWorld();
  const { registry, destination, team: key } = world;
  const signed = await makeImage(destination, 'no/signed', '1');
  await sign(destination, { repository: 'no/signed', digest: signed, key });
  const unsigned = await makeImage(destination, 'no/unsigned', '1', { label: 'unsigned' });
  registry.settings.intercept = on({ name: 'no/private' }, { kind: 'status', status: 501 });
  images = {
    signed: `${registry.host}/no/signed:1@${signed}`,
    denied: `${registry.host}/no/unsigned:1@${unsigned}`,
    unavailable: `${registry.host}/no/private:1@${signed}`,
    invalid: `${registry.host}/no/Unparsable:1@${signed}`,
  };
});
afterAll(() => world.close());

function rule(parts: Partial<PolicyParts> = {}): string {
  return policy({ images: `${world.registry.host}/no/*`, keys: [world.team], ...parts });
}

function ask(purpose: Purpose, image: string | readonly string[], namespace = 'default'): Promise<Response> {
  return world.send(`/${purpose}`, review(pod(typeof image === 'string' ? [image] : image, { namespace })));
}

describe.each<Purpose>(['mutate', 'validate'])('on %s', (purpose) => {
  describe.each<Kind>(['denied', 'unavailable', 'invalid'])('%s', (kind) => {
    test.each(
      combinations.map((each, index) => ({
        ...each,
        status: table[kind][index],
        does: table[kind][index] ?? 'admitted',
      })),
    )('$action with failurePolicy $failurePolicy: $does', async ({ action, failurePolicy, status }) => {
      world.policies(rule({ action, failurePolicy }));
      const labels = { result: resultOf[kind], reason: reasonOf[kind] };
      const before = world.count('verdict', labels);

      const answer = await ask(purpose, images[kind]);

      expect(answer).toMatchObject({ statusCode: 200, allowed: status === undefined, code: status });
      expect(world.count('verdict', labels)).toBe(before + 1);
      if (status === undefined) {
        expect(answer.warnings).toEqual([expect.stringContaining(`signed/check`)]);
        expect(answer.warnings[0]).toContain(reasonOf[kind]);
        expect(answer.message).toBe('');
      } else {
        expect(answer.warnings).toEqual([]);
        expect(answer.message).toContain('policy signed, rule check');
        expect(answer.message).toContain(`${kind} (${reasonOf[kind]})`);
      }
      expect(answer.patch).toEqual([]);
    });
  });

  test.each(combinations)(
    '$action with failurePolicy $failurePolicy admits a signed image without a word',
    async (combination) => {
      world.policies(rule(combination));

      const answer = await ask(purpose, images.signed);

      expect(answer).toMatchObject({ allowed: true, code: undefined, warnings: [] });
    },
  );

  test('an image that says no decides over one that could not be read: 403, and both are told', async () => {
    world.policies(rule());

    const answer = await ask(purpose, [images.unavailable, images.denied, images.signed]);

    expect(answer.code).toBe(403);
    expect(answer.message).toContain('registry-error');
    expect(answer.message).toContain('no-signature');
    expect(answer.message).not.toContain('no/signed');
  });

  test('under failurePolicy Ignore the unread image of such a review is a warning, the denied one still denies', async () => {
    world.policies(rule({ failurePolicy: 'Ignore' }));

    const answer = await ask(purpose, [images.unavailable, images.denied]);

    expect(answer.code).toBe(403);
    expect(answer.message).not.toContain('no/private');
    expect(answer.warnings).toEqual([expect.stringContaining('no/private')]);
  });

  test('two images that could not be read: 503', async () => {
    world.policies(rule());
    const answer = await ask(purpose, [images.unavailable, images.unavailable.replace(':1@', ':2@')]);
    expect(answer).toMatchObject({ allowed: false, code: 503 });
  });
});

describe('invalid names the field', () => {
  const withLog = () => {
    const rekor = { url: 'https://rekor.example' };
    const keys = { publicKeys: world.team.publicKeyPem, rekor };
    return rule({ failurePolicy: 'Ignore', attestors: [{ entries: [{ keys }] }] });
  };

  test('of the policy: a log that nobody knows is refused under Ignore too, saying what to set', async () => {
    world.policies(withLog());
    const answer = await ask('mutate', images.signed);
    expect(answer.code).toBe(403);
    expect(answer.message).toContain('invalid (trust-missing)');
    expect(answer.message).toContain('attestors[0].entries[0].keys');
    expect(answer.message).toMatch(/set rekor\.pubkey, or rekor\.ignoreTlog: true/);
  });

  test('of the object: a list that is none', async () => {
    world.policies(rule({ failurePolicy: 'Ignore' }));
    const broken = { ...pod([]), spec: { containers: { name: 'web', image: images.signed } } };
    const answer = await world.send('/mutate', review(broken));
    expect(answer.code).toBe(403);
    expect(answer.message).toContain('invalid (object-malformed): /spec/containers must be a list');
    // It is about no image, and invents none.
    expect(answer.message).toContain('rule check: failed to verify images of the object\n');
    expect(world.records.at(-1)?.images).toEqual([
      expect.objectContaining({ image: '(the object as a whole)', reason: 'object-malformed', source: 'none' }),
    ]);
  });
});

describe('several rules on one image', () => {
  test('the one that enforces denies, the one that audits warns', async () => {
    world.policies(
      rule({ name: 'hard' }),
      rule({ name: 'soft', action: 'Audit', attestors: [{ entries: [byKey(world.stranger)] }] }),
    );
    const answer = await ask('mutate', images.denied);
    expect(answer.message).toContain('policy hard');
    expect(answer.warnings).toEqual([expect.stringMatching(/^soft\/check: /)]);
    const good = await ask('mutate', images.signed);
    expect(good).toMatchObject({ allowed: true, warnings: [expect.stringMatching(/^soft\/check: /)] });
  });
});

describe('scopes', () => {
  beforeEach(() => {
    world.policies(
      rule({ name: 'enforced' }),
      rule({ name: 'ignoring', failurePolicy: 'Ignore', attestors: [{ entries: [byKey(world.stranger)] }] }),
      rule({ name: 'audited', action: 'Audit', attestors: [{ entries: [byKey(world.stranger)] }] }),
    );
  });
  const at = (scope: string, image: string, purpose: Purpose = 'mutate') =>
    world.send(`/prod/${purpose}/${scope}`, review(pod([image])));

  test('`fail` asks the rules that enforce under Fail, and no others', async () => {
    expect(await at('fail', images.signed)).toMatchObject({ allowed: true, warnings: [] });
    const answer = await at('fail', images.denied);
    expect(answer).toMatchObject({ code: 403, warnings: [] });
    expect(answer.message).toContain('policy enforced');
    expect(answer.message).not.toMatch(/ignoring|audited/);
    expect(await at('fail', images.unavailable)).toMatchObject({ code: 503 });
  });

  test('`ignore` asks all others', async () => {
    const answer = await at('ignore', images.signed);
    expect(answer).toMatchObject({ code: 403, warnings: [expect.stringMatching(/^audited\//)] });
    expect(answer.message).toContain('policy ignoring');
    expect(answer.message).not.toContain('enforced');
    expect(await at('ignore', images.unavailable)).toMatchObject({
      allowed: true,
      warnings: [expect.stringMatching(/^ignoring\//), expect.stringMatching(/^audited\//)],
    });
  });

  test('`audit` asks every rule and never blocks', async () => {
    const answer = await at('audit', images.denied);
    expect(answer).toMatchObject({ allowed: true, patch: [] });
    expect(answer.warnings.map((warning) => warning.split('/')[0])).toEqual(['enforced', 'ignoring', 'audited']);
    for (const image of [images.unavailable, images.invalid]) {
      expect(await at('audit', image, 'validate')).toMatchObject({ allowed: true, code: undefined });
    }
  });

  test('a namespaceSelector that no rule has, and a cluster without policies: refused by name, whatever the scope', async () => {
    expect(await at('fail-0123456789abcdef', images.signed)).toMatchObject({
      uid: 'b7b0d6ac-0001',
      allowed: false,
      code: 403,
      message: expect.stringContaining('unknown-scope'),
    });
    expect(await world.send('/elsewhere/mutate/ignore', review(pod([images.signed])))).toMatchObject({
      allowed: false,
      code: 403,
      message: expect.stringContaining("unknown-cluster): no policies are configured for cluster 'elsewhere'"),
    });
    expect(world.count('refused', { reason: 'unknown-cluster' })).toBe(1);
    expect(await at('fail', images.signed)).toMatchObject({ allowed: true });
  });

  test.each(['failing', 'all', 'fail-XYZ', 'ignore-0123'])('`%s` is no webhook', async (scope) => {
    expect(await at(scope, images.signed)).toMatchObject({ statusCode: 404, uid: undefined });
  });
});

describe('validationFailureActionOverrides', () => {
  const overrides = (action: string, namespaces: string) =>
    `validationFailureActionOverrides: [{action: ${action}, namespaces: ["${namespaces}"]}]`;

  test('audits in the namespaces named, and enforces elsewhere', async () => {
    world.policies(rule({ spec: [overrides('Audit', 'dev-*')] }));
    expect(await ask('mutate', images.denied, 'dev-1')).toMatchObject({ allowed: true, warnings: [expect.anything()] });
    expect(await ask('mutate', images.denied, 'prod')).toMatchObject({ code: 403 });
  });

  test('enforces in the namespaces named, and audits elsewhere; its webhook is `fail`', async () => {
    world.policies(rule({ action: 'Audit', spec: [overrides('Enforce', 'prod')] }));
    const at = (namespace: string, image: string) =>
      world.send('/prod/mutate/fail', review(pod([image], { namespace })));
    expect(await at('prod', images.denied)).toMatchObject({ code: 403 });
    expect(await at('prod', images.unavailable)).toMatchObject({ code: 503 });
    expect(await at('prod', images.invalid)).toMatchObject({ code: 403 });
    expect(await at('prod', images.signed)).toMatchObject({ allowed: true, warnings: [] });
    for (const image of [images.denied, images.unavailable, images.invalid]) {
      expect(await at('dev', image)).toMatchObject({ allowed: true, warnings: [expect.anything()] });
    }
  });
});

describe('required and verifyDigest on validate', () => {
  test('an image without a digest is denied, with it admitted', async () => {
    world.policies(rule());
    const tagged = images.signed.replace(/@.*/, '');
    expect(await ask('validate', tagged)).toMatchObject({
      code: 403,
      message: expect.stringContaining('digest-missing'),
    });
    expect(await ask('validate', images.signed)).toMatchObject({ allowed: true });
    expect(await ask('mutate', tagged)).toMatchObject({ allowed: true });
  });

  test('verifyDigest: false admits a tag if it verifies, and `required` verifies it', async () => {
    world.policies(rule({ entry: ['verifyDigest: false'] }));
    expect(await ask('validate', images.signed.replace(/@.*/, ''))).toMatchObject({ allowed: true });
    expect(await ask('validate', images.denied.replace(/@.*/, ''))).toMatchObject({ code: 403 });
  });

  test('required: false leaves the digest alone to be checked; mutate verifies all the same', async () => {
    world.policies(rule({ entry: ['required: false'] }));
    expect(await ask('validate', images.denied)).toMatchObject({ allowed: true });
    expect(await ask('mutate', images.denied)).toMatchObject({ code: 403 });
  });

  test('a forged proof annotation is not believed: validate verifies for itself', async () => {
    world.policies(rule());
    const forged = (image: string) =>
      pod([image], {
        annotations: {
          'kyverno.io/verify-images': JSON.stringify({ [image.replace(':1@', '@')]: 'pass' }),
          'kyverno.io/verify-images-scoped': JSON.stringify({
            version: 1,
            policies: { '/signed': { check: { [image.replace(':1@', '@')]: 'pass' } } },
          }),
        },
      });
    expect(await world.send('/validate', review(forged(images.denied)))).toMatchObject({ code: 403 });
    expect(await world.send('/validate', review(forged(images.signed)))).toMatchObject({ allowed: true });
  });
});
