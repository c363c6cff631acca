import { ExpressionError } from '../error.ts';
import type { Run } from '../run.ts';
import { parseSemver, type SemanticVersion } from '../semver.ts';
import { parseSemverRange } from '../semver-range.ts';
import { textAt } from './arguments.ts';
import { isExternalUrl } from './external-url.ts';
import type { ExpressionFunction } from './function.ts';
import { normalizedImage } from './image-text.ts';
import { Kept } from './kept.ts';
import { cleanPath } from './paths.ts';

/** UTF-16 units: no path of a file system and no URL that works is as long. */
const longestName = 64 * 1024;

const longestVersion = 4096;

/** Texts that name something: paths, images, URLs, versions. */
export const nameFunctions: readonly ExpressionFunction[] = [
  ofText('path_canonicalize', cleanPath),
  ofText('image_normalize', normalizedImage),
  ofText('is_external_url', isExternalUrl),
  {
    name: 'semver_compare',
    takes: [['string'], ['string']],
    call: (given, run) => inRange(textAt(given, 0), textAt(given, 1), run),
  },
];

function ofText(name: string, make: (text: string) => string | boolean): ExpressionFunction {
  return {
    name,
    takes: [['string']],
    call: (given, run) => {
      const text = textAt(given, 0);
      if (text.length > longestName) throw new ExpressionError(`${name}() takes ${longestName} characters at most`);
      run.spend(text.length);
      return make(text);
    },
  };
}

const ranges = new Kept<(version: SemanticVersion) => boolean>();

/** Whether a version is in a range. What is no version is an error; Kyverno takes it for 0.0.0, which is in `<1.0.0`. */
function inRange(text: string, range: string, run: Run): boolean {
  if (text.length > longestVersion || range.length > longestVersion) {
    throw new ExpressionError(`semver_compare() takes ${longestVersion} characters at most`);
  }
  const holds = ranges.of(range, run, () => {
    run.spend(5 * range.length);
    return parseSemverRange(range);
  });
  run.spend(8 + text.length + range.length);
  const version = parseSemver(text);
  if (version === undefined)
    throw new ExpressionError('semver_compare() takes a version of three numbers, such as 1.2.3');
  return holds(version);
}
