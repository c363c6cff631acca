import { ask, reasonOf } from '../../../test/fixtures/ask.ts';
import { type Authority, makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { githubIssuer, githubSubject, type MadeCertificate } from '../../../test/fixtures/authority/certificate.ts';
import { certificateFor, type LeafChanges, signedBundle } from '../../../test/fixtures/authority/signing.ts';
import { certificatesOf, entryOf, keylessOf, setOf } from '../../../test/fixtures/entries.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { image, usual, usualRoot } from '../../../test/fixtures/twins.ts';
import type { AttestorEntry } from '../../policy/policy.ts';
import type { AttachedItem } from '../../registry/registry.ts';

const second = makeAuthority();
const dev = { role: 'dev' };
const qa = { role: 'qa' };
const by = (chain: readonly MadeCertificate[], annotations: Record<string, string> = {}) =>
  certificatesOf({ certChain: chain.map(({ pem }) => pem).join(''), annotations });
const { chain } = usual.ca;

const signed = (certificate: LeafChanges, annotations: Record<string, string> = {}, { ca }: Authority = usual) =>
  signedBundle({ ...usual, ca }, image, { certificate, annotations });
/** As a CA of one's own has it: nobody but the CA vouches. */
const plain = (...names: NonNullable<LeafChanges['names']>): LeafChanges => ({ names, claims: {} });
const alice = { email: 'alice@a.test' };
const bob = { email: 'bob@a.test' };

const two = (one: AttestorEntry, other: AttestorEntry, ...items: readonly AttachedItem[]) =>
  reasonOf(ask(entryOf([setOf([one, other], 2)]), image, items, { root: usualRoot }));

test('a certificate has every one of its names, in whatever order', () => {
  const page = { uri: 'https://a.test/alice' };
  const any = by(chain);
  expect(two(any, any, signed(plain(alice, page)), signed(plain(page, alice)))).toBe('too-few-attestors');
  expect(two(any, any, signed(plain(alice, page)), signed(plain(page)))).toBe('too-few-attestors');
  expect(two(any, any, signed(plain(alice, page)), signed(plain(bob)))).toBe('pass');
});

test('a name with an issuer is one, whichever kind of attestor it satisfies', () => {
  const keyless = keylessOf({ issuer: githubIssuer, subject: githubSubject, annotations: dev });
  const certified = by(chain, qa);
  expect(two(keyless, certified, signed({}, dev), signed({}, qa))).toBe('too-few-attestors');
  expect(two(keyless, certified, signed({}, dev), signed({ names: [bob] }, qa))).toBe('pass');
  expect(two(keyless, certified, signed({}, dev), signed(plain({ uri: githubSubject }), qa))).toBe('pass');
});

test('a name that a CA alone vouches for is another one under another CA', () => {
  const other = second.ca.chain;
  expect(two(by(chain), by(other), signed(plain(alice)), signed(plain(alice), {}, second))).toBe('pass');
  expect(two(by(chain), by(chain), signed(plain(alice)), signed(plain(alice)))).toBe('too-few-attestors');
});

test('and the same one under the CA above it, and in a certificate that the policy names', () => {
  const { root, intermediate } = usual.ca;
  const above = by([root], dev);
  const through = signedBundle(usual, image, {
    certificate: plain(alice),
    annotations: dev,
    version: '0.2',
    chain: [intermediate],
  });
  const below = by([intermediate], qa);
  expect(two(above, below, through, signed(plain(alice), qa))).toBe('too-few-attestors');
  expect(two(above, below, through, signed(plain(bob), qa))).toBe('pass');

  const signer = makeSigner();
  const own = (who: typeof alice) => certificateFor(usual, signer, plain(who));
  const naming = (certificate: MadeCertificate) => certificatesOf({ cert: certificate.pem, annotations: dev });
  const bySigner = (certificate: MadeCertificate) =>
    signedBundle(usual, image, { signer, certificate, annotations: dev });
  const [hers, his] = [own(alice), own(bob)];
  expect(two(naming(hers), below, bySigner(hers), signed(plain(alice), qa))).toBe('too-few-attestors');
  expect(two(naming(his), below, bySigner(his), signed(plain(alice), qa))).toBe('pass');
});
