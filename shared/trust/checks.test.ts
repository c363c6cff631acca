import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { Refusal } from '../reasons.ts';
import { carriedRoot } from '../trust-roots/carried.ts';
import { createChecks } from './checks.ts';
import type { TrustRoot } from './root/trust-root.ts';

const signer = makeSigner();
const logged = (rekor = {}) => entryOf([setOf([keysOf(signer, { rekor: { ignoreTlog: false, ...rekor } })])]);
let root: TrustRoot;
beforeAll(async () => {
  ({ root } = await carriedRoot());
});

test('an entry that says itself whom it trusts needs no root', () => {
  const { own } = createChecks();
  for (const entry of [entryOf([setOf([keysOf(signer)])]), logged({ pubkey: makeSigner().pem })]) {
    expect(own({ entry })).toMatchObject({ hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(own({ entry })).toBe(own({ entry }));
  }
});

test('what no root can mend is refused without one', () => {
  const { own } = createChecks();
  expect(own({ entry: entryOf([]) })).toMatchObject({ reason: 'no-attestors' });
  expect(own({ entry: logged({ pubkey: 'no key' }) })).toMatchObject({ reason: 'key-invalid' });
});

test('a log that is left out is one of the root, and without a root it is missing', () => {
  const { own, under } = createChecks();
  const entry = logged();
  expect(own({ entry })).toBeUndefined();
  expect(under({ entry }, undefined)).toMatchObject({ reason: 'trust-missing' });
  const check = under({ entry }, root);
  if (check instanceof Refusal) throw check;
  const [key] = check.sets[0]?.anchors ?? [];
  expect(key).toMatchObject({ log: { logs: root.transparencyLogs } });
});

test('a check is built once under a root, and another one under the next', () => {
  const { under } = createChecks();
  const entry = logged();
  const first = under({ entry }, root);
  expect(under({ entry }, { ...root })).toBe(first);
  const next = under({ entry }, { ...root, hash: 'another' });
  expect(next).not.toBe(first);
  expect((next as { hash: string }).hash).not.toBe((first as { hash: string }).hash);
});
