import { ExpressionError } from '../error.ts';
import { call, checkCount } from '../functions/call.ts';
import type { FunctionTable } from '../functions/function.ts';
import { namesOf, sameValue, sortedNames } from '../order.ts';
import type { Run } from '../run.ts';
import { emptyObject, fieldOf, isList, isObject, type Json } from '../value.ts';
import { type Evaluation, listOf, Missing, root, type Step } from './evaluation.ts';
import type { Comparison, Given, Node } from './node.ts';
import { callWithReference, takesReference } from './references.ts';
import { slice } from './slice.ts';

/**
 * A node as a function of what it is about. Each does what Kyverno's interpreter does
 * (https://github.com/kyverno/go-jmespath, interpreter.go), where a field that an object does not have is an error and where that error
 * is taken for null. Throws ExpressionError.
 */
export function stepOf(node: Node, functions: FunctionTable): Step {
  const step = (inner: Node) => stepOf(inner, functions);
  switch (node.is) {
    case 'current':
      return counted((here) => here);
    case 'field':
      return field(node.name);
    case 'literal':
      return counted(() => node.value);
    case 'index':
      return counted((here) => listOf(here)?.at(node.at) ?? null);
    case 'slice':
      return (here, { run }) => slice(listOf(here), node, run);
    case 'then':
      return then(step(node.left), step(node.right));
    case 'pipe':
      return pipe(step(node.left), step(node.right));
    case 'or':
      return or(step(node.left), step(node.right));
    case 'and':
      return and(step(node.left), step(node.right));
    case 'not':
      return not(step(node.of));
    case 'compare':
      return compare(node.operator, step(node.left), step(node.right));
    case 'elements':
      return elements(step(node.of), step(node.each));
    case 'values':
      return values(step(node.of), step(node.each));
    case 'filter':
      return filter(step(node.of), step(node.where), step(node.each));
    case 'flatten':
      return flatten(step(node.of));
    case 'list':
      return list(node.items.map(step));
    case 'object':
      return object(node.fields.map(([name, inner]) => [name, step(inner)]));
    case 'call':
      return called(node.name, node.given, functions);
  }
}

function counted(step: Step): Step {
  return (here, evaluation) => {
    evaluation.run.spend(1);
    return step(here, evaluation);
  };
}

/** Of what is no object it is null, and no error. */
function field(name: string): Step {
  const missing = new Missing(name);
  return counted((here, evaluation) => {
    if (here !== root && !isObject(here)) return null;
    const value = here === root ? evaluation.fieldOfRoot(name) : fieldOf(here, name);
    return value === undefined ? missing : value;
  });
}

function then(left: Step, right: Step): Step {
  return (here, evaluation) => {
    const found = left(here, evaluation);
    return found instanceof Missing ? found : right(found, evaluation);
  };
}

function pipe(left: Step, right: Step): Step {
  return (here, evaluation) => {
    const found = left(here, evaluation);
    const result = right(found instanceof Missing ? null : found, evaluation);
    return result instanceof Missing ? null : result;
  };
}

function or(left: Step, right: Step): Step {
  return counted((here, evaluation) => {
    const found = evaluation.value(left(here, evaluation));
    if (isTrue(found, evaluation.run)) return found;
    const other = right(here, evaluation);
    return other instanceof Missing ? null : other;
  });
}

/** The right side alone is not taken for null. */
function and(left: Step, right: Step): Step {
  return counted((here, evaluation) => {
    const found = evaluation.value(left(here, evaluation));
    return isTrue(found, evaluation.run) ? right(here, evaluation) : found;
  });
}

function not(of: Step): Step {
  return counted((here, evaluation) => !isTrue(evaluation.value(of(here, evaluation)), evaluation.run));
}

/** Only numbers have an order; all else is neither over nor under. */
function compare(operator: Comparison, left: Step, right: Step): Step {
  return counted((here, evaluation) => {
    const one = evaluation.value(left(here, evaluation));
    const other = evaluation.value(right(here, evaluation));
    if (operator === '==') return sameValue(one, other, evaluation.run);
    if (operator === '!=') return !sameValue(one, other, evaluation.run);
    if (typeof one !== 'number' || typeof other !== 'number') return null;
    if (operator === '<') return one < other;
    if (operator === '<=') return one <= other;
    return operator === '>' ? one > other : one >= other;
  });
}

function elements(of: Step, each: Step): Step {
  return (here, evaluation) => {
    const found = listOf(of(here, evaluation));
    return found === undefined ? null : project(found, each, evaluation);
  };
}

/** Kyverno's projects as many nulls beside them (`*.type(@)`), and gives them in any order: here they are the values, by their names. */
function values(of: Step, each: Step): Step {
  return (here, evaluation) => {
    const found = evaluation.value(evaluation.foundOrNull(of, here));
    if (!isObject(found)) return null;
    const inOrder = sortedNames(found, evaluation.run).map((name) => found[name] ?? null);
    return project(inOrder, each, evaluation);
  };
}

function filter(of: Step, where: Step, each: Step): Step {
  return (here, evaluation) => {
    const found = listOf(evaluation.foundOrNull(of, here));
    if (found === undefined) return null;
    evaluation.run.spend(found.length);
    const chosen = found.filter((element) => isTrue(evaluation.value(where(element, evaluation)), evaluation.run));
    return project(chosen, each, evaluation);
  };
}

/** What comes to null is left out. */
function project(list: readonly Json[], each: Step, evaluation: Evaluation): Json {
  evaluation.run.spend(1 + list.length);
  const projected: Json[] = [];
  for (const element of list) {
    const value = evaluation.value(each(element, evaluation));
    if (value !== null) projected.push(value);
  }
  return projected;
}

function flatten(of: Step): Step {
  return (here, evaluation) => {
    const found = listOf(evaluation.foundOrNull(of, here));
    if (found === undefined) return null;
    const flat: Json[] = [];
    evaluation.run.spend(1 + found.length);
    for (const element of found) {
      if (!isList(element)) flat.push(element);
      else {
        evaluation.run.spend(element.length);
        for (const inner of element) flat.push(inner);
      }
    }
    return flat;
  };
}

function list(items: readonly Step[]): Step {
  return counted((here, evaluation) => {
    if (here === null) return null;
    return items.map((item) => evaluation.value(item(here, evaluation)));
  });
}

function object(fields: readonly (readonly [string, Step])[]): Step {
  return counted((here, evaluation) => {
    if (here === null) return null;
    const made = emptyObject();
    for (const [name, step] of fields) made[name] = evaluation.value(step(here, evaluation));
    return made;
  });
}

function called(name: string, given: readonly Given[], functions: FunctionTable): Step {
  if (takesReference(name)) return callWithReference(name, given, (node) => stepOf(node, functions));
  const entry = functions.get(name);
  if (entry === undefined) throw new ExpressionError(`there is no function ${name}()`);
  checkCount(entry, given.length);
  const steps = given.map((argument, at) => {
    if (argument.is === 'reference')
      throw new ExpressionError(`${name}() takes no expression (&) as argument ${at + 1}`);
    return stepOf(argument, functions);
  });
  return counted((here, evaluation) => {
    const values = steps.map((step) => evaluation.value(step(here, evaluation)));
    return call(entry, values, evaluation.run);
  });
}

/** False are null, false, and an empty text, list or object; 0 is not. */
function isTrue(value: Json, run: Run): boolean {
  if (value === null || value === false || value === '') return false;
  if (isList(value)) return value.length > 0;
  return !isObject(value) || namesOf(value, run).length > 0;
}
