import { type Changes, type Draft, policyOf } from './case.ts';
import { chainOf, day, now } from './certificates.ts';
import { both } from './corners.ts';
import type { RevocationSpec } from './peer.ts';

// What issuers say of certificates (trust-store-trust-policy.md, "Certificate Revocation Evaluation"): here both are answered alike.

const urls = {
  ocsp: 'http://ocsp.acme.test/signer',
  crl: 'http://crl.acme.test/signer.crl',
  rootCrl: 'http://crl.acme.test/root.crl',
} as const;

/** Of the signer's certificate, by the intermediate. */
const said = (kind: 'ocsp' | 'crl', changes: Partial<RevocationSpec> = {}): RevocationSpec => ({
  kind,
  issuer: 1,
  about: 0,
  status: 'good',
  thisUpdate: now - day,
  nextUpdate: now + day,
  ...changes,
});
const ocsp = { leaf: { ocsp: [urls.ocsp] } };
const crl = { leaf: { crl: [urls.crl] } };
const either = { leaf: { ocsp: [urls.ocsp], crl: [urls.crl] } };

function revocation(
  about: string,
  chain: Parameters<typeof chainOf>[0],
  responders: Readonly<Record<string, RevocationSpec>>,
  changes: Changes = {},
): readonly Draft[] {
  return both(`revocation: ${about}`, { sign: { certificates: chainOf(chain), responders }, ...changes });
}

const levels = (about: string, chain: Parameters<typeof chainOf>[0], responders: Record<string, RevocationSpec>) => [
  ...revocation(`${about}, strict`, chain, responders),
  ...revocation(`${about}, permissive`, chain, responders, {
    policy: policyOf({ signatureVerification: { level: 'permissive' } }),
  }),
  ...revocation(`${about}, skipped`, chain, responders, {
    policy: policyOf({ signatureVerification: { level: 'strict', override: { revocation: 'skip' } } }),
  }),
];

export const revocationCorners: readonly Draft[] = [
  ...levels('good by OCSP', ocsp, { [urls.ocsp]: said('ocsp') }),
  ...levels('revoked by OCSP', ocsp, { [urls.ocsp]: said('ocsp', { status: 'revoked' }) }),
  ...levels('unknown by OCSP', ocsp, { [urls.ocsp]: said('ocsp', { status: 'unknown' }) }),
  ...levels('nobody answers by OCSP', ocsp, {}),
  ...levels('not on the CRL', crl, { [urls.crl]: said('crl') }),
  ...levels('on the CRL', crl, { [urls.crl]: said('crl', { status: 'revoked' }) }),
  ...levels('no CRL', crl, {}),
  ...revocation('an answer that is over', ocsp, { [urls.ocsp]: said('ocsp', { nextUpdate: now - 60_000 }) }),
  ...revocation('a CRL that is over', crl, { [urls.crl]: said('crl', { nextUpdate: now - 60_000 }) }),
  ...revocation('an answer by another CA', ocsp, { [urls.ocsp]: said('ocsp', { issuer: 2 }) }),
  ...revocation('a CRL by another CA', crl, { [urls.crl]: said('crl', { issuer: 2 }) }),
  ...revocation('an answer by a responder for the CA', ocsp, { [urls.ocsp]: said('ocsp', { delegate: 'good' }) }),
  ...revocation(
    'an answer by a responder for another purpose',
    ocsp,
    { [urls.ocsp]: said('ocsp', { delegate: 'purpose' }) },
    { reason: 'Whether a certificate is revoked' },
  ),
  ...revocation(
    'an answer by a responder that has expired',
    ocsp,
    { [urls.ocsp]: said('ocsp', { delegate: 'expired' }) },
    { reason: 'Whether a certificate is revoked' },
  ),
  ...revocation('an answer about another certificate', ocsp, { [urls.ocsp]: said('ocsp', { about: 2 }) }, {}),
  ...revocation('OCSP does not know it, and the CRL does not have it', either, {
    [urls.ocsp]: said('ocsp', { status: 'unknown' }),
    [urls.crl]: said('crl'),
  }),
  ...revocation('OCSP does not answer, and the CRL has it', either, { [urls.crl]: said('crl', { status: 'revoked' }) }),
  ...revocation('good by OCSP, though the CRL has it', either, {
    [urls.ocsp]: said('ocsp'),
    [urls.crl]: said('crl', { status: 'revoked' }),
  }),
  ...revocation(
    'the intermediate is revoked',
    { middle: { crl: [urls.rootCrl], serial: 7 } },
    {
      [urls.rootCrl]: said('crl', { issuer: 2, about: 1, status: 'revoked' }),
    },
  ),
  ...revocation(
    'another certificate is revoked',
    { leaf: { crl: [urls.crl] }, middle: { serial: 7 } },
    {
      [urls.crl]: said('crl', { about: 1, status: 'revoked' }),
    },
  ),
];
