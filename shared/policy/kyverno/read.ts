import { enforcesSomewhere } from '../action.ts';
import type { ConfigMap } from '../context.ts';
import type { NotaryTrust } from '../notary/trust-policy.ts';
import { changedCondition, type MatchCondition, type Rule } from '../policy.ts';
import { warnOfSpared } from './apply-one.ts';
import { controllerRules, controllersAnnotation, controllersOf, lintControllers } from './autogen.ts';
import { readConfigMap } from './config-map.ts';
import { exceptionVersions, isException, readException, type WrittenException } from './exception.ts';
import { type PolicyFields, policySchemas, type SpecFields } from './fields.ts';
import { qualifiedName } from './filter.ts';
import { itemsOf } from './lists.ts';
import { isActionRefused, readAction, readOverrides } from './overrides.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { type Common, readRule, refuseUnselectable, rereadForControllers } from './rule.ts';
import { warnOfUnasked } from './unasked-kinds.ts';
import { warnOfUnaskedUpdates } from './unasked-updates.ts';

/** A policy's kind and name, by which it is told from others, and its verifyImages rules with those that auto-gen makes. */
export interface ReadPolicy {
  readonly identity: string;
  readonly place: Place;
  /** `name`, or `namespace/name` of a Policy. */
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** Kinds that come later. */
const later = /^policies\.kyverno\.io\/\S+ (?:(?:Namespaced)?ImageValidatingPolicy|PolicyException)$/;
/** Kyverno's kinds that have no rules of images, whatever is in them. */
const othersOfKyverno =
  /^(?:policies\.kyverno\.io\/\S+ \w+Policy|kyverno\.io\/\S+ (?:(?:Cluster)?CleanupPolicy|GlobalContextEntry))$/;

/** What the documents of a set have in common. */
export interface Surroundings {
  /** Takes the ConfigMaps among them. */
  readonly configMaps: Map<string, ConfigMap>;
  /** Takes the exceptions among them. */
  readonly exceptions: WrittenException[];
  /** Takes those that are left to others. */
  readonly left: Place[];
  /** Of a Policy that names none. */
  readonly namespace?: string | undefined;
  /** Which ones are left to others, unread. */
  readonly leaves?: ((document: Place) => boolean) | undefined;
  /** The trust policies beside them. */
  readonly notary: NotaryTrust | undefined;
}

/** The policies of one document: one, or the items of a list as `kubectl get -o yaml` writes it. */
export function readObject(place: Place, report: Report, surroundings: Surroundings): ReadPolicy[] {
  const { left, leaves } = surroundings;
  const apiVersion = place.field('apiVersion').text ?? '';
  const kind = place.field('kind').text ?? '';
  const items = itemsOf(place, report);
  if (items !== undefined) return items.flatMap((item) => readObject(item, report, surroundings));
  if (leaves?.(place) === true) {
    left.push(place);
    return [];
  }
  if (isKnownVersion(apiVersion) && (kind === 'ClusterPolicy' || kind === 'Policy')) {
    const verifies = rulesOf(place).items.some((rule) => !rule.field('verifyImages').empty);
    const fields = policySchemas[apiVersion](place, report);
    return fields === undefined ? [] : [readPolicy(fields, place, kind, verifies, surroundings, report)];
  }
  if (apiVersion === 'v1' && kind === 'ConfigMap') {
    readConfigMap(place, surroundings.configMaps, report);
    return [];
  }
  if (isException(apiVersion, kind)) {
    const exception = readException(place, report);
    if (exception !== undefined) surroundings.exceptions.push(exception);
    return [];
  }
  const what = `${apiVersion} ${kind}`;
  if (isKustomization(what, report.file)) {
    report.problem(
      place,
      'is a kustomization, which may change the policies beside it: give what it renders (kustomize build DIR | countersign apply - …), or the files of policies by their names',
    );
  } else if (later.test(what)) report.problem(place, `not supported yet: ${what}`);
  else if (apiVersion === '' || kind === '') report.problem(place, 'is not a policy: apiVersion and kind are required');
  else if (othersOfKyverno.test(what)) {
    report.problem(
      place,
      `${what.slice(0, 120)} is not about images: leave it to Kyverno, and take it out of these files`,
    );
  } else {
    report.problem(
      place,
      `${what.slice(0, 120)} is no policy: ClusterPolicy and Policy of ${Object.keys(policySchemas).join(' and ')} are read, and PolicyException of ${exceptionVersions.join(' and ')}`,
    );
  }
  return [];
}

/** By its kind, or by the name of its file where it leaves that out, as kustomize lets it. */
function isKustomization(what: string, file: string): boolean {
  return /^kustomize\.config\.k8s\.io\//.test(what) || (what === ' ' && /(?:^|[\\/])kustomization\.ya?ml$/.test(file));
}

function isKnownVersion(apiVersion: string): apiVersion is keyof typeof policySchemas {
  return Object.hasOwn(policySchemas, apiVersion);
}

/** Where the rules of a policy are written. */
export function rulesOf(policy: Place): Place {
  return policy.field('spec').field('rules');
}

function readPolicy(
  fields: PolicyFields,
  place: Place,
  kind: 'ClusterPolicy' | 'Policy',
  verifies: boolean,
  surroundings: Surroundings,
  report: Report,
): ReadPolicy {
  const { name = '', namespace: written } = fields.metadata ?? {};
  const namespace = written || surroundings.namespace;
  const namespaced = kind === 'Policy';
  const policy = namespaced ? `${namespace ?? ''}/${name}` : name;
  const spec = fields.spec ?? {};
  const at = place.field('spec');
  lintMetadata(fields, place, kind, report);
  if (namespaced && !namespace) {
    report.problem(
      place.field('metadata'),
      'namespace is required: a Policy is about the objects of its own namespace',
    );
  }
  lintSpec(spec, at, report);
  if (verifies) lintVerifyingSpec(spec, at, namespaced, report);
  else if (report.clean(place)) report.warning(place, `${policy} has no verifyImages rule: it is left to Kyverno`);
  const { annotations = {} } = fields.metadata ?? {};
  const common = {
    ...readCommon(spec, at, policy, namespaced ? namespace : undefined, surroundings, report),
    annotations,
  };
  return { identity: `${kind} ${policy}`, place, name: policy, rules: readRules(fields, place, common, report) };
}

function lintMetadata({ metadata }: PolicyFields, place: Place, kind: string, report: Report): void {
  const at = place.field('metadata');
  const { name, namespace } = metadata ?? {};
  if (!name) report.problem(at, 'a policy must have a name');
  else if (name.length > 63) report.problem(at.field('name'), 'Too long: may not be more than 63 bytes');
  if (kind === 'ClusterPolicy' && namespace) {
    report.problem(at.field('namespace'), 'A clusterpolicy should not have the namespace defined');
  }
  lintControllers(at.field('annotations').field(controllersAnnotation), report);
}

function lintVerifyingSpec(spec: SpecFields, place: Place, namespaced: boolean, report: Report): void {
  if (spec.admission === false) {
    report.problem(place.field('admission'), 'disabling admission processing is only allowed with validation policies');
  }
  const overrides = 'validationFailureActionOverrides';
  if (namespaced && (spec[overrides] ?? []).length > 0) {
    report.problem(place.field(overrides), `Use of ${overrides} is supported only with ClusterPolicy`);
  }
}

function lintSpec(spec: SpecFields, place: Place, report: Report): void {
  if (!place.given) report.problem(place, 'spec is required');
  const webhook = place.field('webhookConfiguration');
  const outOfRange = (seconds: number | undefined) => seconds !== undefined && (seconds < 1 || seconds > 30);
  const range = 'the timeout value must be between 1 and 30 seconds';
  if (outOfRange(spec.webhookTimeoutSeconds)) report.problem(place.field('webhookTimeoutSeconds'), range);
  if (outOfRange(spec.webhookConfiguration?.timeoutSeconds)) report.problem(webhook.field('timeoutSeconds'), range);
  const actions = [spec.validationFailureAction, ...(spec.validationFailureActionOverrides ?? []).map((o) => o.action)];
  if (actions.some((action) => action === 'enforce' || action === 'audit')) {
    const at = place.field(
      spec.validationFailureAction === undefined ? 'validationFailureActionOverrides' : 'validationFailureAction',
    );
    report.warning(at, 'Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead');
  }
  for (const [older, newer] of [
    ['failurePolicy', 'failurePolicy'],
    ['webhookTimeoutSeconds', 'timeoutSeconds'],
  ] as const) {
    if (place.field(older).given && webhook.field(newer).given) {
      report.warning(place.field(older), `has no effect: spec.webhookConfiguration.${newer} is used`);
    }
  }
}

function readCommon(
  spec: SpecFields,
  place: Place,
  policy: string,
  namespace: string | undefined,
  { configMaps, notary }: Surroundings,
  report: Report,
): Omit<Common, 'annotations'> {
  const timeoutSeconds = spec.webhookConfiguration?.timeoutSeconds ?? spec.webhookTimeoutSeconds;
  const overrides = spec.validationFailureActionOverrides ?? [];
  return {
    policy,
    ...(namespace !== undefined && { namespace }),
    failurePolicy: spec.webhookConfiguration?.failurePolicy ?? spec.failurePolicy ?? 'Fail',
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    action: readAction(spec.validationFailureAction ?? (isActionRefused(place, report) ? 'Enforce' : 'Audit')),
    actionFrom: spec.validationFailureAction === undefined ? 'by default' : 'as written',
    overrides: readOverrides(overrides, place.field('validationFailureActionOverrides'), report),
    // Of one rule, which is what auto-gen makes others of for other kinds, none comes before another.
    applyOne: spec.applyRules === 'One' && (spec.rules ?? []).length > 1,
    matchConditions: readMatchConditions(spec, place.field('webhookConfiguration').field('matchConditions'), report),
    configMaps,
    notary,
  };
}

/** An API server takes 64 to a webhook, and the webhook has one of its own. */
const mostConditions = 63;

/** They go into the manifests: an API server evaluates them, and nobody else can. */
function readMatchConditions(
  { webhookConfiguration }: SpecFields,
  place: Place,
  report: Report,
): readonly MatchCondition[] {
  const fields = webhookConfiguration?.matchConditions ?? [];
  if (fields.length > mostConditions) report.problem(place, `has more than ${mostConditions} conditions`);
  const conditions = fields.flatMap(({ name, expression }, index) => {
    if (!name) report.problem(place.item(index), 'name is required');
    else if (!qualifiedName.test(name)) {
      report.problem(
        place.item(index).field('name'),
        'is no name that an API server takes: letters, digits and - _ . between them, 63 at most',
      );
    }
    if (!expression) report.problem(place.item(index), 'expression is required');
    return name && expression ? [{ name, expression }] : [];
  });
  const names = conditions.map(({ name }) => name);
  if (names.includes(changedCondition)) {
    report.problem(place, `has a condition ${changedCondition}, as the manifests have: choose another name`);
  }
  if (new Set(names).size < names.length) report.problem(place, 'has two conditions of one name');
  if (conditions.length > 0) {
    report.warning(
      place,
      'are evaluated by the API server, which manifests tell of them; the command line and the URL /mutate ask the rules whatever they say',
    );
  }
  return conditions;
}

function readRules(fields: PolicyFields, policy: Place, common: Common, report: Report): readonly Rule[] {
  const place = rulesOf(policy);
  const written = fields.spec?.rules ?? [];
  refuseRepeatedNames(
    written.map((rule) => rule.name),
    place,
    report,
  );
  const annotation = policy.field('metadata').field('annotations').field(controllersAnnotation).text;
  const controllers = controllersOf(place.items, annotation, report);
  const rules: Rule[] = [];
  const made: Rule[] = [];
  for (const [index, ruleFields] of written.entries()) {
    const rule = readRule(ruleFields, place.item(index), common, report);
    if (rule === undefined) continue;
    const ofControllers = controllerRules(rule, place.item(index), controllers, (podPath) =>
      rereadForControllers(rule, ruleFields, place.item(index), podPath, common, report),
    );
    rules.push(rule);
    made.push(...ofControllers);
    warnOfUnasked(rule, ofControllers, place.item(index), report);
    warnOfUnaskedUpdates(rule, place.item(index), report);
    warnOfIgnore(rule, place.item(index), report);
  }
  for (const rule of made) {
    const taken = written.findIndex(({ name }) => name === rule.name);
    if (taken !== -1)
      report.problem(place.item(taken).field('name'), 'is taken: auto-gen makes a rule of this name; choose another');
  }
  refuseRepeatedMade(made, place, report);
  const all = [...rules, ...made];
  if (common.applyOne && report.clean(place)) {
    const applyRules = policy.field('spec').field('applyRules');
    refuseUnselectable(all, applyRules, report);
    warnOfSpared(rules, applyRules, report);
  }
  return all;
}

function refuseRepeatedNames(names: readonly (string | undefined)[], place: Place, report: Report): void {
  for (const [index, name] of names.entries()) {
    if (name && names.indexOf(name) < index) {
      report.problem(place.item(index).field('name'), `Duplicate rule name: '${name}'`);
    }
  }
}

/** Two long names can be equal once they are cut to 63. */
function refuseRepeatedMade(made: readonly Rule[], place: Place, report: Report): void {
  const names = new Set(made.map((rule) => rule.name));
  if (names.size < made.length) report.problem(place, 'auto-gen gives two rules the same name: shorten their names');
}

function warnOfIgnore(rule: Rule, place: Place, report: Report): void {
  if (rule.failurePolicy === 'Ignore' && enforcesSomewhere(rule)) {
    report.warning(
      place,
      `rule '${rule.name}' enforces under failurePolicy Ignore: whoever makes the webhook's call fail is admitted unverified, ` +
        'and deployed on Lambda a review of over 5 MB does (an object with 900 KB of `<`, or an update of one with 450 KB)' +
        (rule.matchConditions.length === 0
          ? ''
          : '; nobody is asked about an object for which one of its matchConditions fails to evaluate either, as ' +
            "object.metadata.labels['a'] does where there are no labels: write object.metadata.?labels[?'a']"),
    );
  }
}
