import type { Draft } from './case.ts';
import { acme, bit, type CertificateSpec, caOf, chainOf, day, eku, leafOf, now } from './certificates.ts';
import { both } from './corners.ts';
import type { Reason } from './reasons.ts';

// Certificates that may sign, and such as may not (signature specification, "Certificate Requirements").

const usage = (...bits: readonly number[]) => ({ keyUsage: { bits, critical: true } });
const purposes = (...oids: readonly string[]) => ({ extendedKeyUsage: { oids, critical: true } });
const signed = (about: string, certificates: readonly CertificateSpec[], reason?: Reason): readonly Draft[] =>
  both(about, { sign: { certificates }, ...(reason === undefined ? {} : { reason }) });

function leaf(about: string, changes: Partial<CertificateSpec>, reason?: Reason): readonly Draft[] {
  return signed(`the signer's certificate: ${about}`, chainOf({ leaf: changes }), reason);
}

/** Without an extension that it usually has. */
function without(name: 'keyUsage' | 'basicConstraints', spec: CertificateSpec): CertificateSpec {
  const { [name]: _, ...rest } = spec;
  return rest;
}

const [signer, middle, root] = [leafOf(), caOf('intermediate'), caOf('root')];
const self = { ...leafOf({ subject: acme(['CN', 'alone']) }) };

export const certificateCorners: readonly Draft[] = [
  ...['rsa-2048', 'rsa-3072', 'rsa-4096', 'ec-256', 'ec-384', 'ec-521'].flatMap((key) => leaf(`a key ${key}`, { key })),
  ...leaf('contentCommitment beside digitalSignature', usage(bit.digitalSignature, bit.contentCommitment)),
  ...leaf('contentCommitment alone', usage(bit.contentCommitment)),
  ...([2, 3, 4, 5, 6, 7, 8] as const).flatMap((each) => leaf(`key usage ${each}`, usage(bit.digitalSignature, each))),
  ...signed("the signer's certificate: no key usage", [without('keyUsage', signer), middle, root]),
  ...leaf('key usage not critical', { keyUsage: { bits: [bit.digitalSignature], critical: false } }),
  ...leaf('code signing', purposes(eku.codeSigning)),
  ...leaf('a purpose of nobody', purposes(eku.other)),
  ...leaf('code signing, not critical', { extendedKeyUsage: { oids: [eku.codeSigning], critical: false } }),
  ...[eku.serverAuth, eku.clientAuth, eku.emailProtection, eku.timeStamping, eku.ocspSigning].flatMap((each) =>
    leaf(`purpose ${each}`, purposes(eku.codeSigning, each)),
  ),
  ...leaf('any purpose', purposes(eku.any), 'Any purpose is too many'),
  ...leaf('cA false', { basicConstraints: { ca: false, critical: true } }),
  ...leaf('cA true', { basicConstraints: { ca: true, critical: true } }),
  ...signed('a signer of its own', [self]),
  ...signed('a signer of its own that is a CA', [{ ...self, basicConstraints: { ca: true, critical: true } }]),
  ...signed('a chain of two', [signer, root]),
  ...signed('a chain of four', [signer, middle, caOf('second'), root]),
  ...signed('an intermediate not self-signed at the end', [signer, { ...middle, signedBy: 'ec-256/elsewhere' }]),
  ...signed('no certificates in between', [{ ...signer, signedBy: middle.key, issuer: middle.subject }, root]),
  ...signed('the root twice', [signer, middle, root, root]),
  ...signed('an extra root', [signer, middle, { ...root, issuer: root.subject, signedBy: root.key }, caOf('another')]),
  ...signed('a root that another one issued', [signer, middle, root, caOf('another')]),
  ...signed('the wrong way round', [
    { ...root, issuer: root.subject, signedBy: root.key },
    { ...middle, issuer: root.subject, signedBy: root.key },
    { ...signer, issuer: middle.subject, signedBy: middle.key },
  ]),
  ...signed("another issuer's name", [{ ...signer, issuer: acme(['CN', 'elsewhere']) }, middle, root]),
  ...signed("another issuer's key", [{ ...signer, signedBy: 'ec-256/elsewhere' }, middle, root]),
  ...signed('an issuer spelled in another case', [{ ...signer, issuer: acme(['CN', 'INTERMEDIATE']) }, middle, root]),
  ...signed('CA: no basic constraints', [signer, without('basicConstraints', middle), root]),
  ...signed('CA: cA false', [signer, { ...middle, basicConstraints: { ca: false, critical: true } }, root]),
  ...signed('CA: basic constraints not critical', [
    signer,
    { ...middle, basicConstraints: { ca: true, critical: false } },
    root,
  ]),
  ...signed('CA: path length 0 above the signer', [
    signer,
    { ...middle, basicConstraints: { ca: true, critical: true, pathLen: 0 } },
    root,
  ]),
  ...signed('CA: path length 1 above an intermediate', [
    signer,
    middle,
    { ...root, basicConstraints: { ca: true, critical: true, pathLen: 1 } },
  ]),
  ...signed('CA: path length 0 above an intermediate', [
    signer,
    middle,
    { ...root, basicConstraints: { ca: true, critical: true, pathLen: 0 } },
  ]),
  ...signed('CA: no key usage', [signer, without('keyUsage', middle), root]),
  ...signed('CA: key usage not critical', [
    signer,
    { ...middle, keyUsage: { bits: [bit.keyCertSign], critical: false } },
    root,
  ]),
  ...signed('CA: no keyCertSign', [signer, { ...middle, ...usage(bit.cRLSign) }, root]),
  ...signed('CA: a purpose of TLS servers', [signer, { ...middle, ...purposes(eku.serverAuth) }, root]),
  ...signed('CA: keys of RSA', [signer, { ...middle, key: 'rsa-2048/middle' }, { ...root, key: 'rsa-2048/root' }]),
  ...signed('signed by SHA-1', [
    { ...signer, sha1: true },
    { ...middle, key: 'rsa-2048/middle' },
    { ...root, key: 'rsa-2048/root' },
  ]),
  ...signed('the root signed by SHA-1', [
    signer,
    { ...middle, key: 'rsa-2048/middle' },
    { ...root, key: 'rsa-2048/root', sha1: true },
  ]),
  ...leaf('expired', { notAfter: now - day }),
  ...leaf('not valid yet', { notBefore: now + day }),
  ...signed('CA: expired', chainOf({ middle: { notAfter: now - day } })),
  ...signed('root: expired', chainOf({ root: { notAfter: now - day } })),
  ...leaf('lives longer than its CA', { notAfter: now + 1000 * day }),
];
