import type { Operation } from '../admission/review.ts';
import type { Conditions } from '../expression/conditions.ts';
import type { Query } from '../expression/query.ts';
import type { Run } from '../expression/run.ts';
import type { Scope } from '../expression/scope.ts';
import type { Template } from '../expression/template.ts';
import type { Repository } from '../image/repository.ts';
import type { ConfigMap, ContextEntry } from './context.ts';
import type { NotaryTrust } from './notary/trust-policy.ts';
import type { LoadProblem, LoadWarning } from './problems.ts';

/** Policies as the rest of the line sees them: read, checked, defaults filled in, auto-gen done. */
export interface PolicySet {
  readonly rules: readonly Rule[];
  readonly warnings: readonly LoadWarning[];
  /** SHA-256 over the files' names and bytes, hex. */
  readonly hash: string;
}

export type Action = 'enforce' | 'audit';
export type FailurePolicy = 'Fail' | 'Ignore';

/** One verifyImages rule, of a ClusterPolicy or a Policy; auto-gen rules are rules of their own. */
export interface Rule {
  /** `name`, or `namespace/name` of a namespaced Policy. */
  readonly policy: string;
  /** Set for a namespaced Policy: the rule applies to objects of this namespace alone. */
  readonly namespace?: string;
  /** The rule's name: `x`, `autogen-x` or `autogen-cronjob-x`. */
  readonly name: string;
  /** The written rule that auto-gen made this one from. */
  readonly autogenOf?: string;
  readonly file: string;
  readonly line: number;
  readonly match: Filter;
  readonly exclude: Filter;
  readonly failurePolicy: FailurePolicy;
  /** webhookConfiguration.timeoutSeconds, else webhookTimeoutSeconds; kept for `manifests`. */
  readonly timeoutSeconds?: number;
  readonly action: Action;
  /** validationFailureActionOverrides, in order; empty where an entry's failureAction decides. */
  readonly overrides: readonly Override[];
  /** Of the policy's rules the first that says anything of an object is asked, and none after it. */
  readonly applyOne: boolean;
  /** What the API server asks before it calls, for all rules of the policy. */
  readonly matchConditions: readonly MatchCondition[];
  /** By kind: where images stand in objects of it. A kind that is here is looked at nowhere else. */
  readonly extractors: ReadonlyMap<string, readonly ImageExtractor[]>;
  readonly entries: readonly Entry[];
  /** In order; loaded where an image of the rule is covered, each when its name is asked for. */
  readonly context: readonly ContextEntry[];
  /** Those among the policies, by `namespace/name`, whose names a context may come to. */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  /** `undefined`: none, so the rule asks whatever the object says. */
  readonly preconditions?: Conditions;
  /** Objects of which it asks nothing, by the PolicyExceptions among the policies that name it. */
  readonly exceptions: readonly RuleException[];
  /** Whether anything of it but its images depends on the object: context, preconditions, exceptions, variables, conditions. */
  readonly varies: boolean;
  /** What is written for reports; `undefined`: nothing is. */
  readonly reported?: Reported;
}

/** What reports say of a rule's results, by the policy's annotations `policies.kyverno.io/…` and the rule's `reportProperties`. */
export interface Reported {
  /** Where false, a failure counts as a warning. */
  readonly scored: boolean;
  readonly category?: string;
  readonly severity?: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** A PolicyException, as a rule that it names sees it: both must hold of an object. */
export interface RuleException {
  /** `namespace/name`, or `name` where it says no namespace. */
  readonly name: string;
  readonly match: Filter;
  /** `undefined`: none, so the match alone decides. */
  readonly conditions?: Conditions;
}

/** An element of imageExtractors: images in objects that are no Pods. */
export interface ImageExtractor {
  /** `name`, by which variables know them: `images.<list>`. */
  readonly list: string;
  /** The way to the objects that name an image; `*` is each element of a list or a map. */
  readonly path: readonly string[];
  /** Their field with the image. */
  readonly value: string;
  /** Their field by which one is told from another; `undefined`: by its JSON pointer. */
  readonly key?: string;
  /** Makes the image of the field's text. */
  readonly jmesPath?: Query;
}

/** webhookConfiguration.matchConditions: an expression in CEL. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** The condition that every webhook of the manifests has: a policy's own have other names. */
export const changedCondition = 'spec-labels-or-annotations-changed';

/** What a rule's failure does in some namespaces: those of a name and, where it has one, of a label that is selected. */
export interface Override {
  readonly action: Action;
  readonly namespaces: readonly string[];
  readonly namespaceSelector?: LabelSelector;
}

/** any: one of the blocks matches; all: every block does. A filter without blocks matches nothing. */
export interface Filter {
  readonly mode: 'any' | 'all';
  readonly blocks: readonly ResourceFilter[];
}

/** Attributes are AND-ed, a list's elements OR-ed; undefined means "not asked". Wildcards as in image/wildcard.ts. */
export interface ResourceFilter {
  readonly kinds?: readonly KindPattern[];
  readonly names?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly selector?: LabelSelector;
  /** Of the labels of the object's namespace, which an API server alone knows (namespace-scopes.ts). */
  readonly namespaceSelector?: LabelSelector;
  readonly operations?: readonly Operation[];
  /** Who makes the request. */
  readonly subjects?: readonly RequestSubject[];
}

/** A user, a group or a service account: wildcards of a request's user name, or of the groups that it is in. */
export interface RequestSubject {
  readonly what: 'user' | 'group';
  readonly name: string;
}

/** group/version/Kind/subresource, each a wildcard pattern; `*` where not written. */
export interface KindPattern {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly subresource: string;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values: readonly string[];
  }[];
}

/** One element of verifyImages. */
export interface Entry {
  /** `verifyImages[0]`. */
  readonly path: string;
  readonly imageReferences: readonly string[];
  readonly skipImageReferences: readonly string[];
  /** `undefined` and `Cosign` accept both ways in which cosign stores a signature. */
  readonly type?: 'Cosign' | 'SigstoreBundle' | 'Notary';
  readonly attestors: readonly AttestorSet[];
  /** Each must be there, by whom it names, and meet its conditions. */
  readonly attestations: readonly WantedAttestation[];
  /** Evaluated once every attestation has been found good. */
  readonly deny?: Deny;
  readonly annotations: Readonly<Record<string, string>>;
  readonly repository?: Repository;
  readonly mutateDigest: boolean;
  readonly verifyDigest: boolean;
  readonly required: boolean;
  readonly useCache: boolean;
  /** Set where variables stand in it: what is above is then the entry without whatever holds one, and is asked by nobody. */
  readonly written?: Written;
}

/** An entry in which variables stand, as its author wrote it. */
export interface Written {
  /** The names of the root that its variables begin with; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** The registries of the signature repositories in it, as far as no variable says which one it is; `undefined`: policies say all of them. */
  readonly registries: ReadonlySet<string> | undefined;
  /**
   * The entry with its variables substituted, or why it is none then. The same entry as before where the same values came. Throws
   * ExpressionError.
   */
  entry(scope: Scope, run: Run): Entry | readonly LoadProblem[];
}

/** An element of `attestations`: statements of one predicate type about the image; of type Notary, artifacts of one type. */
export interface WantedAttestation {
  /** `attestations[0]`. */
  readonly path: string;
  /** By which conditions know the predicate. */
  readonly name?: string;
  readonly predicateType: string;
  /** Its own, else those of the entry; never empty. */
  readonly attestors: readonly AttestorSet[];
  /** What every statement has to meet; `undefined`: one has to be there, whatever it states. */
  readonly conditions?: Conditions;
}

/** `validate.deny`: an image is denied for which all of this is met. */
export interface Deny {
  readonly message: Template;
  readonly conditions: Conditions;
}

export interface AttestorSet {
  /** `undefined`: every attestor entry must pass. */
  readonly count?: number;
  readonly entries: readonly AttestorEntry[];
}

/** Attestor sets inside attestor sets, the outermost counted. */
export const maxNesting = 8;

export type AttestorEntry = KeysAttestor | CertificatesAttestor | KeylessAttestor | NotaryAttestor | NestedAttestor;

interface AttestorCommon {
  /** Replaces the entry's annotations when written. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly repository?: Repository;
}

export interface KeysAttestor extends AttestorCommon {
  readonly kind: 'keys';
  /** One PEM block each, in order; empty where there is a `kms`. */
  readonly publicKeys: readonly string[];
  /** The address of one key in a KMS, which `parseAwsKms` (kms.ts) takes apart. */
  readonly kms?: string;
  readonly signatureAlgorithm: 'sha224' | 'sha256' | 'sha384' | 'sha512';
  readonly rekor: RekorFields;
  readonly ctlog: CtlogFields;
}

/** `cert`, `certChain` or both are there. */
export interface CertificatesAttestor extends AttestorCommon {
  readonly kind: 'certificates';
  /** PEM of one certificate: the signer's own. */
  readonly cert?: string;
  /** PEM, the root last: the roots and intermediates under which a signer's certificate counts. */
  readonly certChain?: string;
  /** Of signatures by the key of a `cert` that stands alone; absent: sha256, which does not pin. */
  readonly signatureAlgorithm?: KeysAttestor['signatureAlgorithm'];
  readonly rekor: RekorFields;
  readonly ctlog: CtlogFields;
}

/** A certificate of a CA that names who signed. What is written here of it must all hold of one signature. */
export interface KeylessAttestor extends AttestorCommon {
  readonly kind: 'keyless';
  /** Wildcards as in image/wildcard.ts; absent: not asked. */
  readonly issuer?: string;
  /** RE2, found anywhere in the text (regexp.ts). */
  readonly issuerRegExp?: string;
  readonly subject?: string;
  readonly subjectRegExp?: string;
  /** By OID (`1.3.6.1.4.1.57264.1.5`) or GitHub's name (`githubWorkflowRepository`); the values are wildcards, never empty. */
  readonly additionalExtensions: Readonly<Record<string, string>>;
  /** PEM; absent: the CAs of the trust root. */
  readonly roots?: string;
  readonly rekor: RekorFields;
  readonly ctlog: CtlogFields;
}

/** Which transparency log a signature must be in. */
export interface RekorFields {
  readonly ignoreTlog: boolean;
  /** Never called: the name by which checkpoints know the log. */
  readonly url?: string;
  /** PEM; absent: the logs of the trust root. */
  readonly pubkey?: string;
}

/** What certifies a certificate and the time of a signature. */
export interface CtlogFields {
  readonly ignoreSCT: boolean;
  /** PEM of the certificate log's key; absent: the logs of the trust root. */
  readonly pubkey?: string;
  /** PEM, the root last: the time-stamp authority; absent: those of the trust root. */
  readonly tsaCertChain?: string;
}

/** Of `type: Notary`: certificates of the rule's own, or the trust policies beside the policies. */
export interface NotaryAttestor extends AttestorCommon {
  readonly kind: 'notary';
  readonly by:
    | {
        /** PEM of the certificates, any of which a signature's chain must have. */
        readonly certificates: string;
      }
    | { readonly trust: NotaryTrust };
}

export interface NestedAttestor extends AttestorCommon {
  readonly kind: 'set';
  readonly set: AttestorSet;
}
