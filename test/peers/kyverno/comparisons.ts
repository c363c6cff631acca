import fc from 'fast-check';
import {
  conditions as compileConditions,
  compileExpression,
  template as compileTemplate,
  createRun,
  functionTable,
} from '../../../shared/expression/engine.ts';
import { holds } from '../../../shared/expression/operators/table.ts';
import type { Scope } from '../../../shared/expression/scope.ts';
import { fieldOf, type Json, type JsonObject } from '../../../shared/expression/value.ts';
import { documents, expressions } from '../../security/fuzz/expressions.ts';
import { type Call, calls } from './calls.ts';
import type { Case, Comparison } from './comparison.ts';
import { type Asked, asked } from './conditions.ts';
import { type Triple, triple } from './operands.ts';
import { type Templated, templated } from './templates.ts';

/** Operators of conditions between operands of every kind. */
const operators: Comparison = {
  name: 'operators',
  cases: (seed, count) => fc.sample(triple, { seed, numRuns: count }).map(operatorCase),
};

function operatorCase({ operator, key, value }: Triple): Case {
  const question = { op: 'operator', operator, key, value } as const;
  return {
    text: `${JSON.stringify(key)} ${operator} ${JSON.stringify(value)}`,
    // Go prints a million as 1e+06 where it is floating point and as 1000000 where it is whole; here there is one kind of number.
    questions: [question, { ...question, integers: true }],
    ours: () => holds(operator, key, value, createRun(0)),
    mayDiffer: () =>
      // Go has no seconds beyond 292 years: there they begin anew, below zero.
      [key, value].some((each) => typeof each === 'number' && Math.abs(each) > 9.2e9) ||
      // Go prints what is not whole with an exponent where JSON does not, and with two digits in it.
      [key, value].flat().some((each) => typeof each === 'number' && !isPrintedAlike(each)) ||
      // Kyverno answers In and NotIn alike for one text and a list of it alone.
      (operator === 'NotIn' && Array.isArray(key) && key.length === 1 && key[0] === value) ||
      // Kyverno turns the first - of a range into !-, that of a negative number too.
      (operator === 'AnyNotIn' && Array.isArray(key) && typeof value === 'string' && value.startsWith('-')),
  };
}

function isPrintedAlike(value: number): boolean {
  return Number.isInteger(value) || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6);
}

/**
 * Functions that refuse some of what Kyverno has a value for. Text of bytes that are none, which Go's strings hold: base64_decode.
 * Amounts beyond 64 bits, or beyond the suffixes of quantities, where Kyverno's begin anew or lose theirs: multiply, divide. Several
 * documents (Kyverno takes the first), equal names (the last), binary: parse_yaml. What is no version (0.0.0 for Kyverno), and a range
 * with an operator that is none: semver_compare. Years of five digits and more: time_parse.
 */
const refusedFunctions = /\b(?:base64_decode|multiply|divide|parse_yaml|semver_compare|time_parse)\(/;

/** Kyverno cannot be told what time it is. */
const hasNoClock = expressions.filter((text) => !/\btime_(?:now|now_utc|since)\(/.test(text));

/** JMESPath: the language, and functions of whatever values it leads to. */
const language: Comparison = {
  name: 'JMESPath',
  cases: (seed, count) =>
    fc.sample(fc.tuple(hasNoClock, documents), { seed, numRuns: count }).map(([expression, document]) => {
      // Half of a pair of surrogates is no character of Go's.
      const context: JsonObject = JSON.parse(JSON.stringify(document).replaceAll('\\ud800', '\\u00e9'));
      return expressionCase(expression, context);
    }),
};

function expressionCase(expression: string, context: JsonObject): Case {
  // Kyverno takes an object's fields in any order, another one each time.
  const unordered = /\*|\b(?:keys|values|items)\(/.test(expression.replaceAll(/(?<!\.)\[\*\]/g, ''));
  const question = { op: 'jmespath', expression, context } as const;
  let compiles = false;
  return {
    text: `${expression} of ${JSON.stringify(context)}`,
    questions: [question],
    ours() {
      const compiled = compileExpression(expression, functionTable);
      compiles = true;
      return compiled.evaluate(scopeOf(context), createRun(0));
    },
    mayDiffer: (ours) =>
      unordered ||
      (ours === undefined && refusedFunctions.test(expression)) ||
      // An & where no function takes it is found when the policy is read; in Kyverno it comes to an empty object.
      (!compiles && expression.includes('&')) ||
      // Of no numbers the average is null by JMESPath's page; Kyverno divides by 0, and its NaN is no JSON.
      expression.includes('avg('),
  };
}

/** Kyverno's own functions, given what they take. */
const functions: Comparison = {
  name: 'functions',
  cases: (seed, count) => fc.sample(calls, { seed, numRuns: count }).map(callCase),
};

function callCase({ expression, context }: Call): Case {
  const question = { op: 'jmespath', expression, context } as const;
  return {
    text: `${expression} of ${JSON.stringify(context)}`,
    questions: [question],
    ours: () => compileExpression(expression, functionTable).evaluate(scopeOf(context), createRun(0)),
    mayDiffer: (ours, [theirs]) =>
      (ours === undefined && refusedFunctions.test(expression)) ||
      // A document of a tab or a directive alone is one without a value.
      (expression.startsWith('parse_yaml(') && ours?.value === null && theirs === undefined),
  };
}

/** Documents with variables and references. */
const templates: Comparison = {
  name: 'variables',
  cases: (seed, count) => fc.sample(templated, { seed, numRuns: count }).map(templateCase),
};

function templateCase({ document, context }: Templated): Case {
  const question = { op: 'substitute', document, context } as const;
  return {
    text: `${JSON.stringify(document)} with ${JSON.stringify(context)}`,
    questions: [question],
    ours: () => render(document, context),
    mayDiffer: (ours) =>
      (ours === undefined && refusedAlone(document)) ||
      // Behind an operator a number has six digits after its point in Kyverno.
      /\$\([<>]/.test(JSON.stringify(document)),
  };
}

/** A document as this project substitutes its variables. Throws ExpressionError. */
export function render(document: Json, context: JsonObject): Json {
  return compileTemplate(document).render(scopeOf(context), createRun(0));
}

/**
 * What Countersign refuses and Kyverno does not: a reference to what is no text, or holds a reference itself (Kyverno puts the first
 * name of an object in its place, or the reference once more); a variable as a key that comes to null (Kyverno leaves it as written).
 */
function refusedAlone(document: Json): boolean {
  const text = JSON.stringify(document);
  return text.includes('$(') || /"\{\{ (?:a|nothing) \}\}":/.test(text);
}

function scopeOf(context: JsonObject): Scope {
  return { get: (name) => fieldOf(context, name), names: () => Object.keys(context) };
}

/** Lists of conditions, as preconditions have them. */
const conditions: Comparison = {
  name: 'conditions',
  cases: (seed, count) => fc.sample(asked, { seed, numRuns: count }).map(conditionsCase),
};

function conditionsCase({ blocks, context }: Asked): Case {
  return {
    text: `${JSON.stringify(blocks)} with ${JSON.stringify(context)}`,
    questions: [{ op: 'conditions', conditions: blocks, context }],
    ours: () => compileConditions(blocks).test(scopeOf(context), createRun(0)).met,
  };
}

export const comparisons: readonly Comparison[] = [operators, conditions, language, functions, templates];
