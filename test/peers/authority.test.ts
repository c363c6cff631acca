import { inToto, makeImage, statementOf } from '../fixtures/attached.ts';
import { type Authority, type AuthorityOptions, makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject, serverAuth } from '../fixtures/authority/certificate.ts';
import { boolean, explicit, implicit, integer, oid, sequence, setOf, time } from '../fixtures/authority/der.ts';
import { flip, makeKey, signatureAlgorithm } from '../fixtures/authority/keys.ts';
import {
  type BundleOptions,
  bundleOf,
  type SigningOptions,
  type Stamp,
  signContent,
} from '../fixtures/authority/signing.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { verifyWithGo } from './sigstore/sigstore-go.ts';

// What the fixtures make, and each way of making it wrong, in the eyes of sigstore-go: an implementation that shares no code with
// @sigstore/verify, by which the fixtures themselves are tested.

const image = makeImage();
const usual = makeAuthority();
const statement = { message: statementOf(image), payloadType: inToto };
const message = { message: image.bytes };

interface Trial extends SigningOptions, BundleOptions {
  readonly authority?: Authority;
  readonly content?: { message: Uint8Array; payloadType?: string };
  readonly subject?: string;
}

async function verdict({ authority = usual, content = statement, subject = githubSubject, ...trial }: Trial) {
  const { code, stderr } = await verifyWithGo({
    trustedRoot: authority.trustedRoot(),
    bundle: bundleOf(signContent(authority, content, trial), trial),
    sha256: image.digest.replace('sha256:', ''),
    subject,
    issuer: githubIssuer,
  });
  return code === 0 ? 'verified' : stderr.trim();
}

const v2 = (authority: Authority): Trial => ({ authority, logs: [authority.rekor2], stamps: [{}] });
const with2 = (options: AuthorityOptions): Trial => v2(makeAuthority(options));

const complete: Stamp = {
  nullParameters: true,
  nonce: Buffer.from('9f1c', 'hex'),
  fraction: '.123456',
  beforeNonce: [sequence(integer(1), implicit(0, Buffer.from([5]))), boolean(true)],
  afterNonce: [explicit(0, explicit(4, usual.timestampAuthority.leaf.subject))],
  // signingTime.
  attributes: [sequence(oid('1.2.840.113549.1.9.5'), setOf(time(usual.at)))],
};

test.each<[string, Trial]>([
  ['Rekor v1', {}],
  ['Rekor v1, v0.1', { version: '0.1' }],
  ['Rekor v1, v0.2 with a chain', { version: '0.2', chain: [usual.ca.intermediate] }],
  ['Rekor v1, a message', { content: message }],
  ['Rekor v1, intoto', { kind: 'intoto 0.0.2' }],
  ['Rekor v2', v2(usual)],
  ['Rekor v2, a message', { ...v2(usual), content: message }],
  ['Rekor v2 with ECDSA', with2({ rekor2: { key: 'p256' } })],
  ['Rekor v2, one leaf', with2({ rekor2: { before: 0 } })],
  ['Rekor v2, many leaves', { ...with2({ rekor2: { before: 29 } }), record: { after: 7 } }],
  ['a stamp by RSA', with2({ timestampAuthority: { key: 'rsa' } })],
  ['a stamp by RSA and SHA-512', { ...with2({ timestampAuthority: { key: 'rsa' } }), stamps: [{ hash: 'sha512' }] }],
  [
    'a stamp by plain RSA',
    { ...with2({ timestampAuthority: { key: 'rsa' } }), stamps: [{ plainRsa: true, hash: 'sha384' }] },
  ],
  ['a stamp by P-384', with2({ timestampAuthority: { key: 'p384' } })],
  ['a stamp of .99 seconds', { ...v2(usual), stamps: [{ fraction: '.99' }] }],
  ['a stamp with the root', { ...v2(usual), stamps: [{ certificates: usual.timestampAuthority.chain }] }],
  ['a stamp without certificates', { ...v2(usual), stamps: [{ certificates: [] }] }],
  ['a stamp with all that may be in it', { ...v2(usual), stamps: [complete] }],
  ['a CA of Ed25519', with2({ ca: { root: 'ed25519', intermediate: 'ed25519' } })],
  ['a CA of RSA', with2({ ca: { root: 'rsa', intermediate: 'rsa' } })],
  ['a certificate log of RSA', { authority: makeAuthority({ certificateLog: 'rsa' }) }],
  ['otherName', { certificate: { names: [{ otherName: 'somebody' }] }, subject: 'somebody' }],
  ['e-mail', { certificate: { names: [{ email: 'dev@acme.test' }] }, subject: 'dev@acme.test' }],
])('believed: %s', async (_, trial) => {
  expect(await verdict(trial)).toBe('verified');
});

const other = makeAuthority();
const later = new Date(usual.at.getTime() + 3_600_000);
const log = usual.certificateLog;

test.each<[string, Trial, RegExp]>([
  ['a certificate for TLS servers', { certificate: { purposes: [serverAuth] } }, /leaf certificate/],
  [
    'a certificate with two algorithms',
    { certificate: { outerAlgorithm: signatureAlgorithm(makeKey('p384')) } },
    /inner and outer/,
  ],
  ['a certificate of another CA', { certificate: { issuer: { key: makeKey() } } }, /leaf certificate/],
  ['expired when logged', { at: later }, /integrated time/],
  ['no SCT', { certificate: { logs: [] } }, /0 SCT/],
  ['an SCT by another key', { certificate: { logs: [{ log, changes: { key: makeKey() } }] } }, /0 SCT/],
  [
    'an entry by another signer',
    { recorded: { verifier: { publicKey: makeSigner().der } } },
    /certificate does not match/,
  ],
  ['an entry of another signature', { recorded: { signature: Buffer.from('other') } }, /signature does not match/],
  ['another log', { logs: [other.rekor1] }, /not enough/],
  ['a promise by another key', { record: { key: makeKey() } }, /not enough/],
  ['a checkpoint by another key', { ...v2(usual), record: { key: makeKey() } }, /checkpoint/],
  ['a stamp by another key', { ...v2(usual), stamps: [{ key: makeKey() }] }, /verification failure/],
  [
    'a stamp whose signature is wrong',
    { ...v2(usual), stamps: [{ signature: (made) => flip(made) }] },
    /verification failure/,
  ],
  ['a stamp of another authority', { ...v2(usual), stamps: [{ by: other.timestampAuthority }] }, /does not match/],
  ['a stamp after the certificate expired', { ...v2(usual), stamps: [{ at: later }] }, /leaf certificate/],
  ['a stamp by a certificate for TLS servers', with2({ timestampAuthority: { purposes: [serverAuth] } }), /key usage/],
  ['no stamp in Rekor v2', { ...v2(usual), stamps: [] }, /threshold not met/],
])('not believed: %s', async (_, trial, error) => {
  expect(await verdict(trial)).toMatch(error);
});
