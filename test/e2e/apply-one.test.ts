import { on } from '../../local/registry/faults.ts';
import type { SigningKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openWorld, pod, review, type World } from './harness.ts';

type Json = Readonly<Record<string, unknown>>;

let world: World;
/** By their repositories, signed by the team. */
let digests: Readonly<Record<string, string>>;

beforeAll(async () => {
  world = await openWorld();
  const made = ['first/app', 'second/app'].map(async (repository) => {
    const digest = await makeImage(world.destination, repository, '1', { label: repository });
    await sign(world.destination, { repository, digest, key: world.team });
    return [repository, digest] as const;
  });
  digests = Object.fromEntries(await Promise.all(made));
});
beforeEach(() => {
  world.registry.settings.intercept = undefined;
  world.now += 2 * 3_600_000;
});
afterAll(() => world.close());

interface RuleParts {
  readonly name: string;
  readonly images: string;
  readonly key: SigningKey;
  /** Of the element of verifyImages. */
  readonly entry?: Json;
  readonly rule?: Json;
}

function ruleOf({ name, images, key, entry = {}, rule = {} }: RuleParts): Json {
  const attestors = [{ entries: [byKey(key)] }];
  return {
    name,
    match: { any: [{ resources: { kinds: ['Pod'] } }] },
    verifyImages: [{ imageReferences: [`${world.registry.host}/${images}`], attestors, ...entry }],
    ...rule,
  };
}

/** `first` is about images below first/, which are signed as it asks, `second` about all, which are not. */
function inForce(
  { applyRules = 'One', ...spec }: Json,
  first: Partial<RuleParts> = {},
  second: Partial<RuleParts> = {},
  ...others: string[]
): void {
  const rules = [
    ruleOf({ name: 'first', images: 'first/*', key: world.team, ...first }),
    ruleOf({ name: 'second', images: '*', key: world.stranger, ...second }),
  ];
  const metadata = { name: 'one' };
  const whole = { validationFailureAction: 'Enforce', applyRules, rules, ...spec };
  world.policies(
    JSON.stringify({ apiVersion: 'kyverno.io/v1', kind: 'ClusterPolicy', metadata, spec: whole }),
    ...others,
  );
}

const image = (name: string) => `${world.registry.host}/${name}/app:1`;
const pinned = (name: string) => `${image(name)}@${digests[`${name}/app`]}`;
const ask = (path: string, names: readonly string[], toImage = image) =>
  world.send(path, review(pod(names.map(toImage))));
const lastRules = () => world.records.at(-1)?.images.map(({ rule, reason }) => `${rule} ${reason}`);

test('the first rule that says anything of an object is the last that is asked', async () => {
  inForce({ applyRules: 'All' });
  expect(await ask('/mutate', ['first'])).toMatchObject({ allowed: false });
  inForce({});
  const answer = await ask('/mutate', ['first']);
  expect(answer).toMatchObject({ allowed: true, warnings: [] });
  expect(answer.patch[0]?.value).toContain('@sha256:');
  expect(lastRules()).toEqual(['first verified', 'second rule-not-reached']);
});

test('a rule that says nothing of it leaves it to the next, and one that fails it is the last', async () => {
  inForce({});
  const denied = await ask('/mutate', ['second']);
  expect(denied).toMatchObject({ allowed: false });
  expect(denied.message).toContain('rule second');
  inForce({}, { key: world.stranger }, { key: world.team });
  expect(await ask('/mutate', ['first'])).toMatchObject({ allowed: false });
  expect(lastRules()).toEqual(['first signature-mismatch', 'second rule-not-reached']);
});

test('a rule that audits is the last too, whatever the next enforces, in one webhook with it', async () => {
  const audits = { entry: { failureAction: 'Audit', mutateDigest: false } };
  inForce({}, audits);
  for (const path of ['/mutate', '/default/mutate/fail', '/default/validate/fail']) {
    expect(await ask(path, ['first'], pinned)).toMatchObject({ allowed: true, warnings: [] });
    expect(lastRules()).toEqual(['first verified', 'second rule-not-reached']);
    expect(await ask(path, ['second'], pinned)).toMatchObject({ allowed: false });
  }
  inForce({}, { ...audits, key: world.stranger });
  expect(await ask('/default/mutate/fail', ['first'], pinned)).toMatchObject({
    allowed: true,
    warnings: [expect.stringContaining('one/first')],
  });
});

test('validate asks the rule that mutate asked, where of that one it asks nothing', async () => {
  inForce({}, { entry: { required: false, verifyDigest: false } });
  expect(await ask('/mutate', ['first'], pinned)).toMatchObject({ allowed: true });
  expect(await ask('/validate', ['first'], pinned)).toMatchObject({ allowed: true });
  expect(lastRules()).toEqual(['second rule-not-reached']);
  expect(await ask('/validate', ['second'], pinned)).toMatchObject({ allowed: false });
});

test('a rule that could not say is not the last, under either failurePolicy', async () => {
  const firstIsDown = () => {
    world.registry.settings.intercept = on({ name: 'first/app' }, { kind: 'status', status: 503 });
  };
  for (const failurePolicy of ['Fail', 'Ignore']) {
    inForce({ failurePolicy });
    firstIsDown();
    // `second` is asked about the other image, which is there.
    expect(await ask('/mutate', ['first', 'second'])).toMatchObject({ allowed: false, code: 403 });
    expect(lastRules()).toContain('second signature-mismatch');
    inForce({ failurePolicy }, {}, { images: 'second/*', key: world.team });
    const answer = await ask('/mutate', ['first', 'second']);
    expect(answer.allowed).toBe(failurePolicy === 'Ignore');
    expect(lastRules()).toContain('second verified');
  }
});

test('the rules that auto-gen makes are counted in their order', async () => {
  inForce({});
  const deployment = (name: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { template: { spec: { containers: [{ name: 'a', image: image(name) }] } } },
  });
  expect(await world.send('/mutate', review(deployment('first')))).toMatchObject({ allowed: true });
  expect(lastRules()).toEqual(['autogen-first verified', 'autogen-second rule-not-reached']);
  expect(await world.send('/mutate', review(deployment('second')))).toMatchObject({ allowed: false });
});

test('of an image that an UPDATE leaves as it was a rule says nothing', async () => {
  inForce({});
  const update = (...names: readonly string[]) => {
    const before = pod([pinned('first')]);
    return world.send('/mutate', review(pod([pinned('first'), ...names.map(pinned)]), before, { operation: 'UPDATE' }));
  };
  expect(await update()).toMatchObject({ allowed: true });
  expect(lastRules()).toEqual(['first unchanged', 'second unchanged']);
  // As in Kyverno: `first` has said nothing, and `second` is about the image that was added.
  expect(await update('second')).toMatchObject({ allowed: false });
});

test('an object that an exception takes out of the first rule is left to the next', async () => {
  const spec = {
    match: { any: [{ resources: { kinds: ['Pod'] } }] },
    exceptions: [{ policyName: 'one', ruleNames: ['first'] }],
  };
  const exception = { apiVersion: 'kyverno.io/v2', kind: 'PolicyException', metadata: { name: 'e' }, spec };
  inForce({}, {}, {}, JSON.stringify(exception));
  expect(await ask('/mutate', ['first'])).toMatchObject({ allowed: false });
  expect(lastRules()).toEqual(['first policy-exception', 'second signature-mismatch']);
});

test('preconditions that do not hold leave it to the next as well', async () => {
  const preconditions = { all: [{ key: '{{ request.name }}', operator: 'Equals', value: 'other' }] };
  inForce({}, { rule: { preconditions } });
  expect(await ask('/mutate', ['first'])).toMatchObject({ allowed: false });
  expect(lastRules()).toEqual(['first preconditions-unmet', 'second signature-mismatch']);
});
