import { ExpressionError } from '../error.ts';
import { described, wrongType } from '../functions/call.ts';
import { bestBy, type Key, sortedBy } from '../order.ts';
import type { Run } from '../run.ts';
import { isList, type Json } from '../value.ts';
import type { Step } from './evaluation.ts';
import type { Given, Node } from './node.ts';

/** A function that takes a list, and an expression which it asks of each element. */
interface ReferenceFunction {
  /** Which of its two arguments is the expression, from 0. */
  readonly reference: 0 | 1;
  /** `each`: what the expression comes to, null where it leads to what is not there. Throws ExpressionError. */
  call(list: readonly Json[], each: Each, run: Run): Json;
}

type Each = (element: Json) => Json;

const referenceFunctions = new Map<string, ReferenceFunction>([
  ['map', { reference: 0, call: (list, each) => list.map(each) }],
  ['sort_by', { reference: 1, call: sortBy }],
  ['max_by', { reference: 1, call: (list, each, run) => best('max_by', list, each, 1, run) }],
  ['min_by', { reference: 1, call: (list, each, run) => best('min_by', list, each, -1, run) }],
]);

export function takesReference(name: string): boolean {
  return referenceFunctions.has(name);
}

/** A call of one of these. Throws ExpressionError. */
export function callWithReference(name: string, given: readonly Given[], stepOf: (node: Node) => Step): Step {
  const called = referenceFunctions.get(name);
  if (called === undefined || given.length !== 2) {
    throw new ExpressionError(`${name}() takes 2 arguments, not ${given.length}`);
  }
  const ofList = 1 - called.reference;
  const [list, reference] = [given[ofList], given[called.reference]];
  if (reference?.is !== 'reference') {
    throw new ExpressionError(`${name}() takes an expression (&) as argument ${called.reference + 1}`);
  }
  if (list === undefined || list.is === 'reference') {
    throw new ExpressionError(`${name}() takes no expression (&) as argument ${ofList + 1}`);
  }
  const [listed, each] = [stepOf(list), stepOf(reference.to)];
  return (here, evaluation) => {
    const found = evaluation.value(listed(here, evaluation));
    if (!isList(found)) throw wrongType(name, ofList, ['array'], found);
    evaluation.run.spend(1 + found.length);
    return called.call(found, (element) => evaluation.value(each(element, evaluation)), evaluation.run);
  };
}

/** Of one element alone nothing is asked. */
function sortBy(list: readonly Json[], each: Each, run: Run): Json {
  if (list.length < 2) return list;
  return sortedBy(keyed('sort_by', list, each), ({ key }) => key, run).map(({ element }) => element);
}

function best(name: string, list: readonly Json[], each: Each, sign: 1 | -1, run: Run): Json {
  if (list.length < 2) return list[0] ?? null;
  return bestBy(keyed(name, list, each), ({ key }) => key, sign, run)?.element ?? null;
}

interface Keyed {
  readonly element: Json;
  readonly key: Key;
}

/** The elements with their keys, which are all numbers or all texts. */
function keyed(name: string, list: readonly Json[], each: Each): Keyed[] {
  const elements: Keyed[] = [];
  for (const element of list) {
    const key = each(element);
    const [first = { key }] = elements;
    if ((typeof key !== 'number' && typeof key !== 'string') || typeof key !== typeof first.key) {
      throw new ExpressionError(`${name}() takes a number of each element or a string of each, not ${described(key)}`);
    }
    elements.push({ element, key });
  }
  return elements;
}
