import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { startDeadline } from '../net/deadline.ts';
import { Refusal } from '../reasons.ts';
import type { KmsKey } from '../trust/kms.ts';
import { noRoots } from '../trust/root/trust-root.ts';
import { trustOf, trustOfPolicies } from './trust-source.ts';

const deadline = startDeadline(1000, () => 0);
const [one, two] = [makeSigner(), makeSigner()];
const keyOf = ({ der }: { readonly der: Uint8Array }): KmsKey => ({
  spki: der,
  usage: 'SIGN_VERIFY',
  algorithms: ['ECDSA_SHA_256'],
});
const entry = entryOf([setOf([keysOf([], { kms: 'awskms:///alias/a' })])]);

/** KMS as it answers at the moment. */
function kmsThat(first: KmsKey | Promise<KmsKey>) {
  const kms = { answer: first, asked: 0 };
  const source = trustOf(noRoots, () => {
    kms.asked += 1;
    return kms.answer;
  });
  return Object.assign(kms, { check: () => source.check({ entry }, deadline) });
}

test('while the key is known the check is the same one, given at once', () => {
  const kms = kmsThat(keyOf(one));
  const check = kms.check();
  expect(check).toHaveProperty('hash');
  expect(kms.check()).toBe(check);
});

test('another key makes another check, and the same key asked for again the same hash', async () => {
  const kms = kmsThat(Promise.resolve(keyOf(one)));
  const first = await kms.check();
  kms.answer = keyOf(two);
  const second = kms.check();
  expect(second).not.toMatchObject({ hash: (first as { hash: string }).hash });
  kms.answer = keyOf(one);
  expect(kms.check()).toMatchObject({ hash: (first as { hash: string }).hash });
});

test('a key that could not be had refuses the entry, until it comes', async () => {
  const kms = kmsThat(Promise.reject(new Refusal('kms-unavailable', 'away')));
  expect(await kms.check()).toMatchObject({
    reason: 'kms-unavailable',
    message: 'attestors[0].entries[0].keys: away',
  });
  kms.answer = keyOf(one);
  expect(kms.check()).toHaveProperty('hash');
});

test('an entry without such a key never asks, and nobody is asked where there is no KMS', async () => {
  const kms = trustOf(noRoots, () => {
    throw new Error('asked');
  });
  expect(kms.check({ entry: entryOf([setOf([keysOf(one)])]) }, deadline)).toHaveProperty('hash');
  expect(await trustOfPolicies().check({ entry }, deadline)).toMatchObject({ reason: 'kms-unavailable' });
});
