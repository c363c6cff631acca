import { jsonText } from '../json-text.ts';
import { type Run, stepsOfText } from '../run.ts';
import type { Json } from '../value.ts';
import { listAt, textAt, valueAt } from './arguments.ts';
import { textsOf } from './elements.ts';
import type { ExpressionFunction } from './function.ts';

export const textFunctions: readonly ExpressionFunction[] = [
  {
    name: 'starts_with',
    takes: [['string'], ['string']],
    call: (given, run) => compared(textAt(given, 0), textAt(given, 1), run, (text, part) => text.startsWith(part)),
  },
  {
    name: 'ends_with',
    takes: [['string'], ['string']],
    call: (given, run) => compared(textAt(given, 0), textAt(given, 1), run, (text, part) => text.endsWith(part)),
  },
  {
    name: 'join',
    takes: [['string'], ['array']],
    call: (given, run) => join(textAt(given, 0), textsOf('join', listAt(given, 1), run), run),
  },
  {
    name: 'to_string',
    takes: [['any']],
    call: (given, run) => {
      const value = valueAt(given, 0);
      return typeof value === 'string' ? value : jsonText(value, run);
    },
  },
];

function compared(text: string, part: string, run: Run, compare: (text: string, part: string) => boolean): Json {
  run.spend(stepsOfText(Math.min(text.length, part.length)));
  return compare(text, part);
}

/** Counted before it is made: joining what was joined grows fast. */
function join(separator: string, texts: readonly string[], run: Run): Json {
  const between = separator.length * Math.max(0, texts.length - 1);
  run.spend(stepsOfText(texts.reduce((length, text) => length + text.length, between)));
  return texts.join(separator);
}
