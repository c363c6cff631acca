import fc from 'fast-check';
import { now, reasonOf } from '../../test/fixtures/ask.ts';
import {
  bundleV03,
  cosignItem,
  dsseItem,
  makeImage,
  makeItem,
  messageItem,
  payloadOf,
  repository,
  statementOf,
} from '../../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { type KeyType, makeSigner } from '../../test/fixtures/signers.ts';
import { readEvidence } from '../evidence/read.ts';
import type { AttachedItem } from '../registry/registry.ts';
import { buildCheck } from '../trust/build.ts';
import { verify } from './verify.ts';

const image = makeImage();
const types: readonly KeyType[] = ['p256', 'p384', 'p521', 'rsa', 'ed25519'];

describe.each(types)('%s', (type) => {
  const signer = makeSigner(type);
  const check = buildCheck(entryOf([setOf([keysOf(signer)])]));
  const reason = (item: AttachedItem) =>
    reasonOf(verify({ check, image, repository, evidence: readEvidence([item]), unreadable: [], now }));
  const flipped = (bytes: Uint8Array, at: number, mask: number): Buffer => {
    const copy = Buffer.from(bytes);
    const index = at % copy.length;
    copy[index] = (copy[index] ?? 0) ^ mask;
    return copy;
  };
  const anywhere = fc.nat();
  const anyFlip = fc.integer({ min: 1, max: 255 });
  const runs = { numRuns: type === 'p256' ? 200 : 40 };

  const payload = payloadOf(image);
  const signature = signer.sign(payload);
  const statement = statementOf(image);
  const bundle = JSON.parse(Buffer.from(dsseItem(statement, signer).bytes).toString());
  const message = JSON.parse(Buffer.from(messageItem(image, signer).bytes).toString());

  test('untouched evidence passes', () => {
    expect(reason(cosignItem(payload, signer, { signature }))).toBe('pass');
    expect(reason(makeItem(bundleV03, bundle))).toBe('pass');
    expect(reason(makeItem(bundleV03, message))).toBe('pass');
  });

  test('no flipped byte in a payload or its signature passes', () => {
    fc.assert(
      fc.property(anywhere, anyFlip, (at, mask) => {
        const good = cosignItem(payload, signer, { signature });
        expect(reason({ ...good, bytes: flipped(payload, at, mask) })).not.toBe('pass');
        expect(reason(cosignItem(payload, signer, { signature: flipped(signature, at, mask) }))).not.toBe('pass');
      }),
      runs,
    );
  });

  test('no flipped byte in an envelope or a message signature passes', () => {
    const flip64 = (text: string, at: number, mask: number) =>
      flipped(Buffer.from(text, 'base64'), at, mask).toString('base64');
    fc.assert(
      fc.property(anywhere, anyFlip, (at, mask) => {
        const { dsseEnvelope } = bundle;
        const [{ sig }] = dsseEnvelope.signatures;
        const otherPayload = { ...dsseEnvelope, payload: flip64(dsseEnvelope.payload, at, mask) };
        const otherSignature = { ...dsseEnvelope, signatures: [{ sig: flip64(sig, at, mask) }] };
        expect(reason(makeItem(bundleV03, { ...bundle, dsseEnvelope: otherPayload }))).not.toBe('pass');
        expect(reason(makeItem(bundleV03, { ...bundle, dsseEnvelope: otherSignature }))).not.toBe('pass');
        const { messageSignature } = message;
        const { messageDigest } = messageSignature;
        const changes = [
          { ...messageSignature, signature: flip64(messageSignature.signature, at, mask) },
          { ...messageSignature, messageDigest: { ...messageDigest, digest: flip64(messageDigest.digest, at, mask) } },
        ];
        for (const changed of changes) {
          expect(reason(makeItem(bundleV03, { ...message, messageSignature: changed }))).not.toBe('pass');
        }
      }),
      runs,
    );
  });
});
