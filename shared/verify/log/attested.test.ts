import { askOf, asSignatures } from '../../../test/fixtures/ask.ts';
import { envelopeOf, makeImage, makeItem, slsaProvenance, statementOf } from '../../../test/fixtures/attached.ts';
import type { EntryKind } from '../../../test/fixtures/authority/body.ts';
import { annotationKeys, attestedLayer, signedBundle } from '../../../test/fixtures/authority/signing.ts';
import { entryOf, keysOf, setOf } from '../../../test/fixtures/entries.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { byWorkflow, image, usual, usualRoot } from '../../../test/fixtures/twins.ts';
import { readEvidence } from '../../evidence/read.ts';
import type { AttestorEntry } from '../../policy/policy.ts';
import type { AttachedItem } from '../../registry/registry.ts';

// What logs say about envelopes that cosign attached bare. What they say of certificates, of times, and of envelopes in bundles is asked
// of every carrier in ../certificates.

const signer = makeSigner();
const other = makeSigner();
const elsewhere = makeImage('elsewhere');

function decided(item: AttachedItem, attestor: AttestorEntry = byWorkflow): string {
  const gathered = asSignatures(readEvidence([item], () => true));
  const outcome = askOf(gathered, entryOf([setOf([attestor])]), image, { root: usualRoot });
  return outcome.pass ? 'pass' : `${outcome.reason}: ${outcome.message}`;
}

/** The kinds that logs have had for envelopes, and what an entry of each names. */
const kinds: readonly (readonly [kind: EntryKind, names: 'the envelope' | 'signature and payload'])[] = [
  ['dsse 0.0.1', 'signature and payload'],
  ['intoto 0.0.1', 'the envelope'],
  ['intoto 0.0.2', 'signature and payload'],
  ['hashedrekord 0.0.1', 'signature and payload'],
];

describe.each(kinds)('%s, which names %s', (kind, names) => {
  const item = (options: Parameters<typeof attestedLayer>[2] = {}) =>
    attestedLayer(usual, image, { kind, signer, ...options });
  const otherBytes = /^log-entry-mismatch: a signature has a log entry that is about other bytes$/;

  test('by whom it names', () => {
    expect(decided(item())).toBe('pass');
    expect(decided(item({ certificate: 'none' }), keysOf(signer, { rekor: { ignoreTlog: false } }))).toBe('pass');
  });

  test('another signature, another statement', () => {
    const signed = names === 'the envelope' ? otherBytes : /names another signature$/;
    expect(decided(item({ recorded: { signature: other.sign(Buffer.from('x')) } }))).toMatch(signed);
    const message = statementOf(elsewhere, { predicateType: slsaProvenance });
    expect(decided(item({ recorded: { message } }))).toMatch(otherBytes);
  });

  test('another key, another certificate', () => {
    const byKey = item({ certificate: 'none', recorded: { verifier: { publicKey: other.der } } });
    expect(decided(byKey, keysOf(signer, { rekor: { ignoreTlog: false } }))).toMatch(/names another key$/);
    expect(decided(item({ recorded: { verifier: { publicKey: other.der } } }))).toMatch(/names another certificate$/);
  });

  test('an entry of another attestation by the same signer', () => {
    const [one, two] = [item(), item({ predicateType: 'https://cyclonedx.org/bom' })];
    const swapped = {
      ...one.layer.annotations,
      [annotationKeys.bundle]: two.layer.annotations[annotationKeys.bundle] ?? '',
    };
    const certified = {
      ...two.layer.annotations,
      [annotationKeys.bundle]: one.layer.annotations[annotationKeys.bundle] ?? '',
    };
    for (const [layer, annotations] of [[one, swapped] as const, [two, certified] as const]) {
      expect(decided({ ...layer, layer: { ...layer.layer, annotations } })).toMatch(/^log-entry-mismatch: /);
      expect(decided(layer)).toBe('pass');
    }
  });

  test('other bytes around the same signature', () => {
    const one = item();
    const bytes = Buffer.concat([one.bytes, Buffer.from(' ')]);
    const respaced = withBytes(one, bytes);
    if (names === 'the envelope') expect(decided(respaced)).toMatch(otherBytes);
    // What is signed is the same, and so is what the entry names.
    else expect(decided(respaced)).toBe('pass');
  });
});

test('the first kind says nothing of an envelope in a bundle, whose bytes nobody has', () => {
  const options = { signer, kind: 'intoto 0.0.1', version: '0.1', predicateType: slsaProvenance } as const;
  expect(decided(signedBundle(usual, image, options))).toMatch(/is about other bytes$/);
  expect(decided(signedBundle(usual, image, { ...options, kind: 'intoto 0.0.2' }))).toBe('pass');
});

describe('a time stamp', () => {
  const alone = { ...byWorkflow, rekor: { ignoreTlog: true } };
  const stamped = (over?: Uint8Array) =>
    attestedLayer(usual, image, { signer, stamps: [over === undefined ? {} : { over }] });
  const statement = statementOf(image, { predicateType: slsaProvenance });

  test('over the envelope, or over the signature in it', () => {
    expect(decided(stamped(), alone)).toBe('pass');
    expect(decided(attestedLayer(usual, image, { signer, stamps: [{}], stamped: 'signature' }), alone)).toBe('pass');
  });

  test('over the statement, over another envelope, and over an envelope with other bytes around it', () => {
    const mismatch = 'timestamp-mismatch: a signature has a time stamp, and it is of other bytes';
    expect(decided(stamped(statement), alone)).toBe(mismatch);
    expect(decided(stamped(envelopeOf(statement, other.sign(statement))), alone)).toBe(mismatch);
    const one = stamped();
    expect(decided(withBytes(one, Buffer.concat([one.bytes, Buffer.from('\n')])), alone)).toBe(mismatch);
  });

  test('of an envelope in a bundle is over the signature', () => {
    const options = { signer, logs: [], stamps: [{}], predicateType: slsaProvenance } as const;
    expect(decided(signedBundle(usual, image, options), alone)).toBe('pass');
    expect(decided(signedBundle(usual, image, { ...options, stamped: 'envelope' }), alone)).toMatch(/of other bytes$/);
  });
});

/** The same layer with other bytes. */
function withBytes({ layer, ...item }: AttachedItem, bytes: Uint8Array): AttachedItem {
  const { digest } = makeItem(layer.mediaType, bytes).layer;
  return { ...item, layer: { ...layer, digest, size: bytes.length }, bytes };
}
