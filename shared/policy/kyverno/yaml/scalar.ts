/**
 * What a scalar without quotes means to Kubernetes. kubectl, the API server and Kyverno read YAML with sigs.k8s.io/yaml: YAML 1.1
 * as go-yaml 2 resolves it, then turned into JSON. Its rules are neither those of YAML 1.1 nor those of 1.2: times and dates are
 * text, `0o17` and `017` are both fifteen, `1_000` is a thousand.
 */

/** A JSON value that is no list and no mapping. A bigint is an integer that a double would change. */
export type Leaf = string | number | bigint | boolean | null;

const words = new Map<string, boolean | null>([
  ...each(true, ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']),
  ...each(false, ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']),
  ...each(null, ['', '~', 'null', 'Null', 'NULL']),
]);

function each<T>(value: T, texts: readonly string[]): [string, T][] {
  return texts.map((text) => [text, value]);
}

/** Infinities and NaN, which YAML has and JSON has not. */
const noJson = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** Only what begins so can be a number. */
const numberStart = /^[-+.\d]/;
const integer = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;
/** go-yaml's own way with `0b`, which lets a second sign in. */
const signedBinary = /^0b([-+])([01]+)$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
/** A number that begins with its point is read by Go's own rules, where `_` stands between two digits alone. */
const pointFirst = /^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/;

const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;

/** The value of a plain scalar, its lines folded; `undefined` for a number that JSON does not have. */
export function resolvePlain(text: string): Leaf | undefined {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!numberStart.test(text)) return text;
  if (noJson.test(text)) return undefined;
  if (text.startsWith('.')) return pointFirst.test(text) ? finite(text.replaceAll('_', ''), text) : text;
  const digits = text.replaceAll('_', '');
  return resolveInteger(digits) ?? (float.test(digits) ? finite(digits, text) : text);
}

/** A double, or the text itself where its magnitude is too large for one. */
function finite(digits: string, text: string): number | string {
  const value = Number(digits);
  return Number.isFinite(value) ? value + 0 : text;
}

/** A 64-bit integer; signed ones exactly, larger ones as the doubles that Kubernetes' objects keep of them. */
function resolveInteger(digits: string): number | bigint | undefined {
  const signed = signedBinary.exec(digits);
  if (signed !== null) return exact(BigInt(`0b${signed[2]}`) * (signed[1] === '-' ? -1n : 1n));
  const found = integer.exec(digits);
  if (found === null) return undefined;
  const [, sign = '', hex, binary, octal, decimal = ''] = found;
  if (decimal.length > 20) return undefined;
  const magnitude = hex
    ? BigInt(`0x${hex}`)
    : binary
      ? BigInt(`0b${binary}`)
      : octal
        ? BigInt(`0o${octal}`)
        : BigInt(decimal);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value >= -maxInt64 - 1n && value <= maxInt64) return exact(value);
  return sign === '' && value <= maxUint64 ? Number(value) : undefined;
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * The name that a plain key becomes in JSON: `true` for `on`, `16` for `0x10`. `undefined` where Kubernetes' reader has none (for
 * null), or one that nobody would expect: it prints a float as the nearest single.
 */
export function plainKey(text: string): string | undefined {
  const key = resolvePlain(text);
  if (key === null || key === undefined) return undefined;
  if (typeof key !== 'number') return String(key);
  if (resolveInteger(text.replaceAll('_', '')) !== undefined)
    return Number.isSafeInteger(key) ? String(key) : undefined;
  const size = Math.abs(key);
  const printedInFull = size >= 1e-4 && size < 1e6;
  return printedInFull && Number(key.toPrecision(sharedDigits)) === key ? String(key) : undefined;
}

/** Significant decimal digits in which a single and a double do not differ. */
const sharedDigits = 6;
