import { newKey, sign } from '../../local/signer/signer.ts';
import { about, admit, all, by, equals, openAttested, pushImage, scanType, told } from './attested.ts';

const hour = 3_600_000;
const day = 24 * hour;
const conditions = [all(equals('{{ critical }}', 0))];
const attestations = [{ name: 'scan', type: scanType, conditions }];

test('an attestation pushed after a verdict was stored, which fails: denied at the latest after the TTL', async () => {
  await using it = await openAttested();
  it.policies(about(it, { attestations }));
  await it.image.attest({ critical: 0 });
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  await it.image.attest({ critical: 9 });
  const before = it.registry.requests.length;
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  expect(it.registry.requests.length).toBe(before);
  it.now += hour + 1;
  expect(told(await admit(it, it.image.name))).toContain(
    '403 (condition-failed): attestations[0] "scan": statement 2 of 2',
  );
});

test('a denial is not remembered: once what was attested is good, it is allowed', async () => {
  await using it = await openAttested();
  it.policies(about(it, { attestations }));
  expect(told(await admit(it, it.image.name))).toContain('(attestation-missing)');
  await it.image.attest({ critical: 0 });
  expect(told(await admit(it, it.image.name))).toBe('allowed');
});

test('a hit whose conditions fail is fetched again: the denial rests on the registry as it is, and so does a pass', async () => {
  await using it = await openAttested();
  const since = (limit: string) => [
    all({ key: "{{ time_since('', '{{ scannedAt }}', '') }}", operator: 'LessThanOrEquals', value: limit }),
  ];
  it.policies(about(it, { attestations: [{ type: scanType, conditions: since('45m') }] }));
  await it.image.attest({ scannedAt: '2026-01-01T00:00:00Z' });
  it.now = Date.parse('2026-01-01T00:30:00Z');
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  it.now += 20 * 60_000;
  const requests = () => it.registry.requests.splice(0).length;
  requests();
  expect(told(await admit(it, it.image.name))).toContain('403 (condition-failed)');
  expect(requests()).toBeGreaterThan(0);
  // An attestation that fails stands until it is deleted; another policy asks for less, of what is remembered.
  it.policies(about(it, { attestations: [{ type: scanType, conditions: since('2h') }] }));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  expect(requests()).toBe(0);
});

test('conditions do not belong to what is remembered: another condition asks the same statements', async () => {
  await using it = await openAttested();
  await it.image.attest({ critical: 2 });
  const most = (value: number) => [all({ key: '{{ critical }}', operator: 'LessThanOrEquals', value })];
  it.policies(about(it, { attestations: [{ type: scanType, conditions: most(2) }] }));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  const before = it.registry.requests.length;
  it.policies(about(it, { attestations: [{ type: scanType, conditions: most(3) }] }));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  expect(it.registry.requests.length).toBe(before);
  it.policies(about(it, { attestations: [{ type: scanType, conditions: most(1) }] }));
  expect(told(await admit(it, it.image.name))).toContain('(condition-failed)');
});

test('that it is there is remembered apart from what it states', async () => {
  await using it = await openAttested();
  await it.image.attest({ critical: 2 });
  it.policies(about(it, { attestations: [{ type: scanType }] }));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  it.policies(about(it, { attestations }));
  expect(told(await admit(it, it.image.name))).toContain('(condition-failed)');
  const deny = { conditions: [equals('{{ scan.critical }}', 2)] };
  it.policies(about(it, { attestations: [{ name: 'scan', type: scanType }], validate: { message: 'two', deny } }));
  expect(told(await admit(it, it.image.name))).toBe('403 (deny-condition): two');
});

test('conditions about the request never answer for another request', async () => {
  await using it = await openAttested();
  await it.image.attest({ namespace: 'shop' });
  const own = [all(equals('{{ request.namespace }}', '{{ namespace }}'))];
  it.policies(about(it, { attestations: [{ type: scanType, conditions: own }] }));
  const inNamespace = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace },
    spec: { containers: [{ name: 'a', image: it.image.name }] },
  });
  expect(told(await admit(it, inNamespace('shop')))).toBe('allowed');
  expect(told(await admit(it, inNamespace('other')))).toContain('(condition-failed)');
  expect(told(await admit(it, inNamespace('shop')))).toBe('allowed');
});

test('useCache: false asks the registry each time', async () => {
  await using it = await openAttested();
  await it.image.attest({ critical: 0 });
  const remembered = async (entry: readonly string[]) => {
    it.policies(about(it, { attestations, entry }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    const before = it.registry.requests.length;
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    return it.registry.requests.length === before;
  };
  expect(await remembered(['useCache: false'])).toBe(false);
  expect(await remembered([])).toBe(true);
});

test('a tag that has moved is weighed by what it names now, whatever another rule made of the ledger before', async () => {
  await using it = await openAttested();
  const other = newKey();
  const scanned = about(it, { name: 'scanned', attestations });
  const signed = about(it, { name: 'signed', keys: [other] });
  await it.image.attest({ critical: 0 });
  it.policies(scanned);
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  const moved = await pushImage(it);
  await moved.attest({ critical: 9 });
  for (const { repository, digest } of [it.image, moved])
    await sign(it.destination, { repository, digest, key: other });
  // The ledger still says where the tag pointed, and that this was scanned; the other check it does not know.
  it.policies(scanned, signed);
  expect(told(await admit(it, it.image.name))).toContain('403 (condition-failed)');
  await using twin = await openAttested();
  twin.policies(about(twin, { attestations }));
  await twin.image.attest({ critical: 0 });
  expect(told(await admit(twin, twin.image.name))).toBe('allowed');
  const good = await pushImage(twin);
  await good.attest({ critical: 0 });
  for (const { repository, digest } of [twin.image, good])
    await sign(twin.destination, { repository, digest, key: other });
  twin.policies(about(twin, { name: 'scanned', attestations }), about(twin, { name: 'signed', keys: [other] }));
  const answer = await admit(twin, twin.image.name);
  expect(told(answer)).toBe('allowed');
  expect(answer.patch[0]?.value).toBe(`${twin.image.name}@${good.digest}`);
});

test('a registry that is down is unavailable, and what was remembered answers meanwhile', async () => {
  await using it = await openAttested();
  await it.image.attest({ critical: 0 });
  const policies = (failurePolicy: 'Fail' | 'Ignore') =>
    it.policies(about(it, { attestations: [{ type: scanType, attestors: by(it.team), conditions }], failurePolicy }));
  policies('Fail');
  const pinned = `${it.image.name}@${it.image.digest}`;
  expect(told(await admit(it, pinned))).toBe('allowed');
  it.registry.settings.intercept = () => ({ kind: 'status', status: 503 });
  expect(told(await admit(it, pinned))).toBe('allowed');
  it.now += day;
  expect(told(await admit(it, pinned))).toMatch(/^503 /);
  policies('Ignore');
  const ignored = await admit(it, pinned);
  expect(ignored.allowed).toBe(true);
  expect(ignored.warnings.join()).toContain('registry-error');
});
