import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { template as compileTemplate, createRun } from '../../../shared/expression/engine.ts';
import type { Json } from '../../../shared/expression/value.ts';
import { documents, expressions, isExpressionError, watching } from './expressions.ts';
import { anyText } from './mutate.ts';
import { demand, orRefused, type Target, target } from './target.ts';

/** What no policy here names: it is asked for only where a value was read as a part of an expression. */
const canary = 'canary';

const value: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(
      fc.constantFrom(...'\'"`\\{}$()|.[],@&!? ', canary, '{{', '}}', '||', "('", '`[', '0', 'a', '\n', '\ud800'),
      { maxLength: 9 },
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom("'", '"', '`', ')', ']', '}', '\\', "\\'", '}} {{'),
      fc.constantFrom('||', '|', '.', ',', ''),
    )
    .map(([end, operator]) => `${end} ${operator} ${canary} ${operator} ${end}`),
  anyText,
);
const text = fc
  .tuple(
    expressions,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('{{ v }}', "'{{ v }}'", '"{{v}}"', '`"{{ v }}"`')), { maxLength: 3 }),
  )
  .map(([outer, inner]) =>
    inner.reduce((made, [at, each]) => {
      const place = at % (made.length + 1);
      return made.slice(0, place) + each + made.slice(place);
    }, outer),
  );
const around = fc.constantFrom<(inner: string) => Json>(
  (inner) => `{{ ${inner} }}`,
  (inner) => ({ [`{{ ${inner} }}`]: [`<{{- ${inner} }}>{{ ${inner} }}`] }),
  (inner) => [inner, '$(/0)'],
);

/** Variables inside expressions, and values that would break out of where they stand if they were put in as text. */
export function templates(): Target {
  const input = fc.tuple(around, text, value, documents).filter(([, , v]) => v !== canary);
  return target('templates', input, ([wrap, inner, v, document]) => {
    const template = orRefused(() => compileTemplate(wrap(inner)), isExpressionError);
    if (template === undefined) return;
    const { scope, asked } = watching(document, new Map([['v', v]]));
    const render = () => orRefused(() => template.render(scope, createRun(0, 50_000)), isExpressionError);
    const first = render();
    demand(!asked.has(canary), 'a value was read as an expression');
    demand(template.names === undefined || asked.isSubsetOf(template.names), 'it asks for a name that it did not tell');
    if (!inner.includes('random')) demand(isDeepStrictEqual(first, render()), 'two answers to one question');
  });
}
