import { encode } from 'cborg';
import type { Draft } from './case.ts';
import { chainOf } from './certificates.ts';
import { both, corner, image } from './corners.ts';
import {
  cbor,
  changedCose,
  changedJws,
  coseBytes,
  coseOf,
  jwsOf,
  protectedText,
  resignedCose,
  resignedJws,
} from './envelopes.ts';
import type { Made } from './peer.ts';

// Envelopes that somebody changed, and payloads that are about something else.

const flipped = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === 4 ? byte ^ 1 : byte));
const again = (text: string, change: (bytes: Uint8Array) => Uint8Array) =>
  Buffer.from(change(Buffer.from(text, 'base64url'))).toString('base64url');
const rsa = { certificates: chainOf({ leaf: { key: 'rsa-2048' } }) };
const paid = (text: string) => (made: Made) =>
  made.format === 'jws'
    ? resignedJws(made, { payload: Buffer.from(text) })
    : resignedCose(made, { payload: Buffer.from(text) });

function payload(about: string, targetArtifact: unknown): readonly Draft[] {
  return both(`payload: ${about}`, { change: paid(JSON.stringify({ targetArtifact })) });
}

/** The payload of an envelope of another image under the signature of this one. */
export const byteCorners: readonly Draft[] = [
  ...both('another digest', { target: { digest: `sha256:${'0'.repeat(64)}` } }),
  ...both('another size', { target: { size: image.size + 1 } }),
  ...both('another media type', { target: { mediaType: 'application/vnd.oci.image.index.v1+json' } }),
  ...payload('more members than it has', { ...image, artifactType: 'x', urls: ['https://acme.test'] }),
  ...payload('annotations', { ...image, annotations: { a: 'b' } }),
  ...payload('no media type', { digest: image.digest, size: image.size }),
  ...payload('no size', { digest: image.digest, mediaType: image.mediaType }),
  ...payload('nothing', undefined),
  ...payload('an array', [image]),
  ...payload('a size in words', { ...image, size: String(image.size) }),
  ...both('payload: empty', { change: paid('') }),
  ...both('payload: no JSON', { change: paid('{') }),
  ...both('payload: null', { change: paid('null') }),
  ...both('payload: a member twice', {
    change: paid(`{"targetArtifact":{"digest":"sha256:${'0'.repeat(64)}"},"targetArtifact":${JSON.stringify(image)}}`),
    reason: 'A member stands once',
  }),
  ...both('payload: something after it', { change: paid(`${JSON.stringify({ targetArtifact: image })} x`) }),
  ...both('payload: a member beside the target', { change: paid(JSON.stringify({ targetArtifact: image, note: 1 })) }),
  ...both('signature changed', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({ ...jws, signature: again(jws.signature, flipped) }))
        : changedCose(made, (cose) => ({ ...cose, signature: flipped(cose.signature) })),
  }),
  ...both('no signature', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({ ...jws, signature: '' }))
        : changedCose(made, (cose) => ({ ...cose, signature: new Uint8Array() })),
  }),
  ...both('payload changed', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({ ...jws, payload: again(jws.payload, flipped) }))
        : changedCose(made, (cose) => ({ ...cose, payload: flipped(cose.payload) })),
  }),
  ...both('protected header changed', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({
            ...jws,
            protected: again(jws.protected, (text) => Buffer.concat([text, Buffer.from(' ')])),
          }))
        : changedCose(made, (cose) => ({ ...cose, protected: cbor(new Map([[1, -7]])) })),
  }),
  ...both('no certificates', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({ ...jws, header: { ...jws.header, x5c: [] } }))
        : changedCose(made, (cose) => ({ ...cose, unprotected: new Map([...cose.unprotected, [33, []]]) })),
  }),
  ...both('a certificate that is none', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({
            ...jws,
            header: { ...jws.header, x5c: [...(jws.header.x5c as string[]), 'AAAA'] },
          }))
        : changedCose(made, (cose) => ({
            ...cose,
            unprotected: new Map([...cose.unprotected, [33, [...(cose.unprotected.get(33) as []), new Uint8Array(3)]]]),
          })),
  }),
  ...both('an unsigned attribute that nobody knows', {
    change: (made) =>
      made.format === 'jws'
        ? changedJws(made, (jws) => ({ ...jws, header: { ...jws.header, 'com.acme.note': 'x' } }))
        : changedCose(made, (cose) => ({
            ...cose,
            unprotected: new Map([...cose.unprotected, ['com.acme.note', 'x']]),
          })),
  }),
  ...both('not an envelope', { change: () => Buffer.from('[]') }),
  ...both('something after it', { change: ({ envelope }) => Buffer.concat([envelope, Buffer.from('x')]) }),
  ...both('cut short', { change: ({ envelope }) => envelope.subarray(0, -1) }),
  corner('white space after it', 'jws', { change: ({ envelope }) => Buffer.concat([envelope, Buffer.from('\n')]) }),
  corner('a salt as long as it can be', 'jws', {
    sign: rsa,
    change: (made) => resignedJws(made, { salt: 222 }),
    reason: 'The salt is as long as the hash',
  }),
  corner('a salt as long as it can be', 'cose', { sign: rsa, change: (made) => resignedCose(made, { salt: 222 }) }),
  corner('a member twice in the envelope', 'jws', {
    change: ({ envelope }) => Buffer.from(envelope.toString().replace('{', '{"payload":"e30",')),
    reason: 'A member stands once',
  }),
  corner('a member twice in the protected header', 'jws', {
    change: (made) => resignedJws(made, { protected: protectedText(made).replace('{', '{"alg":"none",') }),
    reason: 'A member stands once',
  }),
  corner('a member twice in the unprotected header', 'jws', {
    change: ({ envelope }) => Buffer.from(envelope.toString().replace('"header":{', '"header":{"x5c":[],')),
    reason: 'A member stands once',
  }),
  corner('a member beside the four', 'jws', {
    change: (made) => changedJws(made, (jws) => ({ ...jws, note: 'x' })),
    reason: 'An envelope has its members and no others',
  }),
  corner('signatures beside the signature', 'jws', {
    change: (made) => changedJws(made, (jws) => ({ ...jws, signatures: [] })),
    reason: 'An envelope has its members and no others',
  }),
  corner('a member in another case', 'jws', {
    change: (made) => changedJws(made, ({ payload: moved, ...rest }) => ({ ...rest, Payload: moved })),
    reason: 'An envelope has its members and no others',
  }),
  corner('the chain in the protected header as well', 'jws', {
    change: (made) => resignedJws(made, { protected: protectedText(made).replace('{', '{"x5c":[],') }),
    reason: 'A member stands once',
  }),
  corner('compact', 'jws', {
    change: (made) => {
      const jws = jwsOf(made);
      return Buffer.from(`${jws.protected}.${jws.payload}.${jws.signature}`);
    },
  }),
  corner('padding', 'jws', {
    change: (made) => changedJws(made, (jws) => ({ ...jws, signature: `${jws.signature}==` })),
  }),
  corner('no tag', 'cose', { change: (made) => coseBytes(coseOf(made)).subarray(1) }),
  corner('another tag', 'cose', {
    change: (made) => Buffer.concat([Buffer.from([0xd8, 98]), coseBytes(coseOf(made)).subarray(1)]),
  }),
  corner('a chain of one, not in an array', 'cose', {
    change: (made) =>
      changedCose(made, (cose) => ({
        ...cose,
        unprotected: new Map([...cose.unprotected, [33, (cose.unprotected.get(33) as Uint8Array[])[0]]]),
      })),
  }),
  corner('the chain in the protected header', 'cose', {
    change: (made) => {
      const { unprotected } = coseOf(made);
      const moved = encode(new Map([[33, unprotected.get(33)]]));
      return changedCose(made, (cose) => ({ ...cose, protected: moved, unprotected: new Map() }));
    },
  }),
  corner('a detached payload', 'cose', {
    change: (made) => {
      const { protected: header, unprotected, signature } = coseOf(made);
      return Buffer.concat([
        Buffer.from([0xd2, 0x84]),
        cbor(header),
        cbor(unprotected),
        Buffer.from([0xf6]),
        cbor(signature),
      ]);
    },
  }),
  corner('an indefinite length', 'cose', {
    change: (made) => {
      const { protected: header, unprotected, payload: text, signature } = coseOf(made);
      const parts = [header, unprotected, text, signature].map(cbor);
      return Buffer.concat([Buffer.from([0xd2, 0x9f]), ...parts, Buffer.from([0xff])]);
    },
  }),
  corner('a label twice', 'cose', {
    change: (made) => {
      const { protected: header, payload: text, signature } = coseOf(made);
      return Buffer.concat([
        Buffer.from([0xd2, 0x84]),
        cbor(header),
        Buffer.from([0xa2, 0x18, 33, 0x80, 0x18, 33, 0x80]),
        cbor(text),
        cbor(signature),
      ]);
    },
  }),
];
