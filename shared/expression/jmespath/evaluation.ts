import { ExpressionError, isSwallowed, UnknownKey } from '../error.ts';
import { manyFields } from '../order.ts';
import type { Run } from '../run.ts';
import type { Scope } from '../scope.ts';
import { emptyObject, isList, isObject, type Json, largestDepth } from '../value.ts';

/** The root stands for itself while only its fields are asked for: what nobody names is not come by. */
export const root: unique symbol = Symbol('root');
export type Current = Json | typeof root;

/** A field that an object does not have: an error, unless something around it takes it for null. */
export class Missing {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }
}

export type Found = Current | Missing;
export type Step = (here: Current, evaluation: Evaluation) => Found;

/** What an error costs that something around it takes for null: making it is work too. */
const stepsOfError = 200;

/** What the scope could not come by: no expression takes that for null, as Kyverno's does not. */
class OutOfReach extends Error {
  override readonly name = 'OutOfReach';
}

/** A list; `undefined`: it is none, as the root is none. */
export function listOf(found: Found): readonly Json[] | undefined {
  return found === root || found instanceof Missing || !isList(found) ? undefined : found;
}

/** One evaluation of an expression. */
export class Evaluation {
  readonly run: Run;
  readonly #scope: Scope;
  #whole: Json | undefined;

  constructor(scope: Scope, run: Run) {
    this.#scope = scope;
    this.run = run;
  }

  /** What `step` comes to about `here`. Throws ExpressionError, or what the scope throws. */
  result(step: Step, here: Current): Json {
    try {
      const found = step(here, this);
      if (found instanceof Missing) throw new UnknownKey(found.key);
      const value = this.value(found);
      this.#count(value, 0);
      return value;
    } catch (thrown) {
      throw thrown instanceof OutOfReach ? thrown.cause : thrown;
    }
  }

  fieldOfRoot(name: string): Json | undefined {
    try {
      return this.#scope.get(name);
    } catch (thrown) {
      throw new OutOfReach('', { cause: thrown });
    }
  }

  /** What is not there is null. */
  value(found: Found): Json {
    if (found instanceof Missing) return null;
    return found === root ? this.#root() : found;
  }

  /** What a step comes to, and null where it cannot be evaluated. */
  foundOrNull(step: Step, here: Current): Found {
    try {
      return step(here, this);
    } catch (thrown) {
      if (!isSwallowed(thrown)) throw thrown;
      this.run.spend(stepsOfError);
      return null;
    }
  }

  #root(): Json {
    if (this.#whole !== undefined) return this.#whole;
    const whole = emptyObject();
    for (const name of this.#names()) {
      this.run.spend(4);
      const value = this.fieldOfRoot(name);
      if (value !== undefined) whole[name] = value;
    }
    this.#whole = whole;
    return whole;
  }

  #names(): readonly string[] {
    try {
      return Array.from(this.#scope.names());
    } catch (thrown) {
      throw new OutOfReach('', { cause: thrown });
    }
  }

  /** A value that an expression built may hold one list a thousand times over: whoever takes it walks all of it. */
  #count(value: Json, depth: number): void {
    this.run.spend(1);
    if (typeof value !== 'object' || value === null) return;
    if (depth >= largestDepth) throw new ExpressionError(`it comes to a value nested over ${largestDepth} deep`);
    if (isList(value)) for (const item of value) this.#count(item, depth + 1);
    else if (isObject(value)) {
      const names = Object.keys(value);
      // Listing that many takes more than looking at their values, and whoever tells what it came to lists them once more.
      if (names.length > manyFields) this.run.spend(4 * names.length);
      for (const name of names) this.#count(value[name] ?? null, depth + 1);
    }
  }
}
