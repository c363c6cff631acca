import type { RuleException } from '../policy.ts';
import { readOneBlock } from './conditions.ts';
import { filterFields, metadata } from './fields.ts';
import { readExceptionMatch } from './filter.ts';
import { itemsOf } from './lists.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { asWritten, flag, list, object, text } from './schema.ts';

/** A PolicyException as it is written: which rules it names is found out once all policies have been read. */
export interface WrittenException {
  readonly exception: RuleException;
  readonly targets: readonly ExceptionTarget[];
  readonly place: Place;
  readonly report: Report;
}

/** An element of `exceptions`. */
export interface ExceptionTarget {
  /** As a rule's `policy`: `name` of a ClusterPolicy, `namespace/name` of a Policy. No wildcards. */
  readonly policyName: string;
  /** Wildcards of the names of rules, those of auto-gen's rules among them. */
  readonly ruleNames: readonly string[];
  readonly at: Place;
}

/** By apiVersion: of both versions the fields are the same. */
export const exceptionVersions = ['kyverno.io/v2', 'kyverno.io/v2beta1'];

export function isException(apiVersion: string, kind: string): boolean {
  return kind === 'PolicyException' && exceptionVersions.includes(apiVersion);
}

const schema = object({
  apiVersion: text,
  kind: text,
  metadata,
  spec: object({
    match: object(filterFields),
    conditions: asWritten,
    exceptions: list(object({ policyName: text, ruleNames: list(text) })),
    /** Background scans are Kyverno's. */
    background: flag,
    podSecurity: asWritten,
  }),
});

/**
 * A PolicyException; `undefined` where it is left to Kyverno, or the report says why. Its namespace is a part of its name and no more,
 * as for Kyverno's command line: whoever writes the policies writes the exceptions.
 */
export function readException(place: Place, report: Report): WrittenException | undefined {
  const fields = schema(place, report);
  const spec = place.field('spec');
  const name = readName(place.field('metadata'), report);
  for (const required of ['match', 'exceptions']) {
    if (!spec.field(required).given) report.problem(spec, `${required} is required`);
  }
  const match = readExceptionMatch(fields?.spec?.match, spec.field('match'), report);
  const conditions = readOneBlock(spec.field('conditions'), report);
  const targets = readTargets(spec.field('exceptions'), report);
  if (fields === undefined || !report.clean(place)) return undefined;
  if (!spec.field('podSecurity').empty) {
    report.warning(
      spec.field('podSecurity'),
      `is about rules with validate.podSecurity: exception ${name} is left to Kyverno, and takes nothing out of rules about images`,
    );
    return undefined;
  }
  return { exception: { name, match, ...(conditions !== undefined && { conditions }) }, targets, place, report };
}

/** The exceptions of a document that may hold nothing else: one, or the items of a list. */
export function readExceptions(place: Place, report: Report): WrittenException[] {
  const items = itemsOf(place, report);
  if (items !== undefined) return items.flatMap((item) => readExceptions(item, report));
  const [apiVersion = '', kind = ''] = [place.field('apiVersion').text, place.field('kind').text];
  if (isException(apiVersion, kind)) {
    const exception = readException(place, report);
    return exception === undefined ? [] : [exception];
  }
  report.problem(
    place,
    `${`${apiVersion} ${kind}`.slice(0, 120)} is no PolicyException of ${exceptionVersions.join(' or ')}`,
  );
  return [];
}

function readName(at: Place, report: Report): string {
  const [name = '', namespace = ''] = [at.field('name').text, at.field('namespace').text];
  if (name === '') report.problem(at, 'a PolicyException must have a name');
  else if (name.length > 253) report.problem(at.field('name'), 'Too long: may not be more than 253 bytes');
  if (namespace.length > 63) report.problem(at.field('namespace'), 'Too long: may not be more than 63 bytes');
  return namespace === '' ? name : `${namespace}/${name}`;
}

function readTargets(place: Place, report: Report): readonly ExceptionTarget[] {
  return place.items.map((at) => {
    const policyName = at.field('policyName').text ?? '';
    if (policyName === '') report.problem(at, 'An exception requires a policy name');
    if (!at.field('ruleNames').given) report.problem(at, 'ruleNames is required');
    const ruleNames = at.field('ruleNames').items.flatMap(({ text }) => text ?? []);
    return { policyName, ruleNames, at };
  });
}
