import type { Place } from './place.ts';
import {
  asWritten,
  constant,
  dictionary,
  flag,
  lazy,
  list,
  notBuilt,
  notBuiltAtAll,
  object,
  oneOf,
  plainText,
  readOver,
  type Schema,
  text,
  wholeNumber,
} from './schema.ts';

/*
 * Every field of Kyverno's ClusterPolicy and Policy (kyverno.io/v1 and v2beta1, the CRDs of 1.19) that a verifyImages rule
 * can stand in. A field that is here with a type works; `notBuilt` is refused by name unless empty; `readOver` is written
 * by an API server, or is about rules that are left to Kyverno, and changes no verdict. A field that is not here is unknown.
 */

/** What an API server does not tell a webhook, and Kyverno looks up in the cluster that it runs in. */
const unknownToWebhooks: Schema<never> = (place, report) => {
  if (!place.empty) {
    report.problem(
      place,
      'cannot be known: a review names the user and the groups, and no roles; write subjects, or namespaces',
    );
  }
  return undefined;
};

/** Kyverno evaluates them of validate.cel rules, and passes them over in all others. */
const ofCelRules: Schema<never> = (place, report) => {
  if (!place.empty) {
    report.problem(place, 'would have no effect: they are of validate.cel rules alone; write preconditions');
  }
  return undefined;
};

const labelSelector = object({
  matchLabels: dictionary(text),
  matchExpressions: list(
    object({ key: text, operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(text) }),
  ),
});

const resources = object({
  kinds: list(text),
  name: text,
  names: list(text),
  namespaces: list(text),
  annotations: dictionary(text),
  selector: labelSelector,
  namespaceSelector: labelSelector,
  operations: list(oneOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT')),
});

const subject = object({
  kind: oneOf('User', 'Group', 'ServiceAccount'),
  name: text,
  namespace: text,
  apiGroup: readOver,
});
const users = { subjects: list(subject), roles: unknownToWebhooks, clusterRoles: unknownToWebhooks };
const block = object({ resources, ...users });
/** A filter's own, in v2beta1 and later. */
export const filterFields = { any: list(block), all: list(block) };

const rekor = object({ url: text, pubkey: text, ignoreTlog: flag });
const ctlog = object({ ignoreSCT: flag, pubkey: text, tsaCertChain: text });
/** Which of them exist is Kyverno's lint, with a message of its own. */
const signatureAlgorithm = text;

const keys = object({
  publicKeys: text,
  signatureAlgorithm,
  secret: notBuiltAtAll,
  kms: text,
  rekor,
  ctlog,
});

const certificates = object({ cert: text, certChain: text, rekor, ctlog });

const keyless = object({
  issuer: text,
  issuerRegExp: text,
  subject: text,
  subjectRegExp: text,
  additionalExtensions: dictionary(text),
  roots: text,
  rekor,
  ctlog,
});

export type WrittenRekor = Valued<typeof rekor>;
export type WrittenCtlog = Valued<typeof ctlog>;
export type WrittenKeyless = Valued<typeof keyless>;

export interface AttestorSetFields {
  readonly count?: number;
  readonly entries?: readonly AttestorFields[];
}

export interface AttestorFields {
  readonly keys?: Valued<typeof keys>;
  readonly certificates?: Valued<typeof certificates>;
  readonly keyless?: WrittenKeyless;
  readonly attestor?: AttestorSetFields;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly repository?: string;
  readonly signatureAlgorithm?: string;
}

const attestor: Schema<AttestorFields> = object({
  keys,
  certificates,
  keyless,
  attestor: lazy(() => attestorSet),
  annotations: dictionary(text),
  repository: text,
  signatureAlgorithm,
});

const attestorSet: Schema<AttestorSetFields> = object({ count: wholeNumber, entries: list(attestor) });

const attestation = object({
  name: constant,
  /** Deprecated. */
  predicateType: text,
  type: text,
  attestors: list(attestorSet),
  conditions: asWritten,
});

const denial = object({ message: plainText, deny: object({ conditions: asWritten }) });

const entryFields = {
  failureAction: oneOf('Audit', 'Enforce'),
  type: oneOf('Cosign', 'SigstoreBundle', 'Notary'),
  imageReferences: list(text),
  skipImageReferences: list(text),
  attestors: list(attestorSet),
  attestations: list(attestation),
  repository: text,
  mutateDigest: flag,
  verifyDigest: flag,
  required: flag,
  useCache: flag,
  validate: denial,
  imageRegistryCredentials: notBuilt,
};

/** In v1 alone. */
const deprecatedEntryFields = {
  image: text,
  key: text,
  annotations: dictionary(text),
  roots: text,
  subject: text,
  issuer: text,
  additionalExtensions: dictionary(text),
  /** Which place Kyverno reads first. Countersign reads the `.sig` tag and the referrers whatever it says. */
  cosignOCI11: flag,
};

function ruleSchema(filter: Schema<FilterFields>, entry: Schema<EntryFields>): Schema<RuleFields> {
  const ruleFields = {
    name: text,
    match: filter,
    exclude: filter,
    verifyImages: list(entry),
    context: asWritten,
    preconditions: asWritten,
    celPreconditions: ofCelRules,
    imageExtractors: asWritten,
    mutate: asWritten,
    validate: asWritten,
    generate: asWritten,
    /** Goes into Kyverno's reports. */
    reportProperties: dictionary(plainText),
    /** Kyverno lets its own background controller's requests pass if true; Countersign asks about every request. */
    skipBackgroundRequests: flag,
  };
  const verifies = object(ruleFields);
  /** A rule of another type is Kyverno's: only its fields' names are looked at. */
  const foreign = object({
    ...Object.fromEntries(Object.keys(ruleFields).map((name) => [name, readOver])),
    name: text,
  });
  return (place, report) => (place.field('verifyImages').empty ? foreign : verifies)(place, report);
}

const failureAction = oneOf('Audit', 'Enforce', 'audit', 'enforce');

const matchConditions = list(object({ name: plainText, expression: plainText }));

function policySchema(rule: Schema<RuleFields>) {
  return object({
    apiVersion: text,
    kind: text,
    metadata,
    spec: object({
      rules: list(rule),
      applyRules: oneOf('All', 'One'),
      failurePolicy: oneOf('Ignore', 'Fail'),
      validationFailureAction: failureAction,
      validationFailureActionOverrides: list(
        object({ action: failureAction, namespaces: list(text), namespaceSelector: labelSelector }),
      ),
      admission: flag,
      webhookTimeoutSeconds: wholeNumber,
      webhookConfiguration: object({
        failurePolicy: oneOf('Ignore', 'Fail'),
        timeoutSeconds: wholeNumber,
        matchConditions,
      }),
      /** Re-verification of what runs already is not admission's work: docs say what answers it. */
      background: flag,
      /** Failures that do not block are warnings of the response whatever it says. */
      emitWarning: flag,
      schemaValidation: flag,
      mutateExistingOnPolicyUpdate: flag,
      generateExisting: flag,
      generateExistingOnPolicyUpdate: flag,
      useServerSideApply: flag,
    }),
    status: readOver,
  });
}

export const metadata = object({
  name: plainText,
  namespace: plainText,
  annotations: dictionary(plainText),
  labels: dictionary(plainText),
  generateName: readOver,
  uid: readOver,
  resourceVersion: readOver,
  generation: readOver,
  creationTimestamp: readOver,
  deletionTimestamp: readOver,
  deletionGracePeriodSeconds: readOver,
  finalizers: readOver,
  managedFields: readOver,
  ownerReferences: readOver,
  selfLink: readOver,
});

const filterV2beta1 = object(filterFields);
const filterV1 = object({ ...filterFields, resources, ...users });
const entryV2beta1 = object(entryFields);
const entryV1 = object({ ...entryFields, ...deprecatedEntryFields });

/** An entry of either version: what the older one alone has was refused before. */
export const entrySchema = entryV1;

export type AttestationFields = Valued<typeof attestation>;
export type DenialFields = Valued<typeof denial>;
export type BlockFields = Valued<typeof block>;
export type SelectorFields = Valued<typeof labelSelector>;
export type FilterFields = Valued<typeof filterV1>;
export type EntryFields = Valued<typeof entryV1>;
export type OverrideFields = NonNullable<SpecFields['validationFailureActionOverrides']>[number];
export type SpecFields = NonNullable<PolicyFields['spec']>;
export type PolicyFields = Valued<ReturnType<typeof policySchema>>;

export interface RuleFields {
  readonly name?: string;
  readonly match?: FilterFields;
  readonly exclude?: FilterFields;
  readonly verifyImages?: readonly EntryFields[];
  readonly context?: Place;
  readonly preconditions?: Place;
  readonly imageExtractors?: Place;
  readonly mutate?: Place;
  readonly validate?: Place;
  readonly generate?: Place;
  readonly reportProperties?: Readonly<Record<string, string>>;
}

type Valued<S> = S extends Schema<infer T> ? T : never;

/** By apiVersion. */
export const policySchemas = {
  'kyverno.io/v1': policySchema(ruleSchema(filterV1, entryV1)),
  'kyverno.io/v2beta1': policySchema(ruleSchema(filterV2beta1, entryV2beta1)),
} as const;
