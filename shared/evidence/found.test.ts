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
    found([], [], { unreadable: refusal }),
    found([], [], { unreadableAttestations: refusal }),
  ].map(foundHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});
