import { escapedNames, parseJsonText } from '../../json-text.ts';
import { readEmbedded } from '../../policy/kyverno/yaml/embedded.ts';
import { printable } from '../../printable.ts';
import { ExpressionError } from '../error.ts';
import { type Run, stepsOfText } from '../run.ts';
import { isList, type Json, largestDepth } from '../value.ts';
import { textAt } from './arguments.ts';
import type { ExpressionFunction } from './function.ts';
import { fitsParser } from './json-survey.ts';

/** What comes from outside is half as deep as a value may be. */
const deepest = largestDepth / 2;
/** UTF-16 units of JSON. */
const largestJson = 1024 * 1024;
/** Reading a name that is written with an escape takes ten times as long as reading another. */
const stepsOfEscapedName = 32;
/** The same of YAML. */
const largestYaml = 24 * 1024;
/** What its reader takes some microseconds for, whichever it is: words, what stands between them, and blanks. */
const yamlToken = /[\p{L}\p{M}\p{N}_]+|\s+|[^\p{L}\p{M}\p{N}_\s]/gu;
const stepsOfYamlToken = 40;
/** What its reader takes before it reads anything. */
const stepsOfYamlReader = 500;
const yamlBounds = { maxBytes: 4 * largestYaml, maxDepth: deepest, maxNodes: 100_000 };

export const documentFunctions: readonly ExpressionFunction[] = [
  { name: 'parse_json', takes: [['string']], call: (given, run) => parseJson(textAt(given, 0), run) },
  { name: 'parse_yaml', takes: [['string']], call: (given, run) => parseYaml(textAt(given, 0), run) },
];

/** As Go's json.Unmarshal: of equal fields the last one counts, half a character is U+FFFD, and a number must fit a double. */
function parseJson(text: string, run: Run): Json {
  if (text.length > largestJson) throw new ExpressionError(`parse_json() takes ${largestJson} characters at most`);
  run.spend(1 + 8 * stepsOfText(text.length));
  if (!fitsParser(text, deepest, run)) {
    throw new ExpressionError(`parse_json() takes JSON that is nested ${deepest} deep at most`);
  }
  const whole = wholeCharacters(text, run);
  run.spend(stepsOfEscapedName * escapedNames(whole, whole.length));
  let value: Json;
  try {
    value = parseJsonText(whole) as Json;
  } catch {
    throw new ExpressionError('parse_json() takes JSON');
  }
  check(value, run);
  return value;
}

const half = /\\u[dD][89a-fA-F]/;
const escapes = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\./gs;

function wholeCharacters(text: string, run: Run): string {
  const whole = text.toWellFormed();
  if (!half.test(whole)) return whole;
  run.spend(Math.ceil(whole.length / 2));
  return whole.replaceAll(escapes, (written, half) => (half === undefined ? written : '\ufffd'));
}

function check(value: Json, run: Run): void {
  run.spend(1);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new ExpressionError('parse_json() takes no number larger than a double');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const child of isList(value) ? value : Object.values(value)) check(child, run);
}

/**
 * YAML as Kubernetes reads it, turned into JSON: what its readers do not agree on is an error. So are several documents; Kyverno
 * passes over all but the first.
 */
function parseYaml(text: string, run: Run): Json {
  if (text.length > largestYaml) throw new ExpressionError(`parse_yaml() takes ${largestYaml} characters at most`);
  run.spend(stepsOfYamlReader + text.length);
  run.spend(stepsOfYamlToken * (text.match(yamlToken)?.length ?? 0));
  const read = readEmbedded(text.toWellFormed(), yamlBounds);
  if ('problem' in read) throw new ExpressionError(`parse_yaml() takes YAML: ${printable(read.problem, 200)}`);
  if (read.values.length > 1) throw new ExpressionError('parse_yaml() takes one document');
  return json(read.values[0] ?? null, run);
}

/** Integers of 64 bits are doubles then, as in all JSON that Kyverno looks at. */
function json(value: unknown, run: Run): Json {
  run.spend(1);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map((item) => json(item, run));
  if (typeof value !== 'object') throw new Error('YAML holds what JSON has not');
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, json(child, run)]));
}
