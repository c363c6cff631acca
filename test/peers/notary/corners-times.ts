import { ASN1Obj } from '@sigstore/core';
import { sequence } from '../../fixtures/authority/der.ts';
import { makeTimestampAuthority, type StampChanges, type TimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { type Draft, policyOf, type World } from './case.ts';
import { type CertificateSpec, chainOf, day, now } from './certificates.ts';
import { both } from './corners.ts';
import { changedCose, changedJws, coseOf, jwsOf } from './envelopes.ts';
import type { Made } from './peer.ts';
import type { Reason } from './reasons.ts';

// Time stamps (RFC 3161) over signatures: by a real authority now, and by one of the fixtures whenever it is asked to.

const stampName = 'io.cncf.notary.timestampSignature';

/** With a token in the unsigned attribute. */
export function withToken(made: Made, token: Uint8Array): Buffer {
  if (made.format === 'jws') {
    const text = Buffer.from(token).toString('base64');
    return changedJws(made, (jws) => ({ ...jws, header: { ...jws.header, [stampName]: text } }));
  }
  return changedCose(made, (cose) => ({ ...cose, unprotected: new Map([...cose.unprotected, [stampName, token]]) }));
}

/** The token of a TimeStampResp. */
export function tokenOf(response: Uint8Array): Buffer {
  const token = ASN1Obj.parseBuffer(Buffer.from(response)).subs[1];
  if (token === undefined) throw new Error('no token');
  return Buffer.from(token.toDER());
}

export function signatureOf(made: Made): Uint8Array {
  return made.format === 'jws' ? Buffer.from(jwsOf(made).signature, 'base64url') : coseOf(made).signature;
}

const stamped =
  (authority: TimestampAuthority, at: number, changes: StampChanges = {}) =>
  (made: Made) =>
    withToken(made, tokenOf(authority.stamp(signatureOf(made), new Date(at), changes)));

interface Stamping {
  readonly leaf?: Partial<CertificateSpec>;
  readonly verifyTimestamp?: 'always' | 'afterCertExpiry';
  readonly level?: string;
  readonly reason?: Reason;
  /** Whose stamps are trusted; those of the fixtures, without. */
  readonly trusted?: (world: World) => string;
}

/** A policy with a store of time-stamp authorities. */
function stamps(
  about: string,
  { leaf = {}, verifyTimestamp, level = 'strict', trusted = fixtures, reason }: Stamping,
  change?: (world: World) => (made: Made) => Buffer,
): readonly Draft[] {
  const verification = verifyTimestamp === undefined ? { level } : { level, verifyTimestamp };
  return both(`time stamps: ${about}`, (_, world) => ({
    sign: { certificates: chainOf({ leaf }), signingTime: now - 20 * day },
    policy: policyOf({ trustStores: ['ca:acme', 'tsa:stamps'], signatureVerification: verification }),
    stores: ({ chain }) => ({ 'ca:acme': chain.at(-1) ?? '', 'tsa:stamps': trusted(world) }),
    ...(change === undefined ? {} : { change: change(world) }),
    ...(reason === undefined ? {} : { reason }),
  }));
}

const fixtures = ({ stamps: { root } }: World) => root.pem;
const expired = { notAfter: now - 5 * day };
const by = (at: number, changes?: StampChanges) => (world: World) => stamped(world.stamps, at, changes);
const validity = { notBefore: new Date(now - 90 * day), notAfter: new Date(now + 90 * day) };
const other = makeTimestampAuthority(validity);
const middling = makeTimestampAuthority({ ...validity, intermediate: true });
const bothPurposes = makeTimestampAuthority({ ...validity, purposes: ['1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.3'] });
const noPurpose = makeTimestampAuthority({ ...validity, purposes: [] });
const uncritical = makeTimestampAuthority({ ...validity, purposesCritical: false });
const rsa = makeTimestampAuthority({ ...validity, key: 'rsa', root: 'rsa' });
const late = makeTimestampAuthority({
  ...validity,
  leafValidity: { notBefore: new Date(now - 10 * day), notAfter: new Date(now + 10 * day) },
});

const bestPractices = '0.4.0.2023.1.1';
/** Accuracy (RFC 3161, 2.4.2). */
const seconds = (count: number) => sequence(Buffer.from([2, 1, count & 0xff]));

const stampedBy = (authority: TimestampAuthority, at = now - 15 * day, changes?: StampChanges) => ({
  trusted: () => authority.root.pem,
  change: () => stamped(authority, at, changes),
});

function whose(about: string, authority: TimestampAuthority, at?: number, changes?: StampChanges): readonly Draft[] {
  const { trusted, change } = stampedBy(authority, at, changes);
  return stamps(about, { trusted }, change);
}

export const timeCorners: readonly Draft[] = [
  ...both('time stamps: by a real authority', (_, { tsa }) => ({
    sign: { tsa: tsa.url, tsaRoots: tsa.roots },
    policy: policyOf({ trustStores: ['ca:acme', 'tsa:stamps'] }),
    stores: ({ chain }) => ({ 'ca:acme': chain.at(-1) ?? '', 'tsa:stamps': tsa.roots }),
  })),
  ...both('time stamps: by a real authority that is not trusted', (_, { tsa, stamps: { root } }) => ({
    sign: { tsa: tsa.url, tsaRoots: tsa.roots },
    policy: policyOf({ trustStores: ['ca:acme', 'tsa:stamps'] }),
    stores: ({ chain }) => ({ 'ca:acme': chain.at(-1) ?? '', 'tsa:stamps': root.pem }),
  })),
  ...both('time stamps: by a real authority after the certificate had expired', (_, { tsa }) => ({
    sign: { certificates: chainOf({ leaf: expired }), tsa: tsa.url, tsaRoots: tsa.roots },
    policy: policyOf({ trustStores: ['ca:acme', 'tsa:stamps'] }),
    stores: ({ chain }) => ({ 'ca:acme': chain.at(-1) ?? '', 'tsa:stamps': tsa.roots }),
  })),
  ...stamps('one', {}, by(now - 15 * day)),
  ...stamps('none', {}),
  ...stamps('none, and nothing has expired', { verifyTimestamp: 'afterCertExpiry' }),
  ...stamps('none, and the certificate has expired', { verifyTimestamp: 'afterCertExpiry', leaf: expired }),
  ...stamps('none, logged', { level: 'permissive' }),
  ...stamps('while the certificate was valid', { leaf: expired }, by(now - 15 * day)),
  ...stamps(
    'while it was valid, after it has expired',
    { verifyTimestamp: 'afterCertExpiry', leaf: expired },
    by(now - 15 * day),
  ),
  ...stamps('after the certificate had expired', { leaf: expired }, by(now - day)),
  ...stamps('after it had expired, logged', { leaf: expired, level: 'permissive' }, by(now - day)),
  ...stamps('before the certificate was valid', { leaf: { notBefore: now - 10 * day } }, by(now - 15 * day)),
  ...stamps('in its last second', { leaf: expired }, by(now - 5 * day)),
  ...stamps('a second too late', { leaf: expired }, by(now - 5 * day + 1000)),
  ...stamps('to come', {}, by(now + day)),
  ...stamps(
    'broken, and not asked for',
    { verifyTimestamp: 'afterCertExpiry' },
    () => (made) => withToken(made, Buffer.from('x')),
  ),
  ...stamps('that are none', {}, () => (made) => withToken(made, Buffer.from('x'))),
  ...stamps(
    'in a response',
    {},
    (world) => (made) => withToken(made, world.stamps.stamp(signatureOf(made), new Date(now - 15 * day))),
  ),
  ...stamps('over something else', {}, by(now - 15 * day, { imprint: Buffer.alloc(32) })),
  ...stamps('with SHA-384', {}, by(now - 15 * day, { imprintHash: 'sha384' })),
  ...stamps('with SHA-512', {}, by(now - 15 * day, { imprintHash: 'sha512', hash: 'sha512' })),
  ...stamps('signed by somebody else', {}, (world) => stamped(world.stamps, now - 15 * day, { key: other.key })),
  ...stamps(
    'signature changed',
    {},
    by(now - 15 * day, { signature: (bytes) => Buffer.concat([bytes, Buffer.from([0])]) }),
  ),
  ...stamps('another message digest', {}, by(now - 15 * day, { messageDigest: Buffer.alloc(32) })),
  ...stamps('another content type in the attribute', {}, by(now - 15 * day, { attributeType: '1.2.840.113549.1.7.1' })),
  ...stamps('another content type', {}, by(now - 15 * day, { contentType: '1.2.840.113549.1.7.1' })),
  ...stamps('no content type in the attributes', {}, by(now - 15 * day, { without: ['contentType'] })),
  ...stamps('no message digest', {}, by(now - 15 * day, { without: ['messageDigest'] })),
  ...stamps('no signing certificate', {}, by(now - 15 * day, { without: ['signingCertificate'] })),
  ...stamps('the signing certificate is another', {}, by(now - 15 * day, { signingCertificate: other.leaf })),
  ...stamps('no certificate', {}, by(now - 15 * day, { certificates: [] })),
  ...stamps('version 2', {}, by(now - 15 * day, { version: 2 })),
  ...stamps('two signers', {}, by(now - 15 * day, { signers: 2 })),
  ...stamps('accurate to five seconds', {}, by(now - 15 * day, { beforeNonce: [seconds(5)] })),
  ...stamps(
    'accurate to five seconds, the last of the certificate',
    { leaf: expired },
    by(now - 5 * day - 5000, { beforeNonce: [seconds(5)] }),
  ),
  ...stamps(
    'accurate to five seconds, of which one is too late',
    { leaf: expired },
    by(now - 5 * day - 4000, { beforeNonce: [seconds(5)] }),
  ),
  ...stamps(
    'accurate to five seconds, of which one is too early',
    { leaf: { notBefore: now - 15 * day } },
    by(now - 15 * day + 4000, { beforeNonce: [seconds(5)] }),
  ),
  ...stamps(
    'accurate to less than nothing',
    { reason: 'An accuracy is no less than nothing' },
    by(now - 15 * day, { beforeNonce: [seconds(-5)] }),
  ),
  // ETSI EN 319 421: a second, where nothing is said.
  ...stamps('of the best practices policy', {}, by(now - 15 * day, { policy: bestPractices })),
  ...stamps(
    'of the best practices policy, in the last second of the certificate',
    { leaf: expired },
    by(now - 5 * day, { policy: bestPractices }),
  ),
  ...stamps('half a second too late', { leaf: expired }, by(now - 5 * day, { fraction: '.5' })),
  ...stamps('with a fraction', {}, by(now - 15 * day, { fraction: '.5' })),
  ...stamps(
    'with a fraction that ends with zeros',
    { reason: 'Zeros at the end of a time' },
    by(now - 15 * day, { fraction: '.50' }),
  ),
  ...stamps('with a nonce', {}, by(now - 15 * day, { nonce: Buffer.from([1, 2, 3]) })),
  ...stamps('with parameters of its hashes', {}, by(now - 15 * day, { nullParameters: true })),
  ...stamps("by another's serial number", {}, by(now - 15 * day, { signer: { serial: Buffer.from([7]) } })),
  ...stamps('with the whole chain', {}, (world) =>
    stamped(world.stamps, now - 15 * day, { certificates: world.stamps.chain }),
  ),
  ...stamps('with certificates of others as well', {}, (world) =>
    stamped(world.stamps, now - 15 * day, { certificates: [...other.chain, ...world.stamps.chain] }),
  ),
  ...whose('by RSA, whose algorithm names no hash', rsa, undefined, { plainRsa: true }),
  ...stamps('by an authority that is not trusted', {}, () => stamped(other, now - 15 * day)),
  ...whose('by an authority with an intermediate, which came along', middling, undefined, {
    certificates: middling.chain.slice(0, 2),
  }),
  ...whose('by an authority with an intermediate, which did not', middling),
  ...whose('by one for code signing too', bothPurposes),
  ...whose('by one for nothing', noPurpose),
  ...whose('by one for time stamps, not critical', uncritical),
  ...whose('by RSA', rsa),
  ...whose('by a certificate that was not valid then', late),
  ...whose('by one that is valid, then', late, now - 2 * day),
  ...stamps('an intermediate in the store', { trusted: () => middling.chain[1]?.pem ?? '' }, () =>
    stamped(middling, now - 15 * day),
  ),
  ...both('time stamps: of a signing authority, not asked for', (_, { stamps: { root } }) => ({
    sign: { scheme: 'notary.x509.signingAuthority' },
    policy: policyOf({ trustStores: ['signingAuthority:acme', 'tsa:stamps'] }),
    stores: ({ chain }) => ({ 'signingAuthority:acme': chain.at(-1) ?? '', 'tsa:stamps': root.pem }),
  })),
];
