import { printable } from './printable.ts';

/**
 * Why an image was let through or not: the closed list of reasons, each of one kind.
 *
 * The three kinds of no are never mixed. `denied`: the evidence says no; all that an image's author can bring about is
 * denied, or failurePolicy Ignore would be theirs to use. `unavailable`: we, the network or the registry's service failed.
 * `invalid`: the policy or the request is wrong. docs/reasons.md is made from this table.
 */
export const reasons = {
  verified: {
    kind: 'pass',
    summary: 'signatures satisfy every attestor set, and attestations what is asked of them',
    advice: '',
  },
  'digest-resolved': { kind: 'pass', summary: 'the entry has no attestors: only the digest was asked for', advice: '' },
  unchanged: { kind: 'skip', summary: 'an UPDATE left this image as it was', advice: '' },
  'image-skipped': { kind: 'skip', summary: 'a pattern of skipImageReferences covers the image', advice: '' },
  'preconditions-unmet': { kind: 'skip', summary: "the rule's preconditions do not hold for the object", advice: '' },
  'policy-exception': { kind: 'skip', summary: 'a PolicyException takes the object out of the rule', advice: '' },
  'rule-not-reached': {
    kind: 'skip',
    summary: 'the policy applies one rule (applyRules: One), and one before this has answered',
    advice: '',
  },
  'no-image': {
    kind: 'skip',
    summary: "the rule's imageExtractors find no image in the object",
    advice: 'if the object has one, correct the paths of the imageExtractors',
  },
  'not-covered': { kind: 'skip', summary: 'no entry of the rule covers the image', advice: '' },

  'image-not-found': {
    kind: 'denied',
    summary: 'the registry has no such image (404, or another 4xx that the message names)',
    advice: 'check the name, the tag and the digest; push the image',
  },
  'image-not-readable': {
    kind: 'denied',
    summary: 'the registry lets the verifier in, or has given it the image, and refuses it this repository',
    advice: 'grant the credential that the message names pull on the repository, or configure one that has it',
  },
  'not-an-image': {
    kind: 'denied',
    summary: 'the media type of the manifest is not that of an image',
    advice: 'name an OCI or Docker (schema 2) image or index',
  },
  'digest-mismatch': {
    kind: 'denied',
    summary: 'what the registry sent does not have the digest or size that was asked for',
    advice: 'push the image and its signatures again; look for a proxy that rewrites content',
  },
  'malformed-manifest': {
    kind: 'denied',
    summary: 'a manifest does not parse or breaks the OCI format',
    advice: 'push the image again with a current tool',
  },
  'content-missing': {
    kind: 'denied',
    summary:
      'the registry does not have, or answers that it does not give, what is attached to the image or named there',
    advice:
      'push the image and its signatures again; delete references to what is gone; if the message names a status, ask the registry about it',
  },
  'too-large': {
    kind: 'denied',
    summary: 'content is over its bound in bytes or values',
    advice: 'remove what is too large from the image or its signatures; docs/reasons.md has the bounds',
  },
  'review-too-large': {
    kind: 'denied',
    summary: 'the images of one review need more bytes, or have more values attested, than one review may take',
    advice: 'fewer images in one object, or fewer and smaller signatures and attestations',
  },
  'too-many-referrers': {
    kind: 'denied',
    summary: 'more referrers, or pages of referrers, are attached than are read',
    advice: 'delete referrers that are not needed',
  },
  'too-many-signatures': {
    kind: 'denied',
    summary: 'more signatures or attestations are attached than the bound, and none of those tried satisfies the rule',
    advice: 'delete signatures and attestations that are not needed',
  },
  'attached-too-slow': {
    kind: 'denied',
    summary:
      "the image's manifest, or what is attached to it, is too much or too slow to be read in the time of a review",
    advice: 'delete signatures and attestations that are not needed; if the registry is slow, try again',
  },
  'too-many-images': {
    kind: 'denied',
    summary: 'the object names more distinct images than the bound',
    advice: 'spread the images over several objects, or raise the bound in the settings',
  },
  'object-too-slow': {
    kind: 'denied',
    summary:
      "the object's images, or its labels and annotations, are so many that the time ended before all were looked at",
    advice: 'fewer of them in one object; if the registry is slow, try again',
  },
  'too-many-reviews': {
    kind: 'denied',
    summary:
      'other reviews had so many requests under way at the registry that the time ended before this image could be read',
    advice: 'try again; if it goes on, look for who sends that many reviews (dry runs are reviews too)',
  },
  'too-little-time': {
    kind: 'denied',
    summary: 'the call left less time than the rules ask for, and it ended first',
    advice: 'leave out --request-timeout, or make the webhook configuration again with countersign manifests',
  },
  'registry-not-named': {
    kind: 'denied',
    summary:
      "a registry failed that neither the rules nor the setting 'registries' name, or not by this name: the image's author chose it",
    advice: "name the registry in imageReferences or in the setting 'registries'; if it is named, try again",
  },
  'address-refused': {
    kind: 'denied',
    summary: "the image's host is on an address that this deployment does not call",
    advice: 'use a registry that the settings allow',
  },
  'host-refused': {
    kind: 'denied',
    summary: "neither a pattern of the rules nor the setting 'registries' names the image's host",
    advice: "add the registry to the setting 'registries'",
  },
  'no-signature': {
    kind: 'denied',
    summary: 'nothing attached to the image counts as a signature',
    advice: 'sign the image by digest',
  },
  'only-attestations': {
    kind: 'denied',
    summary: 'the image carries attestations and no signature; an attestation is never a signature',
    advice: 'sign the image itself by digest',
  },
  'attestation-missing': {
    kind: 'denied',
    summary: 'no attestation of the wanted predicate type is attached to the image',
    advice: 'attest the image by digest with this type (cosign attest --type); check the type for a misspelling',
  },
  'attestation-untrusted': {
    kind: 'denied',
    summary:
      'attestations of the wanted type are attached, and none is by those whom the policy names, about this image',
    advice: 'attest the image with what the policy names, or correct the attestors of the attestation',
  },
  'condition-failed': {
    kind: 'denied',
    summary: 'an attestation is good, and what it states does not meet the conditions',
    advice: 'look at the condition and the value found in the message; mend what was attested and attest it again',
  },
  'condition-error': {
    kind: 'denied',
    summary: 'a condition has no value for what is attested: a field is not there, or of another type',
    advice: "correct the expression (write {{ field || '' }} for what may be absent), or attest what it asks for",
  },
  'deny-condition': {
    kind: 'denied',
    summary: 'the conditions under which validate.deny denies are met by what is attested',
    advice: 'look at the message; mend what was attested and attest it again',
  },
  'signature-mismatch': {
    kind: 'denied',
    summary: "no signature verifies with the attestor's key",
    advice: 'sign with the key that the policy names, or add the signer to the policy',
  },
  'other-image': {
    kind: 'denied',
    summary: 'a good signature by this attestor is for another digest',
    advice: 'sign this digest; a copied signature does not count',
  },
  'malformed-signature': {
    kind: 'denied',
    summary: 'what is attached as a signature does not parse',
    advice: 'sign the image again with a current tool',
  },
  'annotation-mismatch': {
    kind: 'denied',
    summary: "a good signature lacks an annotation that the rule's annotations ask for",
    advice: 'sign with -a name=value (cosign), or --user-metadata name=value (notation), as the rule asks',
  },
  'log-entry-missing': {
    kind: 'denied',
    summary: 'a good signature carries no entry of the transparency log that the rule asks for',
    advice: 'sign with the log, or set rekor.ignoreTlog: true',
  },
  'log-entry-mismatch': {
    kind: 'denied',
    summary: "a good signature's log entry does not verify or is not about this signature and key",
    advice: 'sign again with the log that the rule trusts',
  },
  'certificate-missing': {
    kind: 'denied',
    summary: 'no signature carries a certificate, and the rule asks for who signed',
    advice: 'sign keyless or with a certificate, or name the key in the policy',
  },
  'certificate-untrusted': {
    kind: 'denied',
    summary: 'a signature is by a certificate that no CA of the rule issued',
    advice:
      "sign with a certificate of the rule's CA, or give roots, certChain or the trust root of your instance; where a trust policy decides, put the CA into a store of it",
  },
  'certificate-usage': {
    kind: 'denied',
    summary:
      'a signature is by a certificate that is not for code signing, or has a critical extension that is not understood',
    advice:
      'sign with a certificate whose extended key usage is code signing; for notation, issue one without what the message names (docs/notary.md)',
  },
  'certificate-expired': {
    kind: 'denied',
    summary:
      'a certificate or its CA was not valid when the signature was made, or is not now and nothing tells when that was',
    advice: 'sign again; add the log or a time stamp, which prove that the certificate was valid then',
  },
  'certificate-unlogged': {
    kind: 'denied',
    summary: 'no certificate log that the rule trusts says that it has the certificate (SCT)',
    advice: 'set ctlog.ignoreSCT: true for a CA of your own that logs nothing, or ctlog.pubkey',
  },
  'timestamp-mismatch': {
    kind: 'denied',
    summary: "a signature's time stamp does not verify or is of an authority that the rule does not trust",
    advice:
      'set ctlog.tsaCertChain to the chain of the authority that stamped it, or sign again; where a trust policy decides, put its root into a store tsa',
  },
  'issuer-mismatch': {
    kind: 'denied',
    summary: 'a good signature is by somebody whom another issuer vouches for than the rule asks for',
    advice: 'compare issuer in the policy with the issuer in the message',
  },
  'subject-mismatch': {
    kind: 'denied',
    summary: 'a good signature is by somebody else than the rule asks for',
    advice: 'compare subject in the policy with who signed, in the message',
  },
  'extension-mismatch': {
    kind: 'denied',
    summary:
      'a good signature is by whom the rule asks for, and an extension of the certificate is another one than it asks for',
    advice: 'compare additionalExtensions in the policy with the message',
  },
  'identity-untrusted': {
    kind: 'denied',
    summary:
      "a good signature is by a certificate of the trusted CA, and of none of the trust policy's trustedIdentities",
    advice: 'compare trustedIdentities with the subject in the message',
  },
  'signature-expired': {
    kind: 'denied',
    summary: 'a signature says until when it holds, and that is over',
    advice: 'sign again',
  },
  'timestamp-missing': {
    kind: 'denied',
    summary: 'the trust policy asks for a time stamp, and a good signature carries none',
    advice: 'sign with a time-stamp authority (notation sign --timestamp-url), or set verifyTimestamp: afterCertExpiry',
  },
  'certificate-revoked': {
    kind: 'denied',
    summary: 'a certificate of the signature, or what AWS Signer signed it with, has been revoked',
    advice: 'sign again with a certificate or a profile that holds',
  },
  'attribute-unknown': {
    kind: 'denied',
    summary: 'a signature has a critical attribute, or asks for a plugin, that is not understood',
    advice: 'sign without it',
  },
  'trust-policy-missing': {
    kind: 'denied',
    summary: "no statement of the trust policy has the image's repository among its registryScopes",
    advice: 'add the repository to registryScopes of a statement, or a statement for *',
  },
  'too-few-attestors': {
    kind: 'denied',
    summary: 'fewer attestors than required verified, counted by different keys',
    advice: 'have the missing attestors sign',
  },
  'digest-missing': {
    kind: 'denied',
    summary: 'verifyDigest is set and the image has no digest',
    advice: 'write image@sha256:..., or let mutateDigest pin it (is the mutating webhook registered?)',
  },
  'no-attestors': {
    kind: 'denied',
    summary: 'the entry is required and has no attestors, so nothing can verify the image',
    advice: 'add attestors to the entry, or set required: false',
  },

  'registry-unreachable': {
    kind: 'unavailable',
    summary:
      'no connection to the registry: DNS, TCP or TLS failed; or its last requests had no answer, and nobody waits for it for ten seconds',
    advice:
      "check the registry's name, network path and certificate, then try again; a CA of its own has to be among those given: --ca FILE, deployed registryCa",
  },
  'registry-unauthorized': {
    kind: 'unavailable',
    summary: 'the registry refuses everyone who asks without a login, or our credential (401 or 403)',
    advice: 'give the verifier a credential for this registry, or renew the one that it has',
  },
  'registry-throttled': {
    kind: 'unavailable',
    summary: 'the registry asks to slow down (429), and is left alone until the time that it says, a minute at most',
    advice: 'try again; give the verifier a credential of its own, or raise the quota',
  },
  'registry-error': {
    kind: 'unavailable',
    summary: 'the registry answered with a server error or nonsense',
    advice: "try again; look at the registry's own status",
  },
  'body-cut-short': {
    kind: 'unavailable',
    summary: 'a body from the registry ended early',
    advice: 'try again',
  },
  'too-many-redirects': {
    kind: 'unavailable',
    summary: 'the registry redirected more often than is followed',
    advice: "look at the registry's configuration",
  },
  'redirect-refused': {
    kind: 'unavailable',
    summary: 'the registry sent us to an address, scheme or token realm that is not allowed',
    advice: "look at the registry's configuration, or allow the address in the settings",
  },
  deadline: {
    kind: 'unavailable',
    summary: 'the time that the API server gives ended first, or one answer of a registry took too long',
    advice: 'try again; raise webhookTimeoutSeconds if it happens often',
  },
  'kms-unavailable': {
    kind: 'unavailable',
    summary: 'the public key of a key in AWS KMS could not be had: KMS did not answer, or refuses us',
    advice:
      'mend what the message names: credentials, the network, or kms:GetPublicKey on the key (deployed: the parameter kmsKeys); or write the key in PEM',
  },
  'revocation-unavailable': {
    kind: 'unavailable',
    summary: 'whether a certificate of a signature has been revoked could not be found out',
    advice:
      "mend what the message names: the responder's name, the network to it, or signer:GetRevocationStatus; or set revocation to log",
  },
  'signing-in-progress': {
    kind: 'unavailable',
    summary: 'Amazon ECR is signing the image and has not ended',
    advice: 'wait and try again',
  },
  'internal-error': {
    kind: 'unavailable',
    summary: 'a defect in Countersign, or what it runs on has no descriptors or memory left',
    advice: 'mend what the message names; if it names nothing of the kind, report it with the log line',
  },

  'image-unparsable': {
    kind: 'invalid',
    summary: 'the text is not an image reference',
    advice: 'write registry/repository:tag or registry/repository@sha256:...',
  },
  'object-malformed': {
    kind: 'invalid',
    summary: "the object's shape is not what its kind says, or a field is longer than Kubernetes allows",
    advice: 'correct the field',
  },
  'review-malformed': {
    kind: 'invalid',
    summary: 'the request has no object to look at, or a field of it is of the wrong type',
    advice: 'send an AdmissionReview of admission.k8s.io/v1',
  },
  'variable-unresolved': {
    kind: 'invalid',
    summary:
      "a variable or a context of the rule has no value for this object, or the rule is none with the object's values",
    advice:
      "correct the variable (write {{ name || '' }} for what may be absent), add the ConfigMap beside the policies, or give the object what is named",
  },
  'trust-missing': {
    kind: 'invalid',
    summary: 'the rule asks for a log or a CA, and neither the policy nor a trust root gives one',
    advice: 'give keys or roots in the policy, or a trust root',
  },
  'key-invalid': {
    kind: 'invalid',
    summary: 'a key of the policy does not parse or is of a kind that is not accepted',
    advice: 'write the public key as PEM (PUBLIC KEY), or name a key for signing',
  },
  'unknown-cluster': {
    kind: 'invalid',
    summary: 'no policies are configured for this cluster',
    advice: "correct the webhook's URL, or add the cluster",
  },
  'policies-invalid': {
    kind: 'invalid',
    summary: "the cluster's policies do not load, or hold no rule",
    advice: 'correct what the message and the log name, and deploy again',
  },
  'unknown-scope': {
    kind: 'invalid',
    summary: "the webhook's URL names a scope that holds no rules",
    advice: 'make the webhook configuration again',
  },
} as const satisfies Record<string, ReasonRow>;

export type NoKind = 'denied' | 'unavailable' | 'invalid';
export type ReasonKind = 'pass' | 'skip' | NoKind;
interface ReasonRow {
  readonly kind: ReasonKind;
  readonly summary: string;
  readonly advice: string;
}

export type Reason = keyof typeof reasons;
type ReasonOf<K extends ReasonKind> = {
  [R in Reason]: (typeof reasons)[R]['kind'] extends K ? R : never;
}[Reason];
export type NoReason = ReasonOf<NoKind>;
export type PassReason = ReasonOf<'pass'>;
export type SkipReason = ReasonOf<'skip'>;

export interface RefusalOptions extends ErrorOptions {
  readonly late?: boolean;
}

/**
 * One of the three kinds of no, thrown by whoever finds it out. `message` is for users: what was checked and what was found;
 * it never carries a credential, a token realm or a body of the registry's.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: NoReason;
  /** Another try, which might have gone well, was not made for lack of time: as a deadline, it says so much about the time as well. */
  readonly late: boolean;

  constructor(reason: NoReason, message: string, { late = reason === 'deadline', ...options }: RefusalOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.late = late;
  }

  get kind(): NoKind {
    return reasons[this.reason].kind;
  }
}

/**
 * Whether it says something about the time or bytes of one review alone. Others who waited for the same work have their own, and
 * do the work again.
 */
export function isOnesOwn({ reason, late }: Refusal): boolean {
  return late || reason === 'review-too-large' || reason === 'attached-too-slow';
}

/** What was thrown, in words: anything can be. */
export function messageOf(thrown: unknown): string {
  return Error.isError(thrown) ? thrown.message : String(thrown);
}

/** Whatever was thrown, as a Refusal: anything that is not one already is a defect of ours, so `internal-error`. */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const what = messageOf(thrown);
  return new Refusal('internal-error', `internal error: ${printable(what.slice(0, 200))}`, { cause: thrown });
}
