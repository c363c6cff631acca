import { resolvePlain } from './scalar.ts';

declare global {
  interface JSON {
    /** A number as JSON.stringify is to print it (ECMAScript's JSON.parse source text access). */
    rawJSON(text: string): unknown;
  }
}

/**
 * JSON values, bigints among them, as a YAML document that Kubernetes' reader and others read back as the same values. A string
 * stands without quotes only where no reader takes it for anything else.
 * @throws TypeError for what JSON does not have
 */
export function toYaml(value: unknown): string {
  const lines = nodeLines(value, '');
  return `${lines.join('\n')}\n`;
}

/** `JSON.stringify` with two spaces, which prints bigints as the numbers that they are. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? JSON.rawJSON(String(each)) : each), 2);
}

/** The lines of a value that begins a line of its own; those of a list or mapping below it are indented by two more. */
function nodeLines(value: unknown, indent: string): string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item: unknown) => entryLines('-', item, indent));
  if (isMapping(value)) {
    const entries = Object.entries(value).filter(([, child]) => child !== undefined);
    if (entries.length > 0) return entries.flatMap(([key, child]) => fieldLines(quoted(key), child, indent));
  }
  return inline(value, indent).map((line, index) => (index === 0 ? indent + line : line));
}

/** Readers look for the `:` of a key no further than 1024 characters. */
const maxImplicitKey = 1000;

function fieldLines(key: string, value: unknown, indent: string): string[] {
  if (key.length <= maxImplicitKey) return entryLines(`${key}:`, value, indent);
  return [`${indent}? ${key}`, ...entryLines(':', value, indent)];
}

function entryLines(head: string, value: unknown, indent: string): string[] {
  const deeper = `${indent}  `;
  if (standsInline(value)) {
    const [first = '', ...rest] = inline(value, deeper);
    return [`${indent}${head} ${first}`, ...rest];
  }
  const lines = nodeLines(value, deeper);
  if (head !== '-') return [indent + head, ...lines];
  // A list's item begins on the line of its dash.
  const [first = '', ...rest] = lines;
  return [`${indent}- ${first.slice(deeper.length)}`, ...rest];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value stands on the line of its key: all but lists and mappings that hold something. */
function standsInline(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isMapping(value) || Object.values(value).every((child) => child === undefined);
}

/** A value without children; a literal block has lines of its own. */
function inline(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return ['[]'];
  if (isMapping(value)) return ['{}'];
  if (typeof value === 'string') return literal(value, indent) ?? [quoted(value)];
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return [String(value)];
  if (typeof value === 'number' && Number.isFinite(value)) return [JSON.stringify(value)];
  throw new TypeError(`a ${typeof value} is nothing that YAML can say`);
}

function quoted(text: string): string {
  return isPlain(text) ? text : doubleQuoted(text);
}

/** No indicator of YAML's, no `: ` and no ` #`. */
const plain = /^[\w./](?:[\w./@+=,;()%^~-]|:(?=[^\s])| (?=[\w./(]))*$/;
/** What some reader takes for a number, in any base up to 60, or for a date. */
const numberOrDate = /^[.\d](?:[\d_.:+a-fA-FoOxX-]*$|\d{3}-\d)|^[eE]\d+$/;

/** Whether a string without quotes is text to Kubernetes, to YAML 1.1 and to YAML 1.2 alike. */
function isPlain(text: string): boolean {
  return plain.test(text) && !numberOrDate.test(text) && resolvePlain(text) === text;
}

/** A text of several lines in a literal block, where that holds it unchanged. */
function literal(text: string, indent: string): string[] | undefined {
  if (!text.includes('\n') || !blockText.test(text) || /[ \t]$/m.test(text) || !text.isWellFormed()) return undefined;
  const lines = text.split('\n');
  const ended = lines.at(-1) === '';
  if (ended) lines.pop();
  const [first = ''] = lines;
  // A block's indentation is read off its first line; one that ends with empty lines would need another header.
  if (/^(?:\s|$)/.test(first) || lines.at(-1) === '') return undefined;
  const inner = indent === '' ? '  ' : indent;
  return [ended ? '|' : '|-', ...lines.map((line) => (line === '' ? '' : inner + line))];
}

/** What a reader takes raw; line ends of YAML 1.1 that are none in 1.2 are left out. */
const blockText = /^(?:[\t\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\n]|[\ud800-\udfff])*$/;

const mustEscape = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** JSON's string is one of YAML's; what YAML does not take raw is escaped. A lone surrogate becomes U+FFFD, as for Go. */
function doubleQuoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    mustEscape,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
