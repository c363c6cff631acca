import { makeAuthority } from '../../test/fixtures/authority/authority.ts';
import { trustIn } from '../../test/fixtures/carriers.ts';
import { certificatesOf, entryOf, keylessOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import type { AttestorEntry, CertificatesAttestor, KeylessAttestor } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import { buildCheck } from './build.ts';
import { chainOf, eachTrusted } from './certificates.ts';
import type { TrustRoot } from './root/trust-root.ts';

const authority = makeAuthority();
const other = makeAuthority();
const root = trustIn(authority);
const { chain } = authority.ca;
const pem = (certificates: readonly { readonly pem: string }[]) => certificates.map((one) => one.pem).join('');
const hashOf = (attestor: AttestorEntry, trusted: TrustRoot | undefined = root) =>
  buildCheck(entryOf([setOf([attestor])]), trusted).hash;

function refusalOf(attestor: AttestorEntry, trusted: TrustRoot | undefined): string {
  try {
    buildCheck(entryOf([setOf([attestor])]), trusted);
    return 'none';
  } catch (thrown) {
    return thrown instanceof Refusal ? `${thrown.reason}: ${thrown.message}` : 'another error';
  }
}

describe('what a keyless attestor trusts', () => {
  const own: Partial<KeylessAttestor> = {
    roots: pem(chain),
    rekor: { ignoreTlog: false, pubkey: authority.rekor1.key.pem },
    ctlog: { ignoreSCT: false, pubkey: authority.certificateLog.key.pem },
  };

  test('all of its own needs no trust root; each thing less does', () => {
    const all = keylessOf(own);
    expect(refusalOf(all, undefined)).toBe('none');
    const { roots: _, ...rootless } = all;
    expect(refusalOf(rootless, undefined)).toMatch(
      /^trust-missing: attestors\[0\]\.entries\[0\]\.keyless: there is no trust root whose CA/,
    );
    expect(refusalOf({ ...all, rekor: { ignoreTlog: false } }, undefined)).toMatch(
      /^trust-missing: .*transparency log/,
    );
    expect(refusalOf({ ...all, ctlog: { ignoreSCT: false } }, undefined)).toMatch(
      /^trust-missing: .*that the certificate is logged/,
    );
    expect(refusalOf({ ...all, rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } }, undefined)).toBe('none');
    for (const one of [rootless, { ...all, rekor: { ignoreTlog: false } }, { ...all, ctlog: { ignoreSCT: false } }])
      expect(refusalOf(one, root)).toBe('none');
  });

  test('a trust root that lacks it is none', () => {
    const lacking = (parts: Parameters<typeof trustIn>[1]) => refusalOf(keylessOf(), trustIn(authority, parts));
    expect(lacking({ authorities: [] })).toMatch(/^trust-missing: .*there is no trust root whose CA/);
    expect(lacking({ logs: [] })).toMatch(/^trust-missing: .*the trust root has no log/);
    expect(lacking({ certificateLogs: [] })).toMatch(/^trust-missing: .*no log of certificates/);
    expect(lacking({ timestampAuthorities: [] })).toBe('none');
  });

  test.each<[string, Partial<KeylessAttestor>, RegExp]>([
    ['roots that are none', { roots: 'x' }, /^key-invalid: \S+\.keyless\.roots: certificates in PEM are expected/],
    [
      'roots with a key among them',
      { roots: pem(chain) + makeSigner().pem },
      /^key-invalid: .*a PEM block is no certificate/,
    ],
    [
      'a key of the certificate log that is none',
      { ctlog: { ignoreSCT: false, pubkey: 'x' } },
      /^key-invalid: \S+\.keyless\.ctlog\.pubkey: /,
    ],
    [
      'a chain of the time-stamp authority that is none',
      { ctlog: { ignoreSCT: true, tsaCertChain: 'x' } },
      /^key-invalid: \S+\.keyless\.ctlog\.tsaCertChain: /,
    ],
    [
      'a key of the log that is none',
      { rekor: { ignoreTlog: false, pubkey: 'x' } },
      /^key-invalid: \S+\.keyless\.rekor\.pubkey: /,
    ],
    [
      'an extension of no known name',
      { additionalExtensions: { githubWorkflow: 'x' } },
      /^key-invalid: .*'githubWorkflow' is no extension/,
    ],
    [
      'an extension of an inherited name',
      { additionalExtensions: { constructor: 'x' } },
      /^key-invalid: .*'constructor' is no extension/,
    ],
  ])('%s', (_, changes, message) => {
    expect(refusalOf(keylessOf(changes), root)).toMatch(message);
  });
});

test.each<[string, Partial<CertificatesAttestor>, RegExp]>([
  ['neither certificate nor chain', {}, /^key-invalid: .*cert or certChain required/],
  ['two certificates as one', { cert: pem(chain) }, /^key-invalid: .*\.cert: one certificate in PEM is expected/],
  ['no certificate', { cert: '' }, /^key-invalid: .*\.cert: /],
  ['a chain of none', { certChain: '' }, /^key-invalid: .*\.certChain: /],
])('a certificates attestor with %s', (_, changes, message) => {
  expect(
    refusalOf(
      {
        ...certificatesOf({ cert: authority.ca.root.pem }),
        ...{ cert: undefined },
        ...changes,
      } as CertificatesAttestor,
      root,
    ),
  ).toMatch(message);
});

test('a chain is trusted by its last certificate, a list by each', () => {
  expect(chainOf(pem(chain), 'x').intermediates).toHaveLength(1);
  expect(chainOf(pem(chain), 'x').root.der).toEqual(authority.ca.root.der);
  expect(eachTrusted(pem(chain), 'x').map((one) => [one.root.der, one.intermediates.length])).toEqual(
    chain.map(({ der }) => [der, 0]),
  );
});

// What is remembered is found by the check's hash: an input that is not in it lets one policy's answer stand for another's.
describe('the hash of a check', () => {
  const different = (base: AttestorEntry, others: readonly AttestorEntry[], trusted: TrustRoot | undefined = root) => {
    const hashes = [base, ...others].map((one) => hashOf(one, trusted));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf(structuredClone(base), trusted)).toBe(hashes[0]);
  };

  const keyless = keylessOf({
    issuer: 'i',
    subject: 's',
    additionalExtensions: { githubWorkflowRef: 'r' },
    roots: pem(chain),
    rekor: { ignoreTlog: false, pubkey: authority.rekor1.key.pem, url: 'https://a.test' },
    ctlog: {
      ignoreSCT: false,
      pubkey: authority.certificateLog.key.pem,
      tsaCertChain: pem(authority.timestampAuthority.chain),
    },
  });
  const without = <T extends object>(from: T, name: keyof T): T => {
    const { [name]: _, ...others } = from;
    return others as T;
  };

  test('of a keyless attestor has every field', () => {
    const { rekor, ctlog } = keyless;
    different(keyless, [
      { ...keyless, issuer: 'j' },
      { ...keyless, subject: 't' },
      { ...keyless, issuer: 's', subject: 'i' },
      without(keyless, 'issuer'),
      without(keyless, 'subject'),
      { ...without(keyless, 'issuer'), subject: 'i' },
      { ...keyless, additionalExtensions: {} },
      { ...keyless, additionalExtensions: { githubWorkflowRef: 'q' } },
      { ...keyless, additionalExtensions: { githubWorkflowName: 'r' } },
      { ...keyless, additionalExtensions: { githubWorkflowRef: 'r', githubWorkflowName: 'r' } },
      { ...keyless, roots: pem(other.ca.chain) },
      { ...keyless, roots: authority.ca.root.pem },
      { ...keyless, roots: pem(chain.toReversed()) },
      without(keyless, 'roots'),
      { ...keyless, rekor: { ignoreTlog: true } },
      { ...keyless, rekor: { ignoreTlog: false } },
      { ...keyless, rekor: { ...rekor, pubkey: other.rekor1.key.pem } },
      { ...keyless, rekor: { ...rekor, url: 'https://b.test' } },
      { ...keyless, ctlog: { ...ctlog, ignoreSCT: true } },
      { ...keyless, ctlog: { ...ctlog, pubkey: other.certificateLog.key.pem } },
      { ...keyless, ctlog: without(ctlog, 'pubkey') },
      { ...keyless, ctlog: { ...ctlog, tsaCertChain: pem(other.timestampAuthority.chain) } },
      { ...keyless, ctlog: without(ctlog, 'tsaCertChain') },
      { ...keyless, annotations: { a: 'b' } },
      { ...keyless, repository: { registry: 'r.test', path: 'p' } },
    ]);
  });

  test('of extensions does not depend on their order', () => {
    const ordered = (...names: readonly string[]) =>
      hashOf(keylessOf({ additionalExtensions: Object.fromEntries(names.map((name) => [name, 'x'])) }));
    expect(ordered('1.2.3', '1.2.4')).toBe(ordered('1.2.4', '1.2.3'));
  });

  test('of a certificates attestor has every field', () => {
    const base = certificatesOf({
      cert: authority.ca.intermediate.pem,
      certChain: pem(chain),
      rekor: { ignoreTlog: false, pubkey: authority.rekor1.key.pem },
      ctlog: {
        ignoreSCT: false,
        pubkey: authority.certificateLog.key.pem,
        tsaCertChain: pem(authority.timestampAuthority.chain),
      },
    });
    const { rekor, ctlog } = base;
    const alone = without(base, 'certChain');
    different(base, [
      { ...base, cert: authority.ca.root.pem },
      without(base, 'cert'),
      { ...base, certChain: authority.ca.root.pem },
      { ...base, rekor: { ignoreTlog: true } },
      { ...base, rekor: { ...rekor, pubkey: other.rekor1.key.pem } },
      { ...base, rekor: { ignoreTlog: false } },
      { ...base, ctlog: { ...ctlog, ignoreSCT: true } },
      { ...base, ctlog: { ...ctlog, pubkey: other.certificateLog.key.pem } },
      { ...base, ctlog: { ...ctlog, tsaCertChain: pem(other.timestampAuthority.chain) } },
      alone,
      { ...alone, cert: authority.ca.root.pem },
      { ...alone, signatureAlgorithm: 'sha384' },
      { ...alone, rekor: { ignoreTlog: true } },
      { ...alone, ctlog: { ...ctlog, tsaCertChain: pem(other.timestampAuthority.chain) } },
      { ...alone, ctlog: without(ctlog, 'tsaCertChain') },
    ]);
  });

  test.each<[string, AttestorEntry]>([
    ['keyless', keylessOf()],
    ['keyless with roots', keylessOf({ roots: pem(chain) })],
    [
      'keyless, its log and certificate log',
      keylessOf({ roots: pem(chain), rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } }),
    ],
    ['a certificate', certificatesOf({ cert: authority.ca.root.pem, rekor: { ignoreTlog: true } })],
    ['a chain', certificatesOf({ certChain: pem(chain), rekor: { ignoreTlog: true } })],
    ['a key in the log', keysOf(makeSigner(), { rekor: { ignoreTlog: false } })],
  ])('of %s has the trust root that it rests on', (_, attestor) => {
    // The same authorities in other bytes: the hash is over what was read.
    const changed = trustIn(authority, { timestampAuthorities: [] });
    expect(hashOf(attestor, root)).not.toBe(hashOf(attestor, changed));
  });

  test('of what rests on nothing but the policy does not change with the trust root', () => {
    for (const attestor of [keysOf(makeSigner()), keyless])
      expect(hashOf(attestor, root)).toBe(hashOf(attestor, trustIn(other)));
  });
});
