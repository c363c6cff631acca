/**
 * What would end a line, move a cursor, clear a terminal, or turn and hide the text around it: controls (C0, DEL, C1), format
 * characters (bidirectional overrides, zero width, tags), line and paragraph separators, lone surrogates, and what is drawn as nothing
 * (Hangul fillers, which count as letters, and selectors of variants).
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** UTF-16 units of one line: far over what anybody reads. */
const longestLine = 8192;

/**
 * Foreign text for people, on one line: what an author, a registry or a file wrote is shown, and does nothing. Every output that
 * is no JSON sends its lines through here. What is not printable is written as in a JSON string (`\n`, `\u001b`); all else stays
 * as it is, so that a text may pass twice. Whoever wrote the text chose its length, and escaping it holds up everybody: so it is cut
 * after `most` UTF-16 units before.
 */
export function printable(text: string, most = longestLine): string {
  return escapeUnprintable(shortened(text, most), escaped);
}

/** The same with escapes of another language, and the whole of it: `escapeOf` is given one character. */
export function escapeUnprintable(text: string, escapeOf: (character: string) => string): string {
  return text.replace(unprintable, escapeOf);
}

/** The same for text of several lines whose line breaks are ours. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line))
    .join('\n');
}

/** A text of any length, cut after `most` UTF-16 units. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

/** Foreign text as a JSON string, cut after `most` UTF-16 units: for the middle of a sentence. */
export function quoted(text: string, most: number): string {
  return printable(JSON.stringify(text.slice(0, most))) + (text.length > most ? '…' : '');
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (short.startsWith('\\')) return short;
  return Array.from({ length: character.length }, (_, at) => unitOf(character.charCodeAt(at))).join('');
}

function unitOf(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
