import { isJsonObject } from '../../../admission/json.ts';
import { escapeUnprintable } from '../../../printable.ts';
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
  if (isJsonObject(value)) {
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

/** Whether a value stands on the line of its key: all but lists and mappings that hold something. */
function standsInline(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isJsonObject(value) || Object.values(value).every((child) => child === undefined);
}

/** A value without children; a literal block has lines of its own. */
function inline(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return ['[]'];
  if (isJsonObject(value)) return ['{}'];
  if (typeof value === 'string') return literal(value, indent) ?? [quoted(value)];
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return [String(value)];
  if (typeof value === 'number' && Number.isFinite(value)) return [JSON.stringify(value)];
  throw new TypeError(`a ${typeof value} is nothing that YAML can say`);
}

function quoted(text: string): string {
  return isPlain(text) ? text : doubleQuoted(text);
}

/** No indicator of YAML's, no `: ` and no ` #`; three dots at the beginning of a line end a document. */
const plain = /^(?!\.{3} )[\w./](?:[\w./@+=,;()%^~-]|:(?=[^\s])| (?=[\w./(]))*$/;
/** What some reader takes for a number, in any base up to 60, or for a date. */
const numberOrDate = /^[.\d](?:[\d_.:+a-fA-FoOxX-]*$|\d{3}-\d)|^[eE]\d+$/;

/** Whether a string without quotes is text to Kubernetes, to YAML 1.1 and to YAML 1.2 alike. */
function isPlain(text: string): boolean {
  return plain.test(text) && !numberOrDate.test(text) && resolvePlain(text) === text;
}

/** A text of several lines in a literal block, where that holds it unchanged and shows all that is in it. */
function literal(text: string, indent: string): string[] | undefined {
  if (!text.includes('\n') || /[ \t]$/m.test(text) || !isBare(text)) return undefined;
  const lines = text.split('\n');
  const ended = lines.at(-1) === '';
  if (ended) lines.pop();
  const [first = ''] = lines;
  // A block's indentation is read off its first line; one that ends with empty lines would need another header.
  if (/^(?:\s|$)/.test(first) || lines.at(-1) === '') return undefined;
  const inner = indent === '' ? '  ' : indent;
  return [ended ? '|' : '|-', ...lines.map((line) => (line === '' ? '' : inner + line))];
}

/** Whether a block can hold a text: nothing in it has to be escaped, but for what ends and indents its lines. */
function isBare(text: string): boolean {
  const shown = text.replace(/[\n\t]/g, ' ');
  return escapeAll(shown) === shown;
}

/**
 * JSON's string is one of YAML's; what people do not see, or YAML does not take raw, is escaped. A lone surrogate becomes U+FFFD,
 * as for Go.
 */
function doubleQuoted(text: string): string {
  return escapeAll(JSON.stringify(text.toWellFormed()));
}

function escapeAll(text: string): string {
  return escapeUnprintable(text, escaped).replace(/[\ufffe\uffff]/g, escaped);
}

/** YAML, unlike JSON, has one escape for a character of the higher planes, and does not put two halves together. */
function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}
