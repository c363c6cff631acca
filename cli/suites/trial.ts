import type { LocalCore } from '../../local/core.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import type { Verdict } from '../../shared/verdict/verdict.ts';
import { admission } from '../admission.ts';
import { notAsked } from '../not-asked.ts';
import type { Resource } from '../resources.ts';
import { askedAbout, type Circumstances, type SimulatedOperation } from '../values/circumstances.ts';
import { compared, excluded, isAbout, notFound, resourceName, satisfies } from './compare.ts';
import type { Row } from './row.ts';
import type { Selector } from './selector.ts';
import type { Expected } from './suite.ts';
import { indexed, type ResourceIndex, targetsOf } from './targets.ts';

export interface TrialOptions {
  readonly core: LocalCore;
  readonly selector: Selector;
  /** In milliseconds, for one resource. */
  readonly timeout: number;
}

/** A suite's policies and resources, with what has been found out about them. */
export class Trial {
  readonly #rules: readonly Rule[];
  readonly #circumstances: Circumstances;
  readonly #resources: ResourceIndex;
  readonly #options: TrialOptions;
  readonly #known = new Map<Resource, Map<SimulatedOperation | undefined, Found>>();

  constructor(
    rules: readonly Rule[],
    circumstances: Circumstances,
    resources: readonly Resource[],
    options: TrialOptions,
  ) {
    this.#rules = rules;
    this.#circumstances = circumstances;
    this.#resources = indexed(resources);
    this.#options = options;
  }

  async rows(expected: Expected): Promise<readonly Row[]> {
    const { found, missing } = targetsOf(expected, this.#resources, this.#options.selector);
    const rows: Row[] = [];
    for (const resource of found) rows.push(...compare(expected, resource, await this.#find(expected, resource)));
    for (const name of missing) rows.push(notFound(expected, name, "no such resource is among the suite's"));
    return rows;
  }

  /** As admission comes to them, of every rule: what one denies is no reason not to ask the others. */
  async #find({ operation }: Expected, resource: Resource): Promise<Found> {
    const known = this.#known.get(resource) ?? new Map<SimulatedOperation | undefined, Found>();
    this.#known.set(resource, known);
    let found = known.get(operation);
    if (found === undefined) {
      const { core, timeout } = this.#options;
      const asked = askedAbout(this.#rules, resource.request, { ...this.#circumstances, operation });
      const { verdicts, asked: made } = await admission(core, asked, { timeout, denied: 'goes on' });
      const beside = made.flatMap(({ rules, request }) => notAsked(rules, request, verdicts, false).verdicts);
      found = { verdicts, content: beside.filter(({ question }) => question.ask === 'verify') };
      known.set(operation, found);
    }
    return found;
  }
}

/** What admission comes to for a resource. */
interface Found {
  readonly verdicts: readonly Verdict[];
  /** Of rules that cover an image and ask for nothing that it does not have. */
  readonly content: readonly Verdict[];
}

function compare(expected: Expected, { request, title }: Resource, { verdicts, content }: Found): readonly Row[] {
  const meant = verdicts.filter(({ question }) => isAbout(expected, question.rule));
  const byRule = Map.groupBy(meant, ({ question }) => question.rule);
  const named = resourceName(request);
  if (byRule.size > 0) return [...byRule].map(([rule, same]) => compared(expected, rule, same, named, title));
  const satisfied = content.find(({ question }) => isAbout(expected, question.rule));
  return [satisfied === undefined ? excluded(expected, named) : satisfies(expected, satisfied.question.rule, named)];
}
