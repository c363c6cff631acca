import { now } from '../../../test/fixtures/ask.ts';
import { repository } from '../../../test/fixtures/attached.ts';
import { entryOf, nestedOf, setOf } from '../../../test/fixtures/entries.ts';
import { makeChain } from '../../../test/fixtures/notary/chain.ts';
import { image, minute, notaryEvidence, usualChain } from '../../../test/fixtures/notary/decide.ts';
import type { AttestorSet, NotaryAttestor } from '../../policy/policy.ts';
import type { RevocationAnswer } from '../../revocation/revocation.ts';
import { buildCheck } from '../../trust/build.ts';
import { verify } from '../verify.ts';

// Who counts in a set of several, where of one nobody can say whether it was revoked.

const stranger = makeChain();
const by = (chain: typeof usualChain): NotaryAttestor => {
  return { kind: 'notary', by: { certificates: chain.certificates.at(-1)?.pem ?? '' } };
};
const [signed, absent] = [by(usualChain), by(stranger)];

/** What is decided of an image that the usual chain alone has signed, about which the CA says this. */
function decideBy(sets: readonly AttestorSet[], status: RevocationAnswer['status'] = 'unknown'): string {
  const outcome = verify({
    check: buildCheck(entryOf(sets, { type: 'Notary' })),
    image,
    repository,
    evidence: { evidence: [notaryEvidence()], rejected: [], unread: [] },
    unreadable: [],
    now,
    revocation: { of: () => ({ status, message: '', until: now + minute }) },
  });
  return outcome.pass ? 'pass' : outcome.reason;
}

test('where one is missing that never signed, it changes nothing: the answer is no', () => {
  expect(decideBy([setOf([signed, absent])])).toBe('too-few-attestors');
  expect(decideBy([setOf([signed, absent], 2)])).toBe('too-few-attestors');
  expect(decideBy([setOf([signed]), setOf([absent])])).toBe('certificate-untrusted');
  expect(decideBy([setOf([absent]), setOf([signed])])).toBe('certificate-untrusted');
  expect(decideBy([setOf([nestedOf(setOf([signed])), nestedOf(setOf([absent]))])])).toBe('too-few-attestors');
});

test('where it might have been enough nobody can say', () => {
  expect(decideBy([setOf([signed, absent], 1)])).toBe('revocation-unavailable');
  expect(decideBy([setOf([absent, signed], 1)])).toBe('revocation-unavailable');
  expect(decideBy([setOf([signed])])).toBe('revocation-unavailable');
  expect(decideBy([setOf([signed]), setOf([signed])])).toBe('revocation-unavailable');
  expect(decideBy([setOf([nestedOf(setOf([signed])), nestedOf(setOf([absent]))], 1)])).toBe('revocation-unavailable');
});

test('where the CA says that it is good it counts', () => {
  expect(decideBy([setOf([signed, absent], 1)], 'good')).toBe('pass');
  expect(decideBy([setOf([signed, absent])], 'good')).toBe('too-few-attestors');
});
