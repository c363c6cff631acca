import { arithmeticFunctions } from './arithmetic.ts';
import { collectionFunctions } from './collections.ts';
import { documentFunctions } from './documents.ts';
import { encodingFunctions } from './encodings.ts';
import type { ExpressionFunction } from './function.ts';
import { nameFunctions } from './names.ts';
import { patternFunctions } from './patterns.ts';
import { randomFunction } from './random/random.ts';
import { textFunctions } from './texts.ts';
import { timeFunctions } from './times.ts';
import { x509Function } from './x509/decode.ts';

/**
 * What Kyverno adds to JMESPath (pkg/engine/jmespath of v1.19.1); its `sum` takes the place of JMESPath's. None asks the network or a
 * clock. `loadRegExps` is awaited before any of them is called.
 */
export const kyvernoFunctions: readonly ExpressionFunction[] = [
  ...arithmeticFunctions,
  ...collectionFunctions,
  ...documentFunctions,
  ...encodingFunctions,
  ...nameFunctions,
  ...patternFunctions,
  randomFunction,
  ...textFunctions,
  ...timeFunctions,
  x509Function,
];
