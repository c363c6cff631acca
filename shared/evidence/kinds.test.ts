import { signaturesAccepted } from '../trust/accepted.ts';
import { evidenceKinds, signatureFormat } from './kinds.ts';

const mediaTypes = [
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dsse.envelope.v1+json',
];

test.each(mediaTypes)('%s is of one kind alone', (mediaType) => {
  expect(evidenceKinds.filter((kind) => kind.holds(mediaType))).toHaveLength(1);
});

test.each([
  '',
  'text/spdx+json',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'APPLICATION/VND.DSSE.ENVELOPE.V1+JSON',
])('%s is of none', (mediaType) => {
  expect(evidenceKinds.some((kind) => kind.holds(mediaType))).toBe(false);
});

test('whatever can be a signature is looked for among the referrers, before what attests something else', () => {
  const signatures = [...signaturesAccepted({})].map((kind) => signatureFormat(kind).ranking('referrer', undefined));
  for (const ranking of signatures) expect(ranking?.bound).toBe('signatures');
  const { ranking } = signatureFormat('sigstore-bundle');
  expect(ranking('referrer', 'https://slsa.dev/provenance/v1')).toEqual({ rank: 3, bound: 'attestations' });
  const last = Math.max(...signatures.map((one) => one?.rank ?? 0));
  expect(last).toBeLessThan(3);
});
