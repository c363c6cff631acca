import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Conditions, WrittenBlock, WrittenCondition } from '../../../shared/expression/conditions.ts';
import { conditions as compileConditions, createRun } from '../../../shared/expression/engine.ts';
import { operators } from '../../../shared/expression/operators.ts';
import { tellUnmet } from '../../../shared/expression/unmet.ts';
import type { Json } from '../../../shared/expression/value.ts';
import { printable } from '../../../shared/printable.ts';
import { documents, expressions, isExpressionError, watching } from './expressions.ts';
import { anyText } from './mutate.ts';
import { demand, orRefused, type Target, target } from './target.ts';

/** Texts that operators read as something else, and what is nearly that. */
const amount = fc.oneof(
  fc.constantFrom(
    '0',
    '5',
    '-5',
    '1.5',
    '1e3',
    '1Gi',
    '512Mi',
    '1m',
    '60s',
    '168h',
    '1.2.3',
    '1.2.3-rc.1',
    '1e2000000000',
  ),
  fc.constantFrom(
    '1-10',
    '-5-10',
    '1h-2h',
    '1!-10',
    '["a","b"]',
    '[1]',
    'null',
    '"a"',
    'true',
    '<nil>',
    '*',
    'a*',
    '?',
    '',
  ),
  fc.stringMatching(/^[-+.0-9eEmkKGMisnuh*?]{0,12}$/),
);
const field = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'toString');
const variable = fc.oneof(field, expressions).map((text) => `{{ ${text} }}`);
const number = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const scalar: fc.Arbitrary<Json> = fc.oneof(amount, variable, number, fc.boolean(), fc.constant(null), anyText);
const written = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.dictionary(field, scalar, { maxKeys: 3, noNullPrototype: true }) },
);
const operator = fc.constantFrom(...operators);
const message = fc.oneof(anyText, variable);
const condition: fc.Arbitrary<WrittenCondition> = fc.record(
  { key: written, operator, value: written, message },
  { requiredKeys: ['key', 'operator', 'value'] },
);
const list = fc.array(condition, { maxLength: 3 });
const blocks: fc.Arbitrary<WrittenBlock[]> = fc.array(fc.record({ any: list, all: list }, { requiredKeys: [] }), {
  maxLength: 3,
});

const steps = 20_000;
const longest = 300;

type Outcome = boolean | 'error';

/** Conditions come to what their parts come to one by one, twice the same, and what is told of them does nothing. */
export function conditions(): Target {
  return target('conditions', fc.tuple(blocks, documents), ([given, document]) => {
    const compiled = compile(given);
    if (compiled === undefined) return;
    const { scope, asked } = watching(document);
    const ask = (of: Conditions) => orRefused(() => of.test(scope, createRun(0, steps)), isExpressionError);
    const result = ask(compiled);
    demand(isDeepStrictEqual(result, ask(compiled)), 'two answers to one question');
    demand(compiled.names === undefined || asked.isSubsetOf(compiled.names), 'it asks for a name that it did not tell');
    if (result?.met === false) {
      const text = tellUnmet(result.unmet, longest);
      demand(text.length < longest + 10 && printable(text) === text, 'a text that does something');
    }
    const single = (one: WrittenCondition): Outcome => ask(compile([{ all: [one] }]) ?? compiled)?.met ?? 'error';
    const outcome = result?.met ?? 'error';
    // One by one they may cost what they may not cost together.
    demand(outcome === 'error' || outcome === whole(given, single), 'more or less than its parts');
  });
}

function compile(given: readonly WrittenBlock[]): Conditions | undefined {
  return orRefused(() => compileConditions(given), isExpressionError);
}

function whole(given: readonly WrittenBlock[], single: (one: WrittenCondition) => Outcome): Outcome {
  for (const { any, all } of given) {
    const ofAny = any === undefined ? true : first(any, single, true);
    if (ofAny === 'error') return 'error';
    const ofAll = first(all ?? [], single, false);
    if (ofAll !== true || !ofAny) return ofAll === 'error' ? 'error' : false;
  }
  return true;
}

/** What they come to: `ending` or an error where one of them does, and else the other. */
function first(
  list: readonly WrittenCondition[],
  single: (one: WrittenCondition) => Outcome,
  ending: boolean,
): Outcome {
  for (const one of list) {
    const outcome = single(one);
    if (outcome === 'error' || outcome === ending) return outcome;
  }
  return !ending;
}
