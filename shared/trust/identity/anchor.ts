import { compileWildcard } from '../../image/wildcard.ts';
import type { KeylessAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import { compileRegExp, InvalidRegExp } from '../../regexp.ts';
import type { AnchorBase, AnchorKind } from '../anchor.ts';
import { type CertificateTrust, certificateTrust, eachTrusted } from '../certificates.ts';

/** Whom a CA certified as somebody. */
export interface IdentityAnchor extends AnchorBase {
  readonly kind: 'identity';
  readonly trust: CertificateTrust;
  /** All must hold of the issuer. */
  readonly issuer: readonly TextPattern[];
  /** All must hold of the same one of the subjects. */
  readonly subject: readonly TextPattern[];
  readonly extensions: readonly ExtensionPattern[];
}

/** What a text of a certificate has to be. */
export interface TextPattern {
  /** As the policy writes it, for messages: `subject https://…`, `subjectRegExp …`. */
  readonly text: string;
  matches(text: string): boolean;
}

export interface ExtensionPattern extends TextPattern {
  readonly oid: string;
}

/** The CAs are `roots` of the policy, else those of the trust root. Refusals: key-invalid, trust-missing. */
export const identityAnchors: AnchorKind<KeylessAttestor, IdentityAnchor> = {
  kind: 'identity',
  build(attestor, path, inherited, root) {
    const { issuer, issuerRegExp, subject, subjectRegExp, additionalExtensions, roots } = attestor;
    const where = `${path}.keyless`;
    const authorities = roots === undefined ? undefined : eachTrusted(roots, `${where}.roots`);
    const trust = certificateTrust(authorities, attestor, where, root);
    const extensions = Object.entries(additionalExtensions).sort(([a], [b]) => (a < b ? -1 : 1));
    const hashed = [
      ...[issuer, issuerRegExp, subject, subjectRegExp].flatMap((text) => (text === undefined ? [0] : [1, text])),
      extensions.length,
      ...extensions.flat(),
      ...trust.hashed,
    ];
    const patterns = {
      issuer: [...wildcard('issuer', issuer), ...regExp('issuerRegExp', issuerRegExp, where)],
      subject: [...wildcard('subject', subject), ...regExp('subjectRegExp', subjectRegExp, where)],
      extensions: extensions.map(([name, value]) => extension(name, value, where)),
    };
    return [{ kind: 'identity', path, trust, ...patterns, hashed, ...inherited }];
  },
};

function wildcard(name: string, pattern: string | undefined): TextPattern[] {
  return pattern === undefined ? [] : [{ text: `${name} ${pattern}`, matches: compileWildcard(pattern) }];
}

function regExp(name: string, pattern: string | undefined, where: string): TextPattern[] {
  if (pattern === undefined) return [];
  try {
    return [{ text: `${name} ${pattern}`, matches: compileRegExp(pattern) }];
  } catch (thrown) {
    if (thrown instanceof InvalidRegExp) throw new Refusal('key-invalid', `${where}.${name}: ${thrown.message}`);
    throw thrown;
  }
}

/** Fulcio's extensions by the names that cosign and Kyverno give them (fulcio/docs/oid-info.md). */
const oids: Readonly<Record<string, string>> = {
  githubWorkflowTrigger: '1.3.6.1.4.1.57264.1.2',
  githubWorkflowSha: '1.3.6.1.4.1.57264.1.3',
  githubWorkflowName: '1.3.6.1.4.1.57264.1.4',
  githubWorkflowRepository: '1.3.6.1.4.1.57264.1.5',
  githubWorkflowRef: '1.3.6.1.4.1.57264.1.6',
};

function extension(name: string, value: string, where: string): ExtensionPattern {
  const oid = Object.hasOwn(oids, name) ? oids[name] : name;
  if (oid === undefined || !/^\d+(?:\.\d+)+$/.test(oid)) {
    throw new Refusal('key-invalid', `${where}.additionalExtensions: '${name}' is no extension that is known`);
  }
  return { oid, text: `${name} ${value}`, matches: compileWildcard(value) };
}
