import { randomInt } from 'node:crypto';
import { ExpressionError } from '../../error.ts';
import type { Run } from '../../run.ts';
import { textAt } from '../arguments.ts';
import { checkResult } from '../bounds.ts';
import type { ExpressionFunction } from '../function.ts';
import type { Ranges } from './class.ts';
import { type Pattern, readPattern } from './pattern.ts';

export const randomFunction: ExpressionFunction = {
  name: 'random',
  takes: [['string']],
  call: (given, run) => random(textAt(given, 0), run),
};

/** A text that matches the pattern, each choice made anew by the system's generator. */
function random(text: string, run: Run): string {
  if (text === '') throw new ExpressionError('random() takes a pattern that is not empty');
  run.spend(text.length);
  const pieces: string[] = [];
  let length = 0;
  make(
    readPattern(text),
    (piece) => {
      length += piece.length;
      checkResult('random', length);
      pieces.push(piece);
    },
    run,
  );
  return pieces.join('');
}

function make(pattern: Pattern, add: (piece: string) => void, run: Run): void {
  run.spend(4);
  if (pattern.is === 'characters') add(oneOf(pattern.ranges));
  else if (pattern.is === 'sequence') for (const item of pattern.items) make(item, add, run);
  else if (pattern.is === 'choice') {
    const chosen = pattern.options[randomInt(pattern.options.length)];
    if (chosen !== undefined) make(chosen, add, run);
  } else {
    const times = randomInt(pattern.least, pattern.most + 1);
    for (let done = 0; done < times; done += 1) make(pattern.item, add, run);
  }
}

/** Each character is as likely as every other, in however many ranges it stands. */
function oneOf(ranges: Ranges): string {
  let left = randomInt(ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0));
  for (const [from, to] of ranges) {
    const size = to - from + 1;
    if (left < size) return String.fromCodePoint(from + left).toWellFormed();
    left -= size;
  }
  return '';
}
