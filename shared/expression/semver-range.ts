import { ExpressionError } from './error.ts';
import { compareSemver, parseSemver, type SemanticVersion } from './semver.ts';

type Test = (version: SemanticVersion) => boolean;

const comparators = new Map<string, (order: -1 | 0 | 1) => boolean>([
  ['', (order) => order === 0],
  ['=', (order) => order === 0],
  ['==', (order) => order === 0],
  ['!', (order) => order !== 0],
  ['!=', (order) => order !== 0],
  ['>', (order) => order > 0],
  ['>=', (order) => order >= 0],
  ['<', (order) => order < 0],
  ['<=', (order) => order <= 0],
]);

/**
 * What stands instead of a version with a wildcard: comparators with its first version, and with the first one after it. Of `!=` the
 * two must both hold, which no version does: blang/semver has it so.
 */
const wildcards = new Map<string, readonly (readonly [comparator: string, bound: 'from' | 'after'])[]>([
  [
    '',
    [
      ['>=', 'from'],
      ['<', 'after'],
    ],
  ],
  [
    '=',
    [
      ['>=', 'from'],
      ['<', 'after'],
    ],
  ],
  [
    '==',
    [
      ['>=', 'from'],
      ['<', 'after'],
    ],
  ],
  [
    '!',
    [
      ['<', 'from'],
      ['>=', 'after'],
    ],
  ],
  [
    '!=',
    [
      ['<', 'from'],
      ['>=', 'after'],
    ],
  ],
  ['>', [['>=', 'after']]],
  ['>=', [['>=', 'from']]],
  ['<', [['<', 'from']]],
  ['<=', [['<', 'after']]],
]);

/**
 * A range of versions as blang/semver's ParseRange reads it, which is not as npm does: comparators (`>=1.2.0`) that stand side by side
 * must all hold, alternatives are separated by `||` with spaces around it, and `1.x` and `1.2.x` are wildcards. There is no `^`, `~` or
 * `-`. Throws ExpressionError.
 */
export function parseSemverRange(text: string): Test {
  const alternatives: Test[][] = [[]];
  for (const part of partsOf(text)) {
    if (part === '||') alternatives.push([]);
    else alternatives.at(-1)?.push(...testsOf(part));
  }
  if (alternatives.some((tests) => tests.length === 0)) throw invalid(text, 'a version is missing');
  return (version) => alternatives.some((tests) => tests.every((test) => test(version)));
}

/** blang/semver drops what is one character long, such as a comparator that stands alone at the end. That is an error here. */
function partsOf(text: string): string[] {
  const joined = text.replaceAll(/(?<=[<>=]) +/g, '');
  return joined.split(' ').filter((part) => part !== '');
}

function testsOf(part: string): Test[] {
  const [, comparator = '', version = ''] = /^([^0-9]*)(.*)$/s.exec(part) ?? [];
  if (!part.includes('x')) return [testOf(comparator, version, part)];
  const bounds = wildcards.get(comparator);
  if (bounds === undefined) throw invalid(part, 'its comparator is unknown');
  const from = flat(version);
  return bounds.map(([wanted, bound]) => testOf(wanted, bound === 'from' ? from : after(version, from), part));
}

function testOf(comparator: string, text: string, part: string): Test {
  const holds = comparators.get(comparator);
  if (holds === undefined) throw invalid(part, 'its comparator is unknown');
  const bound = parseSemver(text);
  if (bound === undefined) throw invalid(part, 'it names no version');
  return (version) => holds(compareSemver(version, bound));
}

/** The first version that a wildcard stands for: `1.x` is `1.0.0`, and so is `1.x.x`. */
function flat(version: string): string {
  const text = version.replace('.x.x', '.x').replace('.x', '.0');
  return text.split('.').length === 2 ? `${text}.0` : text;
}

/** The first one after it. Of `1.x.x` that is `1.1.0`: blang/semver counts the parts, not the wildcards. */
function after(version: string, from: string): string {
  const parts = version.split('.');
  const raised = parts.at(-1) === 'x' ? parts.length - 2 : -1;
  if (raised !== 0 && raised !== 1) return '';
  const numbers = from.split('.');
  const number = numbers[raised] ?? '';
  // A number of 63 bits in Go.
  if (!/^[0-9]{1,18}$/.test(number)) return '';
  numbers[raised] = `${BigInt(number) + 1n}`;
  return numbers.join('.');
}

function invalid(text: string, problem: string): ExpressionError {
  return new ExpressionError(`${JSON.stringify(text.slice(0, 80))} is no range of versions: ${problem}`);
}
