import { shortened } from '../printable.ts';
import { Refusal } from '../reasons.ts';
import { ExpressionError, isSwallowed } from './error.ts';
import { textOf } from './literal.ts';
import { unionOf } from './nested.ts';
import { holds } from './operators/table.ts';
import type { Operator } from './operators.ts';
import type { Run } from './run.ts';
import type { Scope } from './scope.ts';
import type { Template } from './template.ts';
import type { Json } from './value.ts';

/** `conditions`, `preconditions`, `deny.conditions`, read once: a list of blocks, each of which must be met. */
export interface Conditions {
  /** The names of the root that they are about; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Whether all are met. Throws ExpressionError. */
  test(scope: Scope, run: Run): ConditionsResult;
}

export type ConditionsResult = { readonly met: true } | { readonly met: false; readonly unmet: UnmetCondition };

/** The first condition that was not met; of an `any` block the last one. */
export interface UnmetCondition {
  /** As the policy writes it. */
  readonly key: string;
  readonly operator: Operator;
  /** What the key came to, and what was wanted. */
  readonly found: Json;
  readonly wanted: Json;
  /** The condition's own message, its variables substituted; empty where it has none. */
  readonly message: string;
}

/** A condition as a policy writes it. */
export interface WrittenCondition {
  readonly key: Json;
  readonly operator: Operator;
  readonly value: Json;
  readonly message?: string;
}

/** One of the list: one of `any`, where there is an `any`, and all of `all`. */
export interface WrittenBlock {
  readonly any?: readonly WrittenCondition[];
  readonly all?: readonly WrittenCondition[];
}

/** Reads a value of a policy; `at` is its place, for messages. Throws ExpressionError. */
export type CompileTemplate = (tree: Json, at: string) => Template;

/** UTF-16 units of a condition's message: what is substituted in it has any length. */
const longestMessage = 1024;

interface Condition {
  readonly written: WrittenCondition;
  readonly key: Template;
  readonly value: Template;
  readonly message: Template | undefined;
}

interface Block {
  readonly any: readonly Condition[] | undefined;
  readonly all: readonly Condition[];
}

interface Failure {
  readonly condition: Condition;
  readonly found: Json;
  readonly wanted: Json;
}

/**
 * Reads conditions, by the rules of Kyverno's pkg/engine/variables/evaluate.go. What a condition is about is rendered when its turn
 * comes: nothing that follows a block which is not met, and of `any` nothing after the first that is met. `all` is asked even
 * where none of `any` is met: that it cannot be evaluated is told before that it is not met. Throws ExpressionError.
 */
export function compileConditions(
  blocks: readonly WrittenBlock[],
  compileTemplate: CompileTemplate,
  at = 'conditions',
): Conditions {
  const read = blocks.map((block, index) => readBlock(block, compileTemplate, `${at}[${index}]`));
  const all = read.flatMap((block) => [...(block.any ?? []), ...block.all]);
  return {
    names: unionOf(all.flatMap(templatesOf).map(({ names }) => names)),
    test(scope, run) {
      for (const block of read) {
        const failure = unmetOf(block, scope, run);
        if (failure !== undefined) return { met: false, unmet: tell(failure, scope, run) };
      }
      return { met: true };
    },
  };
}

function readBlock({ any, all }: WrittenBlock, compileTemplate: CompileTemplate, at: string): Block {
  // Kyverno takes it for absent in attestations' conditions, and elsewhere for one that is never met.
  if (any?.length === 0) throw new ExpressionError(`${at}.any lists no condition`);
  const list = (written: readonly WrittenCondition[], name: string) =>
    written.map((each, index) => readCondition(each, compileTemplate, `${at}.${name}[${index}]`));
  return { any: any === undefined ? undefined : list(any, 'any'), all: list(all ?? [], 'all') };
}

function readCondition(written: WrittenCondition, compileTemplate: CompileTemplate, at: string): Condition {
  const { key, value, message } = written;
  return {
    written,
    key: compileTemplate(key, `${at}.key`),
    value: compileTemplate(value, `${at}.value`),
    message: message === undefined ? undefined : compileTemplate(message, `${at}.message`),
  };
}

function templatesOf({ key, value, message }: Condition): Template[] {
  return message === undefined ? [key, value] : [key, value, message];
}

function unmetOf({ any, all }: Block, scope: Scope, run: Run): Failure | undefined {
  const ofAny = any === undefined ? undefined : lastUnmet(any, scope, run);
  if (ofAny === undefined) return firstUnmet(all, scope, run);
  try {
    firstUnmet(all, scope, run);
  } catch (thrown) {
    // What could not be had would change nothing: it is not met in any case.
    if (!(thrown instanceof Refusal)) throw thrown;
  }
  return ofAny;
}

/** `undefined`: one of them is met. */
function lastUnmet(conditions: readonly Condition[], scope: Scope, run: Run): Failure | undefined {
  let last: Failure | undefined;
  for (const condition of conditions) {
    last = failureOf(condition, scope, run);
    if (last === undefined) return undefined;
  }
  return last;
}

function firstUnmet(conditions: readonly Condition[], scope: Scope, run: Run): Failure | undefined {
  for (const condition of conditions) {
    const failure = failureOf(condition, scope, run);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** `undefined`: it is met. */
function failureOf(condition: Condition, scope: Scope, run: Run): Failure | undefined {
  const found = condition.key.render(scope, run);
  const wanted = condition.value.render(scope, run);
  return holds(condition.written.operator, found, wanted, run) ? undefined : { condition, found, wanted };
}

function tell({ condition, found, wanted }: Failure, scope: Scope, run: Run): UnmetCondition {
  const { key, operator } = condition.written;
  const text = typeof key === 'string' ? key : JSON.stringify(key);
  return { key: text, operator, found, wanted, message: messageOf(condition, scope, run) };
}

/**
 * A message whose variables have no value is told as it is written: what is said of a condition does not change what it came to. So is one
 * that asks for what cannot be had, as an image of which no registry says anything.
 */
function messageOf({ written, message }: Condition, scope: Scope, run: Run): string {
  if (message === undefined) return '';
  try {
    return shortened(textOf(message.render(scope, run), run), longestMessage);
  } catch (thrown) {
    if (!isSwallowed(thrown) && !(thrown instanceof Refusal)) throw thrown;
    return written.message ?? '';
  }
}
