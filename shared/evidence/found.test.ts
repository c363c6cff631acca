import {
  attItem,
  cosignItem,
  dsseItem,
  makeImage,
  payloadOf,
  repository,
  slsaProvenance,
  statementOf,
} from '../../test/fixtures/attached.ts';
import { makeNotaryChain, notaryItem } from '../../test/fixtures/notary.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { Refusal } from '../reasons.ts';
import { type Attached, type AttachedItem, signaturesAlone, type Unread } from '../registry/registry.ts';
import { atOnce } from '../slices.ts';
import { foundHash, foundInSlices, holdsForOthers } from './found.ts';

const signer = makeSigner();
const image = makeImage();
const sbom = 'https://cyclonedx.org/bom';
const signature = cosignItem(payloadOf(image), signer);
const provenance = attItem(statementOf(image, { predicateType: slsaProvenance }), signer);
const signed = notaryItem({ signer: makeNotaryChain().signer });
const inBundle = dsseItem(statementOf(image, { predicateType: sbom }), signer);
const about = {
  type: sbom,
  manifest: { digest: signature.layer.digest, mediaType: 'application/x', size: 9 },
  subject: image.digest,
  layer: signature.layer.digest,
  bytes: Buffer.from('{"packages":[]}'),
};
const attested: AttachedItem = { ...signed, attested: about };
const asking = (...types: readonly string[]) => ({ ...signaturesAlone, predicateTypes: new Set(types) });

const attached = (items: readonly AttachedItem[], parts: Partial<Attached> = {}): Attached => ({
  items,
  unreadable: [],
  unreadableAttestations: [],
  unread: [],
  ...parts,
});
const found = (items: readonly AttachedItem[], types: readonly string[] = [], parts: Partial<Attached> = {}) =>
  atOnce(foundInSlices(attached(items, parts), asking(...types)));

test('statements are kept of the types that are asked for, and of no other', () => {
  const kept = (...types: readonly string[]) =>
    found([signature, provenance, inBundle], types).evidence.evidence.map((one) =>
      one.kind === 'attestation' ? one.stated !== undefined : undefined,
    );
  expect(kept(slsaProvenance)).toEqual([undefined, true, false]);
  expect(kept(slsaProvenance, sbom)).toEqual([undefined, true, true]);
  expect(kept()).toEqual([undefined, false, false]);
});

describe('what a review found is good for another that waited for it', () => {
  test('where it came in time, whatever it is', () => {
    expect(holdsForOthers(found([]), false)).toBe(true);
    expect(holdsForOthers(found([]), false, asking(sbom))).toBe(true);
  });

  test('where it came late, if nothing is missing that may have come in between', () => {
    expect(holdsForOthers(found([]), true)).toBe(false);
    expect(holdsForOthers(found([provenance]), true)).toBe(false);
    expect(holdsForOthers(found([signature]), true)).toBe(true);
    expect(holdsForOthers(found([signature, provenance]), true, asking(slsaProvenance))).toBe(true);
    expect(holdsForOthers(found([signature, provenance]), true, asking(slsaProvenance, sbom))).toBe(false);
  });

  test('the same of the Notary Project: a signature of cosign makes up for none of its own, nor the reverse', () => {
    const notary = { ...signaturesAlone, cosign: false, notary: true };
    const both = { ...signaturesAlone, notary: true };
    expect(holdsForOthers(found([signature]), true, notary)).toBe(false);
    expect(holdsForOthers(found([signed]), true, notary)).toBe(true);
    expect(holdsForOthers(found([signed]), true)).toBe(false);
    expect(holdsForOthers(found([signature]), true, both)).toBe(false);
    expect(holdsForOthers(found([signed]), true, both)).toBe(false);
    expect(holdsForOthers(found([signature, signed]), true, both)).toBe(true);
  });

  test('the same of attestations: one of cosign makes up for none of the Notary Project, nor the reverse', () => {
    const asked = { ...asking(), cosign: false, artifactTypes: new Set([sbom]) };
    expect(holdsForOthers(found([inBundle]), true, asked)).toBe(false);
    expect(holdsForOthers(found([attested]), true, asked)).toBe(true);
    expect(holdsForOthers(found([attested]), true, { ...asking(sbom), cosign: false })).toBe(false);
  });

  test('unless the review had used up what was its own', () => {
    const ended = [new Refusal('review-too-large', 'over its bytes')];
    expect(holdsForOthers(found([signature], [], { unreadable: ended }), false)).toBe(false);
    expect(holdsForOthers(found([signature], [], { unreadableAttestations: ended }), false)).toBe(false);
  });
});

const unread: Unread = { repository, layer: image.digest, mediaType: 'application/cose', as: 'signature' };

test('what is judged otherwise has another hash', () => {
  const refusal = [new Refusal('content-missing', 'gone')];
  const hashes = [
    found([]),
    found([signature]),
    found([signature, provenance]),
    found([{ ...provenance, layer: { ...provenance.layer, annotations: { 'dev.sigstore.cosign/bundle': '{' } } }]),
    found([], [], { unread: [unread] }),
    found([], [], { unread: [{ ...unread, as: 'attestation' }] }),
    found([], [], { unread: [{ ...unread, mediaType: 'application/jose+json' }] }),
    found([attested]),
    found([{ ...attested, attested: { ...about, subject: provenance.layer.digest } }]),
    found([{ ...attested, attested: { ...about, layer: image.digest } }]),
    found([{ ...attested, attested: { ...about, manifest: { ...about.manifest, size: 7 } } }]),
    found([], [], { rejected: [{ repository, manifest: image.digest, message: 'unsigned' }] }),
    found([], [], { unreadable: refusal }),
    found([], [], { unreadableAttestations: refusal }),
  ].map(foundHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('what is of the type of an attestation and is none is kept, for people', () => {
  const rejected = [{ repository, manifest: image.digest, message: 'it has no signature' }];
  expect(found([], [], { rejected }).evidence.rejected).toEqual([
    { repository, layer: image.digest, mayHold: 'attestations', message: 'it has no signature' },
  ]);
});

test('a Notary signature that was attached to an attestation is that attestation, and none of the image', () => {
  const [one, another] = found([attested, signed]).evidence.evidence;
  expect(one).toMatchObject({
    kind: 'attestation',
    carrier: 'notary-signature',
    predicateType: sbom,
    layer: about.layer,
    stated: { signed: { attested: { manifest: about.manifest, subject: image.digest, predicate: about.bytes } } },
  });
  expect(another).toMatchObject({ kind: 'notary-signature' });
  expect(another).not.toHaveProperty('signed.attested');
  // One signature on two attestations is read of both: verify says which one it is about.
  const copied = { ...attested, attested: { ...about, manifest: { ...about.manifest, digest: image.digest } } };
  expect(found([attested, copied, attested]).evidence.evidence).toHaveLength(2);
  const broken = { ...attested, bytes: Buffer.from('{}') };
  expect(found([broken]).evidence.rejected).toMatchObject([{ mayHold: 'attestations' }]);
});
