import { createHash } from 'node:crypto';
import { now } from '../../../test/fixtures/ask.ts';
import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { type MadeCertificate, serverAuth } from '../../../test/fixtures/authority/certificate.ts';
import { certificateFor, type LeafChanges } from '../../../test/fixtures/authority/signing.ts';
import { carriers, trustIn } from '../../../test/fixtures/carriers.ts';
import { certificatesOf } from '../../../test/fixtures/entries.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { decide, type Question, type Twins, testTwins, usual } from '../../../test/fixtures/twins.ts';
import type { CertificatesAttestor } from '../../policy/policy.ts';

const other = makeAuthority();
const signer = makeSigner();
const stranger = makeSigner();
const own = certificateFor(usual, signer);
const hour = 3_600_000;
const from = new Date(now - hour);
const to = new Date(now + hour);
const lasting = certificateFor(usual, signer, { notBefore: from, notAfter: to });
const pem = (certificates: readonly MadeCertificate[]) => certificates.map((one) => one.pem).join('');

type Fields = Partial<CertificatesAttestor>;
const named = (certificate: MadeCertificate, changes: Fields = {}): Question => ({
  attestor: certificatesOf({ cert: certificate.pem, ...changes }),
  signing: { signer, certificate },
});
const chained = (chain: readonly MadeCertificate[], changes: Fields = {}): Question => ({
  attestor: certificatesOf({ certChain: pem(chain), ...changes }),
  signing: { signer, certificate: own },
});
const signedBy = (question: Question, changes: LeafChanges): Question => ({
  ...question,
  signing: { certificate: changes },
});
const timeless = trustIn(usual, { timestampAuthorities: [] });
const ignoring: Fields = { rekor: { ignoreTlog: true } };
const twins = (name: string, wrong: Question, reason: Twins['reason'], message: RegExp, right: Question): Twins => ({
  name,
  wrong,
  right,
  reason,
  message,
});
const untrusted = /^a signature is by a certificate that no CA of the policy issued$/;

describe('the certificate that the policy names', () => {
  const subject = 'https://github\\.com/\\S+';
  testTwins([
    twins(
      'signed by another key',
      { ...named(own), signing: {} },
      'signature-mismatch',
      new RegExp(`^no signature verifies with the certificate of ${subject} \\(1 signature tried\\)$`),
      named(own),
    ),
    twins(
      'an entry about another certificate for the same key',
      { ...named(own), signing: { signer, certificate: lasting } },
      'log-entry-mismatch',
      /names another certificate$/,
      named(own),
    ),
    twins(
      'no entry',
      { ...named(own), signing: { signer, certificate: own, logs: [] } },
      'log-entry-missing',
      /^a signature carries no entry/,
      named(own),
    ),
    twins(
      'signed when it had expired',
      { ...named(own), signing: { signer, certificate: own, at: new Date(usual.at.getTime() + hour), stamps: [] } },
      'certificate-expired',
      /^a signature (?:was made at|is by a certificate that is not valid now)/,
      named(own),
    ),
    twins(
      'expired now, and nothing tells when it signed',
      { ...named(own, ignoring), root: timeless },
      'certificate-expired',
      /not valid now/,
      { ...named(lasting, ignoring), root: timeless },
    ),
    twins(
      'another annotation',
      { ...named(own), annotations: { env: 'prod' } },
      'annotation-mismatch',
      /^a signature lacks the annotation env=prod$/,
      named(own),
    ),
    twins(
      'a chain of another CA',
      named(own, { certChain: pem(other.ca.chain) }),
      'certificate-untrusted',
      untrusted,
      named(own, { certChain: pem(usual.ca.chain) }),
    ),
    twins(
      'a chain without its intermediate',
      named(own, { certChain: usual.ca.root.pem }),
      'certificate-untrusted',
      untrusted,
      {
        ...named(own, { certChain: usual.ca.root.pem }),
        signing: { signer, certificate: own, chain: [usual.ca.intermediate] },
      },
    ),
  ]);

  test.each(carriers)('$name: that stands alone signs as the policy says', (carrier) => {
    const by = (hash: 'sha256' | 'sha512', signatureAlgorithm: 'sha256' | 'sha512') =>
      decide(carrier, {
        ...named(own, { signatureAlgorithm }),
        signing: { signer, certificate: own, way: { hash } },
      });
    expect(by('sha256', 'sha256').pass).toBe(true);
    expect(by('sha512', 'sha512').pass).toBe(true);
    expect(by('sha256', 'sha512')).toMatchObject({ reason: 'signature-mismatch' });
    expect(by('sha512', 'sha256')).toMatchObject({ reason: 'signature-mismatch' });
  });

  test.each(carriers)('$name: the time stamp of the trust root tells when it signed', (carrier) => {
    if (!carrier.stamped) return;
    expect(decide(carrier, named(own, ignoring)).pass).toBe(true);
    const naming = (chain: readonly MadeCertificate[]) =>
      named(own, { ...ignoring, ctlog: { ignoreSCT: true, tsaCertChain: pem(chain) } });
    expect(decide(carrier, naming(usual.timestampAuthority.chain)).pass).toBe(true);
    expect(decide(carrier, naming(other.timestampAuthority.chain))).toMatchObject({ reason: 'timestamp-mismatch' });
  });

  test.each(carriers)('$name: judged as of now it holds until its end, with a chain or without', (carrier) => {
    const until = { pass: true, validUntil: to.getTime() };
    expect(decide(carrier, { ...named(lasting, ignoring), root: timeless })).toMatchObject(until);
    expect(
      decide(carrier, { ...named(lasting, { ...ignoring, certChain: pem(usual.ca.chain) }), root: timeless }),
    ).toMatchObject(until);
    expect(decide(carrier, named(own))).not.toHaveProperty('validUntil');
  });
});

describe('a certificate that is issued under the chain of the policy', () => {
  const { chain } = usual.ca;
  const good = chained(chain);
  testTwins([
    twins(
      'by a key alone',
      { ...good, signing: { certificate: 'none' } },
      'certificate-missing',
      /^no signature carries a certificate \(1 signature tried\)$/,
      good,
    ),
    twins(
      'by another key than its',
      { ...good, signing: { signer: stranger, certificate: own } },
      'signature-mismatch',
      /^no signature verifies with its certificate \(1 signature tried\)$/,
      good,
    ),
    twins('under another CA', chained(other.ca.chain), 'certificate-untrusted', untrusted, good),
    twins(
      'for servers',
      signedBy(good, { purposes: [serverAuth] }),
      'certificate-usage',
      /not for code signing$/,
      good,
    ),
    twins(
      'that no log has',
      { ...signedBy(chained(chain, { ctlog: { ignoreSCT: false } }), { logs: [] }) },
      'certificate-unlogged',
      /none is in it$/,
      chained(chain, { ctlog: { ignoreSCT: false } }),
    ),
    twins('without its intermediate', chained([usual.ca.root]), 'certificate-untrusted', untrusted, {
      ...chained([usual.ca.root]),
      signing: { signer, certificate: own, chain: [usual.ca.intermediate] },
    }),
    // As in Go's pool of roots: each certificate of the list is trusted.
    twins(
      'under an intermediate that is not listed',
      chained([other.ca.intermediate]),
      'certificate-untrusted',
      untrusted,
      chained([usual.ca.intermediate]),
    ),
    twins(
      'expired now, and nothing tells when it signed',
      { ...chained(chain, ignoring), root: timeless },
      'certificate-expired',
      /not valid now/,
      {
        ...chained(chain, ignoring),
        root: timeless,
        signing: { signer, certificate: lasting },
      },
    ),
  ]);
});

test.each(carriers)('$name: it is told by its first name, and by its key where it has none', (carrier) => {
  const question = chained(usual.ca.chain);
  const identity = (changes: LeafChanges) => {
    const outcome = decide(carrier, { ...question, signing: { signer, certificate: changes } });
    return outcome.pass ? outcome.signers : outcome.message;
  };
  const names = [{ dns: 'a.test' }, { uri: 'https://b.test' }];
  const told = { attestor: 'attestors[0].entries[0]', kind: 'certificate' };
  const spki = createHash('sha256').update(signer.der).digest('hex');
  expect(identity({ names })).toEqual([{ ...told, identity: 'a.test' }]);
  expect(identity({ names: [] })).toEqual([{ ...told, identity: `sha256:${spki}` }]);
});
