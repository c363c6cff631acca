import { p256 } from '@noble/curves/nist.js';
import { digestOf } from '../local/registry/store.ts';
import type { Evidence, SignatureEvidence } from '../shared/evidence/evidence.ts';
import { readEvidence } from '../shared/evidence/read.ts';
import { type Digest, splitDigest } from '../shared/image/digest.ts';
import { signerName } from '../shared/ledger/verification.ts';
import type { AttestorEntry } from '../shared/policy/policy.ts';
import { asRefusal } from '../shared/reasons.ts';
import { buildCheck } from '../shared/trust/build.ts';
import type { TrustRoot } from '../shared/trust/root/trust-root.ts';
import type { AbsentArtifact } from '../shared/verify/artifact.ts';
import type { Outcome } from '../shared/verify/outcome.ts';
import { verify } from '../shared/verify/verify.ts';

/** What was signed: its bytes, or their digest alone. */
export type Subject =
  | { readonly digest: Digest; readonly bytes: undefined }
  | { readonly digest: undefined; readonly bytes: Uint8Array };

/** A key in PEM, or exactly this identity. */
export type Trusted = { readonly key: string } | { readonly subject: string; readonly issuer: string };

interface BundleQuestion {
  readonly bundle: Uint8Array;
  readonly subject: Subject;
  readonly root: TrustRoot;
  readonly trusted: Trusted;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const repository = { registry: 'bundle.invalid', path: 'artifact' };

/**
 * Whether a Sigstore bundle is a signature of a file, or states something about it, by whom it should. An image's signature has to say that it
 * is one; of a file any statement counts. Everything else is judged as an image's.
 */
export function verifyBundle({ bundle, subject, root, trusted, now }: BundleQuestion): Outcome {
  const digest = subject.digest ?? digestOf(subject.bytes);
  const layer = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    digest,
    size: bundle.length,
    attestations: [],
    annotations: {},
  };
  const item = {
    source: 'referrer',
    repository,
    manifest: digest,
    artifactType: undefined,
    layer,
    bytes: bundle,
  } as const;
  const { evidence, ...others } = readEvidence([item], () => true);
  try {
    const check = buildCheck(entryFor(trusted), root);
    const image = subject.bytes === undefined ? absent(digest) : { digest, bytes: subject.bytes };
    const gathered = { evidence: evidence.flatMap(asSignature), ...others };
    const outcome = verify({ check, image, repository, evidence: gathered, unreadable: [], now });
    return outcome.pass && 'subject' in trusted ? exactly(trusted, outcome) : outcome;
  } catch (thrown) {
    const { reason, message } = asRefusal(thrown);
    return { pass: false, reason, message, attestors: [] };
  }
}

/** A policy's texts have wildcards; these are compared as they are. */
function exactly(
  trusted: Extract<Trusted, { readonly subject: string }>,
  outcome: Extract<Outcome, { readonly pass: true }>,
): Outcome {
  const { subject, issuer } = trusted;
  if (outcome.signers.some((signer) => signer.identity === subject && signer.issuer === issuer)) return outcome;
  const message = `signed by ${outcome.signers.map(signerName).join(', ')}; not by exactly ${subject} (issuer ${issuer})`;
  return { pass: false, reason: 'subject-mismatch', message, attestors: outcome.attestors };
}

/** ECDSA over SHA-256 alone, which the suite signs with. */
function absent(digest: Digest): AbsentArtifact {
  const hash = Buffer.from(splitDigest(digest).hex, 'hex');
  return {
    digest,
    bytes: undefined,
    isSigned(signature, key) {
      const { namedCurve } = key.asymmetricKeyDetails ?? {};
      const { x = '', y = '' } = key.asymmetricKeyType === 'ec' ? key.export({ format: 'jwk' }) : {};
      if (namedCurve !== 'prime256v1') return false;
      const point = Buffer.concat([Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
      try {
        return p256.verify(signature, hash, point, { prehash: false, format: 'der', lowS: false });
      } catch {
        return false;
      }
    },
  };
}

function entryFor(trusted: Trusted): Parameters<typeof buildCheck>[0] {
  return {
    path: 'bundle',
    imageReferences: ['*'],
    skipImageReferences: [],
    attestors: [{ entries: [attestorFor(trusted)] }],
    attestations: [],
    annotations: {},
    mutateDigest: false,
    verifyDigest: false,
    required: true,
    useCache: false,
  };
}

function attestorFor(trusted: Trusted): AttestorEntry {
  const logs = { rekor: { ignoreTlog: false }, ctlog: { ignoreSCT: false } };
  if ('key' in trusted) return { kind: 'keys', publicKeys: [trusted.key], signatureAlgorithm: 'sha256', ...logs };
  return { kind: 'keyless', ...trusted, additionalExtensions: {}, ...logs };
}

function asSignature(evidence: Evidence): SignatureEvidence[] {
  if (evidence.kind !== 'attestation') return [evidence];
  const { stated, repository: found, layer, hash } = evidence;
  return stated === undefined ? [] : [{ kind: 'sigstore-bundle', repository: found, layer, hash, ...stated }];
}
