import { createPublicKey } from 'node:crypto';
import { ASN1Obj } from '@sigstore/core';
import type { Authority } from '../../fixtures/authority/authority.ts';
import type { Answer, Call } from './server.ts';
import { claimsOf, identityOfToken } from './token.ts';

interface Request {
  readonly credentials?: { readonly oidcIdentityToken?: string };
  /** Base64 of PEM; Go writes an absent one as null. */
  readonly certificateSigningRequest?: string | null;
  /** Of v1, */
  readonly publicKey?: { readonly content: string };
  /** and of v2. */
  readonly publicKeyRequest?: { readonly publicKey: { readonly content: string } };
}

/**
 * Fulcio's `signingCert`: an unsigned token in, a certificate with an SCT and its chain out. v1 (cosign's own client) answers
 * in PEM, v2 (sigstore-go) in JSON. It does not ask for a proof that the key is the caller's.
 */
export function issueCertificate(authority: Authority, { body, headers }: Call, version: 1 | 2): Answer {
  const request: Request = JSON.parse(body.toString());
  const bearer = headers.authorization?.replace(/^Bearer /i, '');
  const token = bearer ?? request.credentials?.oidcIdentityToken;
  if (token === undefined) return { status: 401, body: 'no identity token' };
  const { ca, certificateLog } = authority;
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const leaf = ca.issue({
    spki: keyIn(request),
    notBefore,
    notAfter: new Date(notBefore.getTime() + 600_000),
    logs: [certificateLog],
    ...identityOfToken(claimsOf(token)),
  });
  const chain = [leaf, ...ca.chain].map(({ pem }) => pem);
  if (version === 1) return { status: 201, type: 'application/pem-certificate-chain', body: chain.join('') };
  const answer = { signedCertificateEmbeddedSct: { chain: { certificates: chain } } };
  return { status: 200, type: 'application/json', body: JSON.stringify(answer) };
}

/** SubjectPublicKeyInfo of the key to certify. */
function keyIn(request: Request): Buffer {
  const { certificateSigningRequest, publicKey = request.publicKeyRequest?.publicKey } = request;
  if (typeof certificateSigningRequest === 'string') {
    const pem = Buffer.from(certificateSigningRequest, 'base64').toString();
    const request = ASN1Obj.parseBuffer(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
    const key = request.subs[0]?.subs[2];
    if (key === undefined) throw new Error('no public key in the request');
    return key.toDER();
  }
  if (publicKey === undefined) throw new Error('no public key');
  const { content } = publicKey;
  const text = content.startsWith('-----') ? content : Buffer.from(content, 'base64');
  const key = text.toString().startsWith('-----')
    ? createPublicKey(text)
    : createPublicKey({ key: text as Buffer, format: 'der', type: 'spki' });
  return key.export({ format: 'der', type: 'spki' });
}
