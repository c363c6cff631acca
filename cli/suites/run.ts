import { trustPolicyBeside } from '../../local/notary.ts';
import { readExceptions } from '../../local/policies.ts';
import type { PolicyFile } from '../../shared/policy/kyverno/load.ts';
import { type LoadWarning, PolicyLoadError, printWarning } from '../../shared/policy/problems.ts';
import { loadTexts } from '../../shared/policy-set/load.ts';
import { printable } from '../../shared/printable.ts';
import type { TrustRoots } from '../../shared/trust/root/trust-root.ts';
import { userOf } from '../circumstances.ts';
import { type Resource, readResources } from '../resources.ts';
import { labelsAmong } from '../values/namespaces.ts';
import { readUserInfo } from '../values/user-info.ts';
import { readValuesFile } from '../values/values.ts';
import { left, namesOf, notFound } from './compare.ts';
import { policyTexts, refuseMissing } from './files.ts';
import type { Row } from './row.ts';
import type { Expected, Suite } from './suite.ts';
import { Trial, type TrialOptions } from './trial.ts';
import { unusedValues } from './unused-values.ts';
import { type KnownPolicy, leftToKyverno, policiesIn, whoseIs } from './whose.ts';

export interface SuiteOptions extends TrialOptions {
  readonly roots: TrustRoots;
  /** Takes each warning of loading and each note, for people. */
  readonly warn: (line: string) => void;
}

/** Rows of one suite: far more than anybody reads. */
const mostRows = 20_000;

/** Runs a suite: each expected result beside what admission comes to. Throws PolicyLoadError, ResourceError, FileError. */
export async function runSuite(suite: Suite, options: SuiteOptions): Promise<readonly Row[]> {
  await refuseMissing(suite);
  const texts = await policyTexts(suite);
  const { known, unreadable } = policiesIn(texts);
  const selected = suite.results.filter((expected) => options.selector.selects(expected));
  let prepared: Prepared | undefined;
  const rows: Row[] = [];
  for (const expected of selected) {
    const whose = whoseIs(expected, known);
    if ('missing' in whose) {
      // What is not there may stand in a file that cannot be read, a template for instance: then that is what is wrong.
      if (unreadable.length > 0) throw new PolicyLoadError(unreadable);
      rows.push(notFound(expected, namesOf(expected), whose.missing));
    } else if ('left' in whose) rows.push(left(expected, expected.rule, whose.left));
    else {
      refuseForeign(expected);
      prepared ??= await prepare(suite, texts, known, options);
      rows.push(...(await prepared.trial.rows(expected)));
      for (const rule of whose.beside) rows.push(left(expected, rule, 'a rule of another type'));
    }
    if (rows.length > mostRows) {
      throw new PolicyLoadError([{ ...expected.at, message: `the suite comes to more than ${mostRows} results` }]);
    }
  }
  const isLacking = rows.some(({ images }) => images.some(({ reason }) => reason === 'trust-missing'));
  if (isLacking) for (const warning of prepared?.lacking ?? []) options.warn(printWarning(warning));
  return rows;
}

/** Rules of images change nothing but an image's digest, and make no resource. */
function refuseForeign({ foreign }: Expected): void {
  const message = 'is about rules that mutate or generate: this one is about images. Leave it out';
  if (foreign.length > 0) throw new PolicyLoadError(foreign.map((at) => ({ ...at, message })));
}

interface Prepared {
  readonly trial: Trial;
  /**
   * Of what the trust root lacks. A suite may be about what its policies leave alone, so it is told where an image has been answered
   * `trust-missing`: whoever deploys the policies is told in any case.
   */
  readonly lacking: readonly LoadWarning[];
}

async function prepare(
  suite: Suite,
  texts: readonly PolicyFile[],
  known: readonly KnownPolicy[],
  options: SuiteOptions,
): Promise<Prepared> {
  const { roots, warn } = options;
  const set = await loadTexts(texts, {
    exceptions: await readExceptions(suite.exceptions.map(({ name }) => name)),
    namespace: 'default',
    trust: roots,
    unasked: 'allow',
    openHosts: 'allow',
    registries: [],
    leaves: leftToKyverno,
    notary: trustPolicyBeside(suite.policies.map(({ name }) => name)),
  });
  const lacking = set.warnings.filter(({ lacks }) => lacks !== undefined);
  for (const warning of set.warnings) if (!lacking.includes(warning)) warn(printWarning(warning));
  const { variables, userInfo } = suite;
  const user = userInfo === undefined ? undefined : await readUserInfo(userInfo.name);
  const resources = distinct(await readResources(suite.resources.map(({ name }) => name)), warn);
  const values = suite.values ?? (variables === undefined ? undefined : await readValuesFile(variables.name));
  const names = resources.map(({ request }) => request.name);
  const unused = values === undefined ? [] : unusedValues(values, known, names);
  for (const line of unused) warn(printable(`${variables?.name ?? suite.file}: warning: ${line}`));
  const circumstances = {
    namespaces: labelsAmong(resources.map(({ request }) => request)),
    values,
    user: user === undefined || userInfo === undefined ? undefined : userOf(user, userInfo.name, warn),
  };
  return { trial: new Trial(set.rules, circumstances, resources, options), lacking };
}

/** As in Kyverno, the first of two resources of one name counts. */
function distinct(resources: readonly Resource[], warn: (line: string) => void): readonly Resource[] {
  const known = new Map<string, Resource>();
  for (const one of resources) {
    const { kind, namespace, name } = one.request;
    const key = JSON.stringify([kind.group, kind.kind, namespace, name]);
    if (known.has(key)) warn(`${one.title} is among the resources twice: the first one counts`);
    else known.set(key, one);
  }
  return [...known.values()];
}
