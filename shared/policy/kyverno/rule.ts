import type { ContextEntry } from '../context.ts';
import { selectedRules, Unselectable } from '../namespace-scopes.ts';
import type { NotaryTrust } from '../notary/trust-policy.ts';
import type { Action, Entry, Rule } from '../policy.ts';
import { readBlock } from './conditions.ts';
import { readContext } from './context.ts';
import { type AuditsBy, readEntry } from './entry.ts';
import { lintExtractors, readExtractors } from './extractors.ts';
import { type EntryFields, entrySchema, type RuleFields } from './fields.ts';
import { readExclude, readMatch, refuseEmptySet } from './filter.ts';
import { forControllers, namesPodFields, type PodPath } from './for-controllers.ts';
import { refuseNamesOfTwo, refuseUnknownNames } from './known-names.ts';
import { isActionRefused, readAction } from './overrides.ts';
import type { Place } from './place.ts';
import { Report } from './report.ts';
import { reportedOf } from './reported.ts';

/** What a policy says for all of its rules. */
export interface Common
  extends Pick<
    Rule,
    | 'policy'
    | 'namespace'
    | 'failurePolicy'
    | 'timeoutSeconds'
    | 'overrides'
    | 'applyOne'
    | 'matchConditions'
    | 'configMaps'
  > {
  /** The trust policies beside the policies. */
  readonly notary: NotaryTrust | undefined;
  readonly action: Action;
  readonly actionFrom: AuditsBy;
  /** The policy's annotations. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a rule does. Kyverno's messages call it an operation; elsewhere an operation is what a request does to its object. */
const ruleTypes = ['mutate', 'validate', 'generate', 'verifyImages'] as const;

/**
 * One rule of a policy with Kyverno's lint; `undefined` for a rule of another type, which is left to Kyverno with a warning,
 * and where the report says why.
 */
export function readRule(fields: RuleFields, place: Place, common: Common, report: Report): Rule | undefined {
  const { name = '' } = fields;
  if (name === '') report.problem(place, 'a rule must have a name');
  if (name.length > 63) report.problem(place.field('name'), 'a rule name must be no more than 63 characters');
  const found = typesOf(place);
  if (found.length === 0) {
    report.problem(place, `No operation defined in the rule '${name}'.(supported operations: ${ruleTypes.join(',')})`);
    return undefined;
  }
  if (found.length > 1) {
    report.problem(
      place,
      `Multiple operations defined in the rule '${name}', only one operation (${ruleTypes.join(',')}) is allowed per rule`,
    );
    return undefined;
  }
  if (found[0] !== 'verifyImages') {
    report.warning(place, `rule '${name}' is a ${found[0]} rule: it is left to Kyverno`);
    return undefined;
  }
  return readVerifyImages(name, fields, place, common, report);
}

/**
 * The types of a rule. `mutate: {}` and `generate: {clone: {}, cloneList: {}}` are what older versions of Kyverno stored for a type that
 * a rule is not of; where nothing else is written, such a hollow one is the rule's all the same.
 */
function typesOf(rule: Place): readonly (typeof ruleTypes)[number][] {
  const full = ruleTypes.filter((type) => !rule.field(type).empty);
  return full.length > 0 ? full : ruleTypes.filter((type) => rule.field(type).names.length > 0);
}

function readVerifyImages(
  name: string,
  fields: RuleFields,
  place: Place,
  common: Common,
  report: Report,
): Rule | undefined {
  const namespaced = common.namespace !== undefined;
  const match = readMatch(fields.match, place.field('match'), namespaced, report);
  const exclude = readExclude(fields.exclude, place.field('exclude'), namespaced, report);
  if (report.clean(place.field('match'))) refuseEmptySet(match, exclude, place, report);

  const { action, overrides } = actionOf(fields.verifyImages ?? [], common);
  const said = readSaid(fields, place, common, report);
  const extractors = readExtractors(place.field('imageExtractors'), report);
  lintExtractors({ extractors, match, entries: said.entries }, place.field('imageExtractors'), report);
  if (!report.clean(place)) return undefined;
  const reported = reportedOf(common.annotations, fields.reportProperties);
  const rule: Rule = {
    policy: common.policy,
    ...(common.namespace !== undefined && { namespace: common.namespace }),
    name,
    file: report.file,
    line: place.line,
    match,
    exclude,
    failurePolicy: common.failurePolicy,
    ...(common.timeoutSeconds !== undefined && { timeoutSeconds: common.timeoutSeconds }),
    action,
    overrides,
    applyOne: common.applyOne,
    extractors,
    matchConditions: common.matchConditions,
    // Exceptions may stand in any file: they come once all have been read (with-exceptions.ts).
    exceptions: [],
    ...said,
    ...(reported !== undefined && { reported }),
  };
  refuseUnselectable([rule], place, report);
  return rule;
}

/** Rules about which no API server can be asked: together, where one of them is asked depending on another. */
export function refuseUnselectable(rules: readonly Rule[], place: Place, report: Report): void {
  try {
    for (const rule of rules) selectedRules(rule, rules);
  } catch (thrown) {
    if (!(thrown instanceof Unselectable)) throw thrown;
    report.problem(place, thrown.message);
  }
}

/** What a rule says of the objects that it matches. */
type Said = Pick<Rule, 'entries' | 'context' | 'configMaps' | 'preconditions' | 'varies'>;

function readSaid(fields: RuleFields, place: Place, common: Common, report: Report): Said {
  const context = readContext(place.field('context'), report);
  const entries = readEntries(fields.verifyImages ?? [], place.field('verifyImages'), context, common, report);
  const preconditions = readBlock(place.field('preconditions'), report);
  const said = { entries, context, ...(preconditions !== undefined && { preconditions }) };
  refuseUnknownNames(context, place, report);
  refuseNamesOfTwo(context, place, report);
  const varies =
    context.length > 0 ||
    preconditions !== undefined ||
    entries.some(
      ({ written, deny, attestations }) => written !== undefined || deny !== undefined || attestations.length > 0,
    );
  return { ...said, configMaps: common.configMaps, varies };
}

/** The same as it is meant for controllers. Nothing where it says nothing of a Pod's fields: it is the rule's own then. */
export function rereadForControllers(
  { varies }: Rule,
  fields: RuleFields,
  place: Place,
  podPath: PodPath,
  common: Common,
  report: Report,
): Partial<Said> {
  if (!varies || place.tree === undefined || !namesPodFields(place.tree)) return {};
  const moved = forControllers(place, podPath);
  // What is wrong with it, or worth a warning, has been told of the rule as it is written.
  const again = new Report(report.file);
  const elements = moved.field('verifyImages').items.map((item) => entrySchema(item, again) ?? {});
  const said = readSaid({ ...fields, verifyImages: elements }, moved, common, again);
  const [problem] = again.problems;
  if (problem === undefined) return said;
  const { field, message } = problem;
  report.problem(place, `auto-gen cannot make a rule of it for controllers: ${field} then ${message}`);
  return {};
}

/** An entry's failureAction decides for the rule, Enforce over Audit, and then no override counts; as in Kyverno. */
function actionOf(elements: readonly EntryFields[], common: Common): Pick<Rule, 'action' | 'overrides'> {
  const written = elements.flatMap(({ failureAction }) => failureAction ?? []);
  if (written.length === 0) return { action: common.action, overrides: common.overrides };
  return { action: written.includes('Enforce') ? 'enforce' : 'audit', overrides: [] };
}

function readEntries(
  elements: readonly EntryFields[],
  place: Place,
  context: readonly ContextEntry[],
  common: Common,
  report: Report,
): readonly Entry[] {
  // Kyverno's lint of mutateDigest goes by the spec's action until an entry writes one, and from there by that.
  let audits: AuditsBy | undefined = common.action === 'audit' ? common.actionFrom : undefined;
  return elements.flatMap((fields, index) => {
    const at = place.item(index);
    if (fields.failureAction !== undefined)
      audits = readAction(fields.failureAction) === 'audit' ? 'as written' : undefined;
    else if (isActionRefused(at, report)) audits = undefined;
    return readEntry(fields, at, audits, { context, notary: common.notary }, report) ?? [];
  });
}
