import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { selfSigned } from '../../local/tls.ts';
import { failed } from '../../shared/aws/testing/service.ts';
import { type DeployedResponse, type DeployedWorld, type Instance, openDeployed, tokens } from './deployed-world.ts';
import { pod, policy, review } from './documents.ts';

// Everything that a deployed function depends on, failing: the right one of three answers each time, nothing admitted that should not be,
// and a metric.

let world: DeployedWorld;
let signed: string;
let unsigned: string;

beforeAll(async () => {
  world = await openDeployed();
  const { registry, destination, team: key } = world;
  await sign(destination, { repository: 'team/signed', digest: await makeImage(destination, 'team/signed', '1'), key });
  await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
  signed = `${registry.host}/team/signed:1`;
  unsigned = `${registry.host}/team/unsigned:1`;
});
afterAll(() => world.close());

beforeEach(async () => {
  const { registry, team, dynamo, secrets } = world;
  dynamo.reset();
  registry.settings.intercept = undefined;
  registry.requests.length = 0;
  secrets.set('tokens', JSON.stringify({ prod: [tokens.prod], staging: [tokens.staging] }));
  secrets.set('mac-keys', macKeysOf(1));
  const images = `${registry.host}/team/*`;
  await world.policies({
    'fail.yaml': policy({ images, keys: [team] }),
    'ignore.yaml': policy({ name: 'lenient', images, keys: [team], failurePolicy: 'Ignore' }),
  });
  // Each test has a table of its own: what an earlier one left is too old.
  world.now += 3_600_000 * 25;
});

function macKeysOf(byte: number): string {
  return JSON.stringify([Buffer.alloc(32, byte).toString('base64')]);
}

function ask(instance: Instance, image: string, scope = 'fail', remaining?: number): Promise<DeployedResponse> {
  return instance.send(`/prod/mutate/${scope}/${tokens.prod}`, review(pod([image])), remaining);
}

/** The signed image is admitted and the other one denied by its evidence. */
async function expectVerdicts(instance: Instance): Promise<void> {
  expect(await ask(instance, signed)).toMatchObject({ statusCode: 200, allowed: true, warnings: [] });
  expect(await ask(instance, unsigned)).toMatchObject({ statusCode: 200, allowed: false, code: 403 });
}

function named(items: readonly Record<string, AttributeValue>[], start: string, part: string) {
  const found = items.find(({ pk }) => pk?.S?.startsWith(start) && pk.S.includes(part));
  if (found === undefined) throw new Error(`no item ${start} of ${part}`);
  return found;
}

test('nothing is wrong: what one instance verified is a hit in the next, without a request to the registry', async () => {
  const first = world.start();
  await expectVerdicts(first);
  world.registry.requests.length = 0;
  const second = world.start();
  expect(await ask(second, signed)).toMatchObject({ allowed: true });
  expect(world.registry.count()).toBe(0);
  expect(second.records.at(-1)).toMatchObject({ cluster: 'prod', allowed: true, images: [{ source: 'ledger' }] });
  expect([...first.problems, ...second.problems]).toEqual([]);
  expect(second.counted).toEqual(['policy-warning', 'verdict result=pass reason=verified']);
});

describe('the table', () => {
  test.each([
    ['is down', () => 'break' as const, 'reason=broken'],
    ['is throttled', () => failed('ProvisionedThroughputExceededException'), 'reason=throttled'],
    ['is slow', () => undefined, 'reason=slow'],
    ['is gone', () => failed('ResourceNotFoundException'), 'reason=missing'],
  ])('%s: every image is verified at its registry', async (_, answer, reason) => {
    world.dynamo.intercept(answer);
    const instance = world.start();
    await expectVerdicts(instance);
    expect(instance.counted.filter((metric) => metric.startsWith('table-failed'))).toEqual(
      expect.arrayContaining([`table-failed operation=read ${reason}`]),
    );
    expect(instance.counted).toContain('ledger-read-failed');
    // Nor is what it verified itself believed while generations cannot be read.
    world.registry.requests.length = 0;
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
    expect(world.registry.count()).toBeGreaterThan(0);
  });

  test('takes no writes: the answer is the same', async () => {
    world.dynamo.intercept(({ operation }, forward) =>
      operation === 'PutItem' ? failed('InternalServerError', 500) : forward(),
    );
    const instance = world.start();
    await expectVerdicts(instance);
    expect(instance.counted).toContain('ledger-write-failed');
  });
});

describe('an item', () => {
  beforeEach(() => ask(world.start(), signed));

  test.each([
    ['is corrupt', { body: { S: '{"digest":' } }, 'reason=mac'],
    ['has another type', { body: { N: '1' } }, 'reason=malformed'],
    ['has another MAC', { mac: { S: '2.AAAA' } }, 'reason=mac'],
    ['has lost its MAC', { mac: { S: '' } }, 'reason=version'],
    ['is of another version', { mac: { S: '9.AAAA' } }, 'reason=version'],
  ])('%s: a miss, and the image is verified once more', async (_, change, reason) => {
    for (const item of await world.items()) if (item['mac'] !== undefined) await world.put({ ...item, ...change });
    world.registry.requests.length = 0;
    const instance = world.start();
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
    expect(world.registry.count()).toBeGreaterThan(0);
    expect(instance.counted).toEqual(expect.arrayContaining([`ledger-item-refused item=pointer ${reason}`]));
  });

  test('carries the MAC of a key that is no longer valid: a miss', async () => {
    world.secrets.set('mac-keys', macKeysOf(2));
    world.registry.requests.length = 0;
    const instance = world.start();
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
    expect(world.registry.count()).toBeGreaterThan(0);
    expect(instance.counted).toContain('ledger-item-refused item=pointer reason=mac');
    expect(instance.counted).toContain('ledger-item-refused item=verification reason=mac');
  });

  test('is copied to another key: the image that nobody signed stays denied', async () => {
    const items = await world.items();
    const pointer = named(items, 'tag#', '/team/signed:1');
    const verification = named(items, 'img#', '/team/signed@');
    const other = world.start();
    const { counted } = other;
    // By its tag: the pointer to the signed digest. By its digest: the signed image's verification.
    await world.put({ ...pointer, pk: { S: `tag#${unsigned}` } });
    const digest = await makeImage(world.destination, 'team/unsigned', '1', { label: 'unsigned' });
    const repository = unsigned.slice(0, unsigned.lastIndexOf(':'));
    await world.put({ ...verification, pk: { S: `img#${repository}@${digest}` } });
    expect(await ask(other, unsigned)).toMatchObject({ allowed: false, code: 403 });
    expect(counted).toContain('ledger-item-refused item=pointer reason=mac');
    expect(counted).toContain('ledger-item-refused item=verification reason=mac');
    expect(await ask(other, signed)).toMatchObject({ allowed: true });
  });
});

describe('the secret with the webhook tokens', () => {
  test.each([
    ['is missing', failed('ResourceNotFoundException'), 'problem=missing'],
    ['has no value yet', failed('InvalidRequestException'), 'problem=missing'],
    ['is malformed', '{"prod": ', 'problem=malformed'],
    ['may not be read', failed('AccessDeniedException'), 'problem=unavailable'],
    ['cannot be read', failed('InternalServiceError', 500), 'problem=unavailable'],
  ])('%s: nobody can be told from anybody, so the call fails', async (_, secret, problem) => {
    world.secrets.set('tokens', secret);
    const instance = world.start();
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 503, body: '' });
    expect(await ask(instance, signed, 'audit')).toMatchObject({ statusCode: 503, body: '' });
    expect(instance.counted).toContain('tokens-unavailable cluster=prod');
    expect(instance.counted).toContain(`secret-failed ${problem} stale=none`);
    expect(world.registry.count()).toBe(0);
  });

  test('does not name a cluster: its calls are refused, those of others are answered', async () => {
    world.secrets.set('tokens', JSON.stringify({ staging: [tokens.staging] }));
    const instance = world.start();
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 401, body: '' });
    expect(instance.counted).toEqual(['policy-warning', 'unauthorized cluster=prod']);
    const answer = await instance.send(`/staging/mutate/fail/${tokens.staging}`, review(pod([signed])));
    expect(answer).toMatchObject({ statusCode: 200, allowed: true });
  });

  test('has too short a token for one cluster: its calls fail, those of others are answered, and the log says whose', async () => {
    world.secrets.set('tokens', JSON.stringify({ prod: ['short'], staging: [tokens.staging] }));
    const instance = world.start();
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 503, body: '' });
    expect(await instance.send('/prod/mutate/fail/short', review(pod([signed])))).toMatchObject({ statusCode: 503 });
    expect([...instance.counted].sort()).toEqual([
      ...['policy-warning', 'tokens-invalid'],
      ...['tokens-unavailable cluster=prod', 'tokens-unavailable cluster=prod'],
    ]);
    expect(instance.problems).toEqual([expect.stringMatching(/^the secret tokens: prod has a token that is not 32 /)]);
    const answer = await instance.send(`/staging/mutate/fail/${tokens.staging}`, review(pod([signed])));
    expect(answer).toMatchObject({ statusCode: 200, allowed: true });
  });

  test('fails after it was read: the tokens stay valid, and a rotation is seen when it is back', async () => {
    const instance = world.start();
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
    world.now += 11 * 60_000;
    world.secrets.set('tokens', failed('InternalServiceError', 500));
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
    expect(instance.counted).toContain('secret-failed problem=unavailable stale=served');
    world.now += 11 * 60_000;
    world.secrets.set('tokens', JSON.stringify({ prod: ['n'.repeat(40)] }));
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 401 });
  });
});

describe('the secret with the MAC keys', () => {
  test.each([
    ['is missing', failed('ResourceNotFoundException'), 'problem=missing'],
    ['is malformed', JSON.stringify(['c2hvcnQ=']), 'problem=malformed'],
    ['cannot be read', failed('InternalServiceError', 500), 'problem=unavailable'],
  ])('%s: the ledger is not used, and verification goes on', async (_, secret, problem) => {
    await ask(world.start(), signed);
    const before = await world.items();
    world.secrets.set('mac-keys', secret);
    const instance = world.start();
    world.registry.requests.length = 0;
    await expectVerdicts(instance);
    expect(world.registry.count({ name: 'team/signed' })).toBeGreaterThan(0);
    expect(instance.counted).toContain('ledger-without-keys');
    expect(instance.counted).toContain(`secret-failed ${problem} stale=none`);
    expect(await world.items()).toEqual(before);
    // When the keys are back, so is what was stored.
    world.secrets.set('mac-keys', macKeysOf(1));
    world.now += 6000;
    world.registry.requests.length = 0;
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
    expect(world.registry.count()).toBe(0);
  });
});

describe('300 ms before the function ends', () => {
  test.each([
    ['fail', { allowed: false, code: 503 }],
    ['ignore', { allowed: true, warnings: [expect.stringContaining('deadline')] }],
  ])('a registry that never answers: unavailable, in scope %s', async (scope, expected) => {
    world.registry.settings.intercept = on({ name: 'team/signed' }, { kind: 'hang' });
    const instance = world.start();
    await instance.begin();
    const answer = await ask(instance, signed, scope, 300);
    expect(answer).toMatchObject({ statusCode: 200, ...expected });
    expect(answer.left).toBeGreaterThan(0);
    expect(instance.counted).toContain('verdict result=error reason=deadline');
  });

  test('a table that never answers: an image that nobody signed is not admitted under Fail', async () => {
    world.dynamo.intercept(() => undefined);
    const instance = world.start();
    const answer = await ask(instance, unsigned, 'fail', 300);
    expect(answer).toMatchObject({ statusCode: 200, allowed: false });
    expect(answer.left).toBeGreaterThan(0);
  });

  test('a secret that never comes: the call fails, in time', async () => {
    world.secrets.set('tokens', 'never');
    const instance = world.start();
    const answer = await ask(instance, signed, 'fail', 300);
    expect(answer).toMatchObject({ statusCode: 503, body: '' });
    expect(answer.left).toBeGreaterThan(0);
    expect(instance.counted).toContain('tokens-unavailable cluster=prod');
  });

  test('what the ledger knows is admitted all the same', async () => {
    await ask(world.start(), signed);
    const instance = world.start();
    await instance.loadAll();
    expect(await ask(instance, signed, 'fail', 300)).toMatchObject({ allowed: true });
  });
});

describe('policies that do not load', () => {
  const broken = 'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: broken}\nspec: {rulez: []}\n';

  test('are those of one cluster: its reviews are invalid and name the field, those of the other are answered', async () => {
    await world.policies({
      'prod/broken.yaml': broken,
      'fail.yaml': policy({ images: `${world.registry.host}/team/*`, keys: [world.team] }),
    });
    const instance = world.start();
    const refused = await ask(instance, signed);
    expect(refused).toMatchObject({ statusCode: 200, allowed: false, code: 403 });
    expect(refused.message).toMatch(/policies-invalid.*prod\/broken\.yaml:4.*rulez/);
    expect(await ask(instance, signed, 'ignore')).toMatchObject({ allowed: false, code: 403 });
    // Nothing of this scope blocks: it is what the break-glass namespace calls.
    const audited = await ask(instance, signed, 'audit');
    expect(audited).toMatchObject({ allowed: true, warnings: [expect.stringContaining('policies-invalid')] });
    expect(instance.counted).toContain('refused cluster=prod reason=policies-invalid');
    expect(instance.problems).toEqual([expect.stringContaining('prod: prod/broken.yaml:4')]);
    expect(instance.records.map(({ allowed, refused: why }) => [allowed, why])).toEqual([
      [false, 'policies-invalid'],
      [false, 'policies-invalid'],
      [true, 'policies-invalid'],
    ]);
    const answer = await instance.send(`/staging/mutate/fail/${tokens.staging}`, review(pod([signed])));
    expect(answer).toMatchObject({ allowed: true });
  });

  test('are not UTF-8: nothing is admitted by what they would be read as', async () => {
    const text = policy({ images: `${world.registry.host}/team/*`, keys: [world.team] });
    await world.policies({ 'a.yaml': Buffer.concat([Buffer.from('# caf'), Buffer.of(0xe9, 0x0a), Buffer.from(text)]) });
    const refused = world.start();
    expect(await ask(refused, signed)).toMatchObject({ allowed: false, code: 403 });
    expect(refused.problems).toContainEqual(
      'prod: a.yaml is not UTF-8: save it as UTF-8 (the first byte that is none is in line 1)',
    );
    await world.policies({ 'a.yaml': `# café\n${text}` });
    expect(await ask(world.start(), signed)).toMatchObject({ allowed: true });
  });

  test('hold no rule for a cluster: nothing is admitted for that', async () => {
    await world.policies({ 'staging/a.yaml': policy({ images: `${world.registry.host}/team/*`, keys: [world.team] }) });
    const instance = world.start();
    const refused = await ask(instance, signed);
    expect(refused).toMatchObject({ allowed: false, code: 403 });
    expect(refused.message).toContain("no verifyImages rule for cluster 'prod'");
  });
});

describe('policies that load, with warnings', () => {
  const ignoring = (name: string) =>
    policy({ name, images: `${world.registry.host}/team/*`, keys: [world.team], failurePolicy: 'Ignore' });

  test('are told to operators once, when an instance starts, and counted; not with every review', async () => {
    await world.policies({ 'all.yaml': ignoring('all'), 'staging/own.yaml': ignoring('own') });
    const instance = world.start();
    for (let review = 0; review < 2; review += 1) await ask(instance, signed, 'ignore');
    expect(instance.warned).toEqual([
      expect.stringMatching(/^all\.yaml:\d+: warning: .*rule 'check' enforces under failurePolicy Ignore/),
      expect.stringMatching(/^staging\/own\.yaml:\d+: warning: .*rule 'check' enforces under failurePolicy Ignore/),
    ]);
    expect(instance.counted.filter((name) => name === 'policy-warning')).toHaveLength(2);
    await world.policies({ 'all.yaml': ignoring('all').replace('failurePolicy: Ignore', 'failurePolicy: Fail') });
    const quiet = world.start();
    await ask(quiet, signed);
    expect(quiet.warned).toEqual([]);
  });

  test('are told in a bounded number of lines, and how many there are beyond', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ignoring(`p${index}`));
    await world.policies({ 'all.yaml': many.join('\n---\n') });
    const instance = world.start();
    await ask(instance, signed, 'ignore');
    expect(instance.warned).toHaveLength(51);
    expect(instance.warned.at(-1)).toMatch(/^and 10 more/);
  });
});

test('a cluster none of whose rules can match a kind that is known: its reviews are refused, not admitted unasked', async () => {
  const parts = { images: `${world.registry.host}/team/*`, keys: [world.team] };
  await world.policies({ 'prod/all.yaml': policy({ ...parts, kinds: ['Pods'] }), 'staging/all.yaml': policy(parts) });
  const instance = world.start();
  for (const scope of ['fail', 'ignore']) {
    const refused = await ask(instance, signed, scope);
    expect(refused).toMatchObject({ allowed: false, code: 403 });
    expect(refused.message).toContain("kind 'Pods': did you mean Pod?");
  }
  const answer = await instance.send(`/staging/mutate/fail/${tokens.staging}`, review(pod([signed])));
  expect(answer).toMatchObject({ allowed: true });
});

test('a Policy without a namespace is refused by name: which cluster’s namespace it is about nobody said', async () => {
  const text = policy({ images: `${world.registry.host}/team/*`, keys: [world.team] });
  await world.policies({ 'own.yaml': text.replace('kind: ClusterPolicy', 'kind: Policy') });
  const refused = await ask(world.start(), signed);
  expect(refused).toMatchObject({ allowed: false, code: 403 });
  expect(refused.message).toContain('own.yaml:3: metadata: namespace is required');
});

describe('an environment that is wrong', () => {
  test('fails every call and tells all that is wrong, once', async () => {
    const instance = world.start({ CLUSTERS: '', LEDGER_TABLE: undefined, VPC_RANGES: 'everything' });
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 503, body: '' });
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 503, body: '' });
    expect(instance.problems).toHaveLength(1);
    for (const name of ['CLUSTERS', 'LEDGER_TABLE', 'VPC_RANGES']) expect(instance.problems[0]).toContain(name);
    expect(instance.counted).toEqual(['config-invalid', 'config-invalid', 'config-invalid']);
  });
});

describe('a registry with a CA of its own', () => {
  test('is believed by the certificates in the zip that REGISTRY_CA names, and by no others', async () => {
    await world.policies({ 'a.yaml': policy({ images: `${world.registry.host}/team/*`, keys: [world.team] }) });
    await world.file('own.pem', world.registryCertificate);
    await world.file('other.pem', (await selfSigned()).certPem);
    // The ledger knows the image from other tests; its tag is asked for all the same.
    const start = (file: string) => world.start({ REGISTRY_CA: file, tagPointers: 'off' });
    const untrusted = await ask(start('other.pem'), signed);
    expect(untrusted).toMatchObject({ allowed: false, code: 503 });
    expect(untrusted.message).toContain('registryCa');
    expect(await ask(start('own.pem'), signed)).toMatchObject({ allowed: true });
  });

  test.each([
    ['is not there', undefined, 'cannot be read'],
    ['holds no certificate', '# none', 'holds no certificate'],
    ['holds a key', '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n', 'holds a PRIVATE KEY'],
  ])('whose file %s: every call fails, and operators are told why', async (_, text, problem) => {
    const name = 'wrong.pem';
    if (text !== undefined) await world.file(name, text);
    const instance = world.start({ REGISTRY_CA: name });
    expect(await ask(instance, signed)).toMatchObject({ statusCode: 503, body: '' });
    expect(instance.problems).toEqual([expect.stringContaining(`REGISTRY_CA: ${name} ${problem}`)]);
  });

  test('whose certificate has expired: operators are told', async () => {
    const expired = await selfSigned({ now: new Date('2020-01-01T00:00:00Z') });
    await world.file('expired.pem', expired.certPem);
    const instance = world.start({ REGISTRY_CA: 'expired.pem' });
    expect(instance.problems).toEqual([
      expect.stringContaining('expired.pem: certificate 1 has expired on 2020-12-30'),
    ]);
    expect(instance.counted).toEqual(['registry-ca-invalid']);
  });
});

describe('hosts', () => {
  const elsewhere = 'registry.elsewhere.example/team/app:1';

  test('that no rule names and no setting lists are not called for an image', async () => {
    await world.policies({ 'any.yaml': policy({ images: ['*'], keys: [world.team] }) });
    const instance = world.start({ REGISTRIES: world.registry.host });
    const answer = await ask(instance, elsewhere);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('host-refused');
    expect(await ask(instance, signed)).toMatchObject({ allowed: true });
  });

  test('are open in a rule and none is configured: the rule does not load', async () => {
    await world.policies({ 'any.yaml': policy({ images: ['*'], keys: [world.team] }) });
    const answer = await ask(world.start(), signed);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toMatch(/rule 'check' of 'signed'.*REGISTRIES/);
  });

  test('on addresses that are not public are called only where the settings name both', async () => {
    const instance = world.start({ PRIVATE_HOSTS: 'other.example' });
    const answer = await ask(instance, signed);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('address-refused');
  });
});
