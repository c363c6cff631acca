import { now } from '../../../test/fixtures/ask.ts';
import { digestOf, repository } from '../../../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../../../test/fixtures/entries.ts';
import { makeChain } from '../../../test/fixtures/notary/chain.ts';
import { good, image, notaryEvidence, statementOf, usualChain } from '../../../test/fixtures/notary/decide.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import type { Attestation, NotaryAttested } from '../../evidence/evidence.ts';
import type { Conditions } from '../../expression/conditions.ts';
import type { Digest } from '../../image/digest.ts';
import { type NotaryLevels, notaryLevels } from '../../policy/notary/trust-policy.ts';
import type { NotaryAttestor } from '../../policy/policy.ts';
import type { RevocationAnswer, RevocationQuestion } from '../../revocation/revocation.ts';
import { buildCheck } from '../../trust/build.ts';
import { noAnswers } from '../../trust/kms.ts';
import { verify } from '../verify.ts';

const type = 'application/vnd.acme.scan+json';
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const manifest = { digest: digestOf(Buffer.from('the attestation')), mediaType, size: 300 };
const stranger = makeChain();

interface Parts {
  readonly chain?: typeof stranger;
  readonly claimed?: Digest;
  readonly artifact?: { readonly mediaType?: string; readonly size?: number };
  readonly attested?: Partial<NotaryAttested> | 'none';
  readonly predicateType?: string;
}

/** An attestation with a Notary signature, good unless changed. */
function attestation({ chain, claimed = manifest.digest, artifact, attested = {}, ...parts }: Parts = {}): Attestation {
  const claims = [{ digest: claimed, annotations: {} }];
  const of = { mediaType, size: manifest.size, ...artifact };
  const { signed, hash } = notaryEvidence({ claims, artifact: of, ...(chain && { chain }) });
  if (signed.format !== 'notary') throw new Error('it is one of the Notary Project');
  const own = {
    manifest,
    subject: image.digest,
    predicate: Buffer.from('{}'),
    ...(attested === 'none' ? {} : attested),
  };
  const stated = { signed: attested === 'none' ? signed : { ...signed, attested: own }, claims };
  const { predicateType = type } = parts;
  return {
    kind: 'attestation',
    carrier: 'notary-signature',
    repository,
    layer: manifest.digest,
    hash,
    predicateType,
    stated,
  };
}

interface Asking {
  readonly every?: boolean;
  readonly levels?: NotaryLevels | 'skip';
  readonly revocation?: (question: RevocationQuestion) => RevocationAnswer | undefined;
  readonly by?: NotaryAttestor['by'];
}

function decide(evidence: readonly Attestation[], asking: Asking = {}) {
  const { every = false, levels, revocation = () => good() } = asking;
  const by = asking.by ?? { trust: { statements: [statementOf(levels === undefined ? {} : { levels })] } };
  const attestors = [setOf([{ kind: 'notary', by }])];
  const wanted = { path: 'attestations[0]', predicateType: type, attestors, ...(every && { conditions }) };
  const entry = entryOf([], { type: 'Notary', attestations: [wanted] });
  return verify({
    check: buildCheck(entry, undefined, noAnswers, wanted),
    image,
    repository,
    evidence: { evidence, rejected: [], unread: [] },
    unreadable: [],
    now,
    revocation: { of: revocation },
  });
}

const conditions: Conditions = { names: new Set(), test: () => ({ met: true }) };

test('who attests is told, with the statement', () => {
  const one = attestation();
  const outcome = decide([one]);
  expect(outcome).toMatchObject({
    pass: true,
    signers: [{ kind: 'notary', attestor: 'attestations[0].attestors[0].entries[0]' }],
  });
  expect(outcome.pass && outcome.statements?.map(({ signed }) => signed)).toEqual([one.stated?.signed]);
});

const other = digestOf(Buffer.from('another'));
test.each<[string, Parts, string]>([
  ['of an attestation of another image', { attested: { subject: other } }, `is of an attestation of ${other}`],
  ['for another attestation', { claimed: other }, `is for ${other}, not for the attestation ${manifest.digest}`],
  ['for the image', { claimed: image.digest }, `is for ${image.digest}, not for the attestation`],
  ['for one of another size', { artifact: { size: 1 } }, 'as one of 1 bytes'],
  ['for one of another media type', { artifact: { mediaType: 'a/b' } }, 'as one of media type "a/b"'],
  ['of somebody else', { chain: stranger }, 'has no certificate of a store ca of the trust policy'],
  ['of the image, passed off as an attestation', { attested: 'none' }, `is for ${manifest.digest}, not for this image`],
])('a signature %s does not count', (_, parts, message) => {
  const outcome = decide([attestation(parts)]);
  expect(outcome).toMatchObject({ pass: false, reason: 'attestation-untrusted' });
  expect(outcome.pass || outcome.message).toContain(message);
  expect(decide([attestation(parts), attestation()])).toMatchObject({ pass: true });
});

test('nor does one of another type', () => {
  const outcome = decide([attestation({ predicateType: 'a/b' })]);
  expect(outcome).toMatchObject({ pass: false, reason: 'attestation-missing' });
});

test('a level that lets strangers in says so of an attestation too, and skip lets none in', () => {
  const foreign = [attestation({ chain: stranger })];
  expect(decide(foreign, { levels: notaryLevels.audit })).toMatchObject({
    pass: true,
    notes: [expect.stringContaining('only warns of this')],
  });
  expect(decide([attestation()], { levels: 'skip' })).toMatchObject({
    pass: false,
    reason: 'attestation-untrusted',
    message: expect.stringContaining('verifies nothing (skip), so nobody vouches for what is attested'),
  });
});

describe('where nobody says whether it was revoked', () => {
  const unknown: RevocationAnswer = { status: 'unknown', message: 'no answer', until: now };
  const revoked: RevocationAnswer = { status: 'revoked', message: 'on Monday', until: now };

  test('that is no word about who attested', () => {
    const outcome = decide([attestation()], { revocation: () => unknown });
    expect(outcome).toMatchObject({ pass: false, reason: 'revocation-unavailable' });
    expect(decide([attestation()], { revocation: () => revoked })).toMatchObject({ reason: 'attestation-untrusted' });
  });

  test.each([unknown.status, revoked.status])(
    'of one of two (%s): it may hide what fails conditions, or is out',
    (status) => {
      // Both are by the CA, whose certificates for them are the same: the second question is the second one's.
      let asked = 0;
      const answers = status === 'unknown' ? unknown : revoked;
      const revocation = () => (asked++ === 0 ? good() : answers);
      const both = [attestation(), attestation()];
      expect(decide(both, { revocation })).toMatchObject({ pass: true });
      asked = 0;
      const outcome = decide(both, { revocation, every: true });
      expect(outcome).toMatchObject(status === 'unknown' ? { reason: 'revocation-unavailable' } : { pass: true });
    },
  );
});

test('of a signer who is trusted by their own certificate: it may hide what fails conditions, and that is a no', () => {
  // Whoever attached it may have made up the certificates above, so that nobody can say.
  const by = { certificates: usualChain.certificates[0]?.pem ?? '' };
  const both = [attestation(), attestation({ claimed: manifest.digest })];
  const asked = (second: RevocationAnswer['status']) => {
    let count = 0;
    return { by, every: true, revocation: () => ({ ...good(), status: count++ === 0 ? ('good' as const) : second }) };
  };
  expect(decide(both, asked('unknown'))).toMatchObject({ pass: false, reason: 'attestation-untrusted' });
  expect(decide(both, asked('good'))).toMatchObject({ pass: true });
  expect(decide(both, asked('revoked'))).toMatchObject({ pass: true });
});

test('an image of no statement has none that counts', () => {
  const by = (...scopes: string[]) => ({ trust: { statements: [statementOf({ scopes: new Set(scopes) })] } });
  const name = `${repository.registry}/${repository.path}`;
  expect(decide([attestation()], { by: by('ghcr.io/acme/other') })).toMatchObject({
    pass: false,
    reason: 'attestation-untrusted',
    message: expect.stringContaining('no statement of the trust policy is about'),
  });
  expect(decide([attestation()], { by: by(name) })).toMatchObject({ pass: true });
});

test('under a type of cosign it does not count, which is told', () => {
  const wanted = { path: 'attestations[0]', predicateType: type, attestors: [setOf([keysOf(makeSigner())])] };
  for (const [kind, as] of [
    ['Cosign', 'as cosign attaches them'],
    ['SigstoreBundle', 'as a Sigstore bundle'],
  ] as const) {
    const check = buildCheck(entryOf([], { type: kind, attestations: [wanted] }), undefined, noAnswers, wanted);
    const evidence = { evidence: [attestation()], rejected: [], unread: [] };
    expect(verify({ check, image, repository, evidence, unreadable: [], now })).toMatchObject({
      reason: 'attestation-missing',
      message: `no attestation of type "${type}" is attached to the image ${as}, and the rule's type counts nothing else`,
    });
  }
});
