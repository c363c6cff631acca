import fc from 'fast-check';
import {
  bundleV03,
  dsseItem,
  makeImage,
  makeItem,
  payloadOf,
  simpleSigning,
  statementOf,
} from '../../test/fixtures/attached.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { readEvidence } from './read.ts';

const mediaTypes = [simpleSigning, bundleV03, 'application/vnd.dsse.envelope.v1+json', 'text/plain'] as const;

test('arbitrary bytes are never a throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...mediaTypes), fc.uint8Array({ maxLength: 200 }), (mediaType, bytes) => {
      const { evidence, rejected } = readEvidence([makeItem(mediaType, bytes, { source: 'sig-tag' })]);
      expect(evidence.length + rejected.length).toBe(1);
    }),
  );
});

test('arbitrary JSON is never a throw, in the layer or in any place of a bundle', () => {
  const item = dsseItem(statementOf(makeImage()), makeSigner(), { tlogEntries: [] });
  const bundle = JSON.parse(Buffer.from(item.bytes).toString());
  const places: readonly (readonly string[])[] = [
    [],
    ['mediaType'],
    ['verificationMaterial'],
    ['verificationMaterial', 'tlogEntries'],
    ['verificationMaterial', 'publicKey'],
    ['dsseEnvelope'],
    ['dsseEnvelope', 'payload'],
    ['dsseEnvelope', 'signatures'],
    ['messageSignature'],
  ];
  const put = (into: unknown, [step, ...rest]: readonly string[], value: unknown): unknown =>
    step === undefined
      ? value
      : { ...(into as object), [step]: put((into as Record<string, unknown>)[step], rest, value) };
  fc.assert(
    fc.property(
      fc.constantFrom(...mediaTypes),
      fc.constantFrom(...places),
      fc.jsonValue(),
      (mediaType, place, value) => {
        const bytes = Buffer.from(JSON.stringify(put(bundle, place, value)));
        expect(() => readEvidence([makeItem(mediaType, bytes)])).not.toThrow();
      },
    ),
  );
});

test.each(['certificate', 'chain'])('an annotation of a %s is no text of any size', (name) => {
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const read = (size: number) => {
    const annotations = {
      'dev.cosignproject.cosign/signature': 'AAAA',
      'dev.sigstore.cosign/certificate': pem,
      [`dev.sigstore.cosign/${name}`]: pem + ' '.repeat(size),
    };
    return readEvidence([makeItem(simpleSigning, payloadOf(makeImage()), { source: 'sig-tag', annotations })]);
  };
  expect(read(200_000).evidence).toHaveLength(1);
  expect(read(250_000).rejected[0]?.message).toMatch(/ has over 245760 characters$/);
});
