import { loadExpressions } from '../expression/expressions.ts';
import { type OpenPattern, openHostWarnings, openPatterns } from '../policy/hosts.ts';
import { isTooMuch, type Leaves, loadPolicies, type PolicyFile } from '../policy/kyverno/load.ts';
import { mayHoldNotary } from '../policy/kyverno/notary-attestor.ts';
import { mayHoldRegExp } from '../policy/kyverno/regexp.ts';
import { mayHoldExpression } from '../policy/kyverno/variables.ts';
import { readNotaryFolder } from '../policy/notary/read.ts';
import type { PolicySet, Rule } from '../policy/policy.ts';
import { type LoadProblem, type LoadWarning, PolicyLoadError } from '../policy/problems.ts';
import { refuseUnasked } from '../policy/unasked.ts';
import { loadRegExps } from '../regexp.ts';
import { trustWarnings } from '../trust/preload.ts';
import type { TrustRoots } from '../trust/root/trust-root.ts';
import { loadNotary } from '../verify/notary/lazy.ts';
import type { NotaryFiles } from './notary.ts';
import type { ReadFile } from './source.ts';

/** What whoever loads a set makes of it. Each is to be decided on, so none has a default. */
export interface SetOptions {
  /** Of a Policy that names none, as `kubectl apply` and the Kyverno CLI take it; where `undefined`, such a Policy is refused. */
  readonly namespace: string | undefined;
  /**
   * Looks at every key and at what rests on this trust root, and warns of what loads and cannot be used. `leave`: it is not looked at,
   * where a Pod waits for the start.
   */
  readonly trust: TrustRoots | 'leave';
  /** What comes of a set with rules of which none can ask about anything. */
  readonly unasked: 'refuse' | 'allow';
  /** What comes of an image pattern that names no host, where `registries` is empty. */
  readonly openHosts: 'refuse' | 'warn' | 'allow';
  /** Hosts that the settings name, beside those that the rules name. */
  readonly registries: readonly string[];
  /** Documents that are left to others; none where it is not there. */
  readonly leaves?: Leaves;
  /** Files of PolicyExceptions alone, beside those that are read. */
  readonly exceptions?: readonly PolicyFile[];
  /** Trust policies that rules of type Notary may be decided by; read where there may be such a rule. `undefined`: there are none. */
  readonly notary?: () => Promise<NotaryFiles | undefined>;
}

/**
 * Loads files as one set: reads them, and looks at the rules as `options` say.
 * @throws PolicyLoadError with every problem in every file, or in the trust policies, and what `read` and the trust root throw
 */
export async function loadSet(names: readonly string[], read: ReadFile, options: SetOptions): Promise<PolicySet> {
  return loadTexts(await readAll(names, read), options);
}

/**
 * The same of files that have been read.
 * @throws PolicyLoadError with every problem in every file, or in the trust policies, and what the trust root throws
 */
export async function loadTexts(files: readonly PolicyFile[], options: SetOptions): Promise<PolicySet> {
  const { namespace, trust, unasked, leaves, exceptions = [] } = options;
  const all = [...files, ...exceptions];
  const expressions = all.some(({ text }) => mayHoldExpression(text));
  // Some functions of expressions take a regular expression.
  if (expressions || all.some(({ text }) => mayHoldRegExp(text))) await loadRegExps();
  if (expressions) await loadExpressions();
  const found = all.some(({ text }) => mayHoldNotary(text)) ? await options.notary?.() : undefined;
  const notary = found && readNotaryFolder(found.title, found.files);
  const set = loadPolicies(files, {
    exceptions,
    ...(namespace === undefined ? {} : { namespace }),
    ...(leaves === undefined ? {} : { leaves }),
    ...(notary === undefined ? {} : { notary }),
  });
  if (set.rules.some(asksNotary)) await loadNotary();
  if (unasked === 'refuse') refuseUnasked(set.rules);
  const opened = [...(notary?.warnings ?? []), ...openHosts(set.rules, options)];
  const more = trust === 'leave' ? opened : [...(await trustWarnings(set, trust)), ...opened];
  return more.length === 0 ? set : { ...set, warnings: [...set.warnings, ...more] };
}

/** Whether a rule asks for Notary signatures. */
export function asksNotary({ entries }: Rule): boolean {
  return entries.some(({ type }) => type === 'Notary');
}

/** Stops where no set may be that large: it is refused by the one who loads it. */
async function readAll(names: readonly string[], read: ReadFile): Promise<PolicyFile[]> {
  const files: PolicyFile[] = [];
  let characters = 0;
  for (const name of names) {
    const file = await read(name);
    files.push(file);
    characters += file.text.length;
    if (isTooMuch(files.length, characters)) break;
  }
  return files;
}

function openHosts(rules: readonly Rule[], { openHosts: wanted, registries }: SetOptions): readonly LoadWarning[] {
  if (wanted === 'allow' || registries.length > 0) return [];
  if (wanted === 'warn') return openHostWarnings(rules);
  const problems = openPatterns(rules).map(openHost);
  if (problems.length > 0) throw new PolicyLoadError(problems);
  return [];
}

/** Deployed, the webhook token is no secret, and its holder could have any host called. */
function openHost({ rule: { policy, name, file, line }, path, pattern }: OpenPattern): LoadProblem {
  const message = `rule '${name}' of '${policy}': deployed, a pattern must name its host, or the setting REGISTRIES must list the hosts`;
  return { file, line, field: path, message: `${message} (${pattern})` };
}
