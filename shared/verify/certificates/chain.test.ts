import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import {
  basicConstraints,
  codeSigning,
  extendedKeyUsage,
  extension,
  keyUsage,
  type MadeCertificate,
  nameOf,
  serverAuth,
} from '../../../test/fixtures/authority/certificate.ts';
import { flip, makeKey } from '../../../test/fixtures/authority/keys.ts';
import { certificateFor, type LeafChanges } from '../../../test/fixtures/authority/signing.ts';
import { may, rootOnly, signer, subordinate, under } from '../../../test/fixtures/subordinate.ts';
import { type Question, type Twins, testTwins, usual } from '../../../test/fixtures/twins.ts';

const other = makeAuthority();
const { ca } = usual;

const good = subordinate(may);

const untrusted = (name: string, wrong: Question, right: Question = {}): Twins => ({
  name,
  wrong,
  right,
  reason: 'certificate-untrusted',
  message: /^a signature is by a certificate that no CA of the policy issued$/,
});
const leaf = (changes: LeafChanges): Question => ({ signing: { certificate: changes } });
const leafCA = subordinate([keyUsage('digitalSignature'), extendedKeyUsage([codeSigning])]);

describe('who issued', () => {
  testTwins([
    untrusted(
      'another root',
      { signing: { signer, certificate: certificateFor(other, signer, { logs: [usual.certificateLog] }) } },
      { signing: { signer, certificate: certificateFor(usual, signer) } },
    ),
    untrusted('another root under the same name', leaf({ issuer: { key: makeKey() } })),
    untrusted('a signature that is wrong', leaf({ signature: (bytes) => flip(bytes) })),
    untrusted('a signature by SHA-1', leaf({ hash: 'sha1' }), leaf({ hash: 'sha384' })),
    untrusted('itself', { signing: { signer, certificate: selfIssued() } }),
    untrusted('an intermediate that nobody has', { root: rootOnly }, { root: rootOnly, signing: { chain: ca.chain } }),
    untrusted(
      'an attached intermediate of another root',
      { root: rootOnly, signing: { signer, certificate: certificateFor(other, signer), chain: other.ca.chain } },
      under(good),
    ),
    untrusted(
      'an attached intermediate that SHA-1 signs',
      under(subordinate(may, undefined, { hash: 'sha1' })),
      under(good),
    ),
    untrusted('a CA that is none', under(subordinate([keyUsage('keyCertSign'), basicConstraints(false)])), under(good)),
    untrusted('a CA that does not say so', under(subordinate([keyUsage('keyCertSign')])), under(good)),
    untrusted(
      'a CA that may not sign certificates',
      under(subordinate([keyUsage('digitalSignature'), basicConstraints(true)])),
      under(good),
    ),
    untrusted('a signer', under(leafCA), under(good)),
    untrusted(
      'an intermediate below one that may have none',
      under(subordinate(may, { certificate: ca.intermediate, key: ca.intermediateKey }), ca.intermediate),
      under(good),
    ),
    untrusted(
      'an intermediate more than the root allows',
      under(subordinate(may, { certificate: good.certificate, key: good.key }), good.certificate),
      under(good, ca.intermediate),
    ),
    untrusted(
      'a CA with an unknown critical extension',
      under(subordinate([...may, extension('1.2.3.4', Buffer.alloc(2), true)])),
      under(subordinate([...may, extension('1.2.3.4', Buffer.alloc(2))])),
    ),
    untrusted(
      'a CA with name constraints',
      under(subordinate([...may, extension('2.5.29.30', Buffer.from('3000', 'hex'))])),
      under(good),
    ),
    untrusted(
      'a CA with an extension twice',
      under(subordinate([...may, extension('1.2.3.4', Buffer.alloc(2)), extension('1.2.3.4', Buffer.alloc(2))])),
      under(good),
    ),
  ]);
});

function selfIssued(): MadeCertificate {
  const name = nameOf({ commonName: 'self' });
  const key = makeKey();
  return certificateFor(usual, signer, { subject: name, issuer: { name, key } });
}

const usage = (name: string, wrong: Question, right: Question, message: RegExp): Twins => ({
  name,
  wrong,
  right,
  reason: 'certificate-usage',
  message,
});

describe('for what', () => {
  const notForIt = /^a signature is by a certificate that is not for code signing$/;
  const ofCA = /^a signature is by a certificate of a CA that may not issue any for code signing$/;
  const unknown = /critical extension that is not understood \(1\.2\.3\.4\)$/;
  testTwins([
    usage('for servers', leaf({ purposes: [serverAuth] }), leaf({ purposes: [serverAuth, codeSigning] }), notForIt),
    usage('for nothing by name', leaf({ purposes: [] }), {}, notForIt),
    usage(
      'a CA for servers',
      under(subordinate([...may, extendedKeyUsage([serverAuth])])),
      under(subordinate([...may, extendedKeyUsage([serverAuth, codeSigning])])),
      ofCA,
    ),
    usage(
      'a CA for time stamps',
      under(subordinate([...may, extendedKeyUsage(['1.3.6.1.5.5.7.3.8'])])),
      under(subordinate([...may, extendedKeyUsage(['2.5.29.37.0'])])),
      ofCA,
    ),
    usage(
      'an unknown critical extension',
      leaf({ extensions: [extension('1.2.3.4', Buffer.alloc(2), true)] }),
      leaf({ extensions: [extension('1.2.3.4', Buffer.alloc(2))] }),
      unknown,
    ),
    usage(
      'a poisoned certificate, which was never issued',
      leaf({ extensions: [extension('1.3.6.1.4.1.11129.2.4.3', Buffer.from('0500', 'hex'), true)] }),
      {},
      /not understood \(1\.3\.6\.1\.4\.1\.11129\.2\.4\.3\)/,
    ),
  ]);
});
