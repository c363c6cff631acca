import fc from 'fast-check';
import { bundleV03, dsseItem, makeImage, makeItem, simpleSigning, statementOf } from '../../test/fixtures/attached.ts';
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
