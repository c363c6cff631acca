import { spending } from '../net/testing/spending.ts';
import { Refusal } from '../reasons.ts';
import { KnownRevocations } from './known.ts';
import type { RevocationQuestion, Revocations } from './revocation.ts';

const question: RevocationQuestion = { what: 'chain', chain: [], signedAt: undefined };
const rejecting = (refusal: Refusal): Revocations => ({ ask: () => Promise.reject(refusal) });

test('what was asked is known, and nothing is open any more', async () => {
  const known = new KnownRevocations();
  const answer = { status: 'good', message: '', until: 1 } as const;
  expect(known.of(question)).toBeUndefined();
  expect(await known.ask({ ask: async () => answer }, spending())).toBe(true);
  expect(known.of(question)).toEqual(answer);
  expect(await known.ask({ ask: async () => answer }, spending())).toBe(false);
});

test('where the time ends it is not known; where the bytes of the review are used up, that is what is told', async () => {
  const known = new KnownRevocations();
  known.of(question);
  await known.ask(rejecting(new Refusal('deadline', 'late')), spending());
  expect(known.of(question)).toMatchObject({ status: 'unknown', message: 'late' });
  const other = new KnownRevocations();
  other.of(question);
  const asked = other.ask(rejecting(new Refusal('review-too-large', 'too much')), spending());
  await expect(asked).rejects.toMatchObject({ reason: 'review-too-large', kind: 'denied' });
});
