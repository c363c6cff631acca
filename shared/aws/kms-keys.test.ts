import { makeSigner } from '../../test/fixtures/signers.ts';
import { type AwsKmsKey, parseAwsKms } from '../policy/kms.ts';
import type { KmsKey } from '../trust/kms.ts';
import { kmsClients } from './kms-clients.ts';
import { type KmsKeysOptions, kmsKeys } from './kms-keys.ts';
import { type KmsAnswer, startKms, type TestKms } from './testing/kms.ts';
import { failed, fakeCredentials, keptMetrics } from './testing/service.ts';
import { passTime, startTimers, stopTimers } from './testing/time.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse('2026-01-01T00:00:00Z');
const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:us-east-1:111122223333:key/${id}`;
const [one, two] = [makeSigner(), makeSigner()];
let kms: TestKms;

beforeAll(async () => {
  kms = await startKms();
});
afterAll(() => kms.close());
beforeEach(() => {
  kms.keys.clear();
  kms.calls.length = 0;
});

function parsed(address: string): AwsKmsKey {
  const key = parseAwsKms(address);
  if ('problem' in key) throw new Error(key.problem);
  return key;
}

function keysAt(options: Partial<KmsKeysOptions> = {}) {
  const time = { now: start };
  const { counted, count } = keptMetrics();
  const clients = kmsClients({ endpoint: kms.endpoint, credentials: fakeCredentials, plainLoopback: false });
  const keys = kmsKeys({
    clientFor: clients,
    region: 'eu-west-1',
    clock: () => time.now,
    metrics: { count },
    ...options,
  });
  return { time, counted, find: (address = `awskms:///${id}`) => keys(parsed(address)) };
}

const holds = (keyId: string, signer = one) => kms.keys.set(keyId, { key: { der: signer.der } });
const fails = (keyId: string, answer: KmsAnswer) => kms.keys.set(keyId, answer);
const spkiOf = async (found: KmsKey | Promise<KmsKey>) => Buffer.from((await found).spki);

test('a key is asked for once by all who wait for it, and is then there without waiting', async () => {
  const { find } = keysAt();
  holds(id);
  const found = await Promise.all([find(), find(), find()]);
  expect(found.map(({ usage, algorithms }) => [usage, algorithms])).toEqual(
    Array.from({ length: 3 }, () => ['SIGN_VERIFY', ['ECDSA_SHA_256']]),
  );
  expect(kms.calls).toEqual([{ operation: 'GetPublicKey', input: { KeyId: id } }]);
  expect(find()).toBe(found[0]);
});

test.each([
  ['an ID', id, hour, 24 * hour],
  ['an ARN', arn, hour, 24 * hour],
  ['an alias', 'alias/cosign', 5 * minute, hour],
  ["an alias's ARN", 'arn:aws:kms:us-east-1:111122223333:alias/a', 5 * minute, hour],
])('by %s it is kept, and kept longer while KMS fails', async (_, keyId, fresh, stale) => {
  const { find, time, counted } = keysAt();
  const address = `awskms:///${keyId}`;
  holds(keyId);
  await find(address);
  holds(keyId, two);
  time.now = start + fresh - 1;
  expect(await spkiOf(find(address))).toEqual(one.der);
  fails(keyId, failed('AccessDeniedException'));
  time.now = start + fresh;
  expect(await spkiOf(find(address))).toEqual(one.der);
  expect(counted).toEqual(['kms-failed reason=kms-unavailable stale=served']);
  time.now = start + stale - 1;
  expect(await spkiOf(find(address))).toEqual(one.der);
  time.now = start + stale + 5000;
  await expect(find(address)).rejects.toMatchObject({ reason: 'kms-unavailable' });
  holds(keyId, two);
  time.now += 5000;
  expect(await spkiOf(find(address))).toEqual(two.der);
});

test.each([
  ['awskms:///alias/a', { region: 'eu-west-1' }],
  [`awskms:///${arn}`, { region: 'us-east-1' }],
  [
    'awskms://kms-fips.us-east-2.amazonaws.com/alias/a',
    { endpoint: 'kms-fips.us-east-2.amazonaws.com', region: 'us-east-2' },
  ],
  ['awskms://kms.internal:8443/alias/a', { endpoint: 'kms.internal:8443', region: 'eu-west-1' }],
])('%s is asked for at its own place', async (address, place) => {
  const asked: unknown[] = [];
  const { find } = keysAt({
    clientFor: async (where) => {
      asked.push(where);
      return async () => ({ PublicKey: one.der, KeyUsage: 'SIGN_VERIFY', SigningAlgorithms: ['ECDSA_SHA_256'] });
    },
  });
  await find(address);
  expect(asked).toEqual([place]);
});

test('the same name in another place is another key', async () => {
  const places: unknown[] = [];
  const { find } = keysAt({
    clientFor: async (place) => {
      places.push(place);
      return async () => ({ PublicKey: one.der, KeyUsage: 'SIGN_VERIFY' });
    },
  });
  await find('awskms:///alias/a');
  await find('awskms://kms.us-east-1.amazonaws.com/alias/a');
  expect(places).toHaveLength(2);
});

describe('what KMS says of the key', () => {
  test.each([
    ['there is none', failed('NotFoundException'), 'there is no such key'],
    ['the ARN is of another partition or service', failed('InvalidArnException'), 'there is no such key'],
    ['it is disabled', failed('DisabledException'), 'the key is disabled'],
    ['it is to be deleted', failed('KMSInvalidStateException'), 'to be deleted'],
    [
      'it is symmetric',
      failed('UnsupportedOperationException'),
      'name an asymmetric key whose KeyUsage is SIGN_VERIFY',
    ],
  ])('%s: key-invalid at once, whatever was kept', async (_, answer, told) => {
    const { find, time, counted } = keysAt();
    holds(id);
    await find();
    fails(id, answer);
    time.now += hour;
    await expect(find()).rejects.toMatchObject({ reason: 'key-invalid', message: expect.stringContaining(told) });
    await expect(find()).rejects.toMatchObject({
      message: expect.stringContaining(`kms:GetPublicKey of ${id} in eu-west-1`),
    });
    expect(counted).toEqual(['kms-failed reason=key-invalid stale=none']);
    expect(kms.calls).toHaveLength(2);
    // Nor is the old one good while KMS then fails.
    fails(id, failed('KMSInternalException', 500));
    time.now += 5000;
    await expect(find()).rejects.toMatchObject({ reason: 'kms-unavailable' });
  });
});

describe('what fails is kms-unavailable, for five seconds', () => {
  test.each<[string, KmsAnswer, string]>([
    ['denied', failed('AccessDeniedException'), 'allow the action kms:GetPublicKey on this key'],
    ['credentials that are over', failed('ExpiredTokenException'), 'AWS credentials are missing, wrong or over'],
    [
      'credentials that are unknown',
      failed('UnrecognizedClientException'),
      'AWS credentials are missing, wrong or over',
    ],
    ['throttled', failed('ThrottlingException'), 'asks to slow down'],
    ['a server error', failed('KMSInternalException', 500), 'AWS KMS failed'],
    ['a key store that is away', failed('KeyUnavailableException', 500), 'AWS KMS failed'],
    ['a connection that breaks', 'break', 'the connection to AWS KMS broke'],
    ['no key in the answer', { status: 200, body: { KeyUsage: 'SIGN_VERIFY' } }, 'was not understood'],
  ])('%s', async (_, answer, told) => {
    const { find, time, counted } = keysAt();
    fails(id, answer);
    const thrown: unknown = await Promise.resolve(find()).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'Refusal', reason: 'kms-unavailable', kind: 'unavailable' });
    expect(String(thrown)).toContain(told);
    expect(String(thrown)).not.toContain(fakeCredentials.accessKeyId);
    const asked = kms.calls.length;
    expect(asked).toBeLessThanOrEqual(2);
    await expect(find()).rejects.toBe(thrown);
    expect(kms.calls).toHaveLength(asked);
    expect(counted).toEqual(['kms-failed reason=kms-unavailable stale=none']);
    holds(id);
    time.now += 5000;
    expect(await spkiOf(find())).toEqual(one.der);
  });

  test('no answer: after a second and a half', async () => {
    const { find } = keysAt({
      clientFor: async () => (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
          setImmediate(() => passTime(1500));
        }),
    });
    stopTimers();
    await expect(find()).rejects.toMatchObject({
      reason: 'kms-unavailable',
      message: expect.stringContaining('in time'),
    });
    startTimers();
  });

  test('no region', async () => {
    const thrown = new Error('Region is missing');
    const { find } = keysAt({ clientFor: () => Promise.reject(thrown) });
    await expect(find('awskms:///alias/a')).rejects.toThrow(
      'no region is known: name the key by its ARN, or set AWS_REGION',
    );
  });
});

test('an endpoint of a key is called with TLS, but for loopback on one’s own machine', async () => {
  const { host } = new URL(kms.endpoint);
  holds('alias/a');
  const at = (plainLoopback: boolean) =>
    kmsKeys({
      clientFor: kmsClients({ credentials: fakeCredentials, plainLoopback }),
      region: 'eu-west-1',
      clock: () => start,
      metrics: keptMetrics(),
    });
  const key = parsed(`awskms://${host}/alias/a`);
  expect(await spkiOf(at(true)(key))).toEqual(one.der);
  await expect(at(false)(key)).rejects.toMatchObject({ reason: 'kms-unavailable' });
  expect(kms.calls).toHaveLength(1);
});
