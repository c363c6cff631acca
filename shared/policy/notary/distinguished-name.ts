/** A distinguished name as trust policies write it: the value of each type. */
export type ParsedName = { readonly attributes: ReadonlyMap<string, string> } | { readonly problem: string };

/** Types that every name must have, and every subject that is compared with one (trust-store-trust-policy.md, "Trusted Identities Constraints"). */
export const mandatory = ['C', 'ST', 'O'] as const;
/** UTF-16 units of a name. */
const longestName = 1024;

const separators = new Set([',', ';', '+']);
const escapable = new Set([' ', '"', '#', '+', ',', ';', '<', '=', '>', '\\']);
/** They may not stand in a value unescaped (RFC 4514 §2.4); those that separate do not come here. */
const mustBeEscaped = new Set(['"', '<', '>', '\0']);
const hexPair = /^[0-9a-fA-F]{2}$/;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The value of an identity `x509.subject:…`: RFC 4514 as notation reads it. `;` separates as `,` does, `S` is `ST`, a type's case counts,
 * each type stands once and alone, a value is never BER in hex, and an empty one
 * says that the subject has none.
 */
export function parseDistinguishedName(text: string): ParsedName {
  if (text.length > longestName) return { problem: `has over ${longestName} characters` };
  if (text.includes('=#')) return { problem: 'has a value that begins with #, hex of BER: write it as text' };
  const attributes = new Map<string, string>();
  if (text.trim() !== '') {
    for (const { piece, end } of piecesOf(text)) {
      if (end === '+') return { problem: 'has two values in one (+): write one type=value between commas' };
      const read = readPair(piece);
      if ('problem' in read) return read;
      const { value } = read;
      const type = read.type === 'S' ? 'ST' : read.type;
      if (attributes.has(type)) return { problem: `has ${type} twice` };
      attributes.set(type, value);
    }
  }
  const missing = mandatory.filter((type) => !attributes.get(type));
  if (missing.length > 0) return { problem: `has no ${missing.join(' and no ')}: C, ST (or S) and O are required` };
  return { attributes };
}

/** Whether all that a name says, another says too, exactly. */
export function isPartOf(part: ReadonlyMap<string, string>, whole: ReadonlyMap<string, string>): boolean {
  return [...part].every(([type, value]) => (whole.get(type) ?? '') === value);
}

/** What stands between separators, each with the one after it. */
function* piecesOf(text: string): Generator<{ readonly piece: string; readonly end: string }> {
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (separators.has(character)) {
      yield { piece: text.slice(start, at), end: character };
      start = at + 1;
    }
  }
  yield { piece: text.slice(start), end: '' };
}

function readPair(piece: string): { readonly type: string; readonly value: string } | { readonly problem: string } {
  let equals = 0;
  while (equals < piece.length && piece[equals] !== '=') equals += piece[equals] === '\\' ? 2 : 1;
  const type = unescaped(piece.slice(0, equals));
  const value = unescaped(piece.slice(equals + 1));
  if (type === undefined || value === undefined) {
    return { problem: 'holds a character that has to be escaped, or a \\ that escapes none: write \\, or \\2C' };
  }
  if (equals >= piece.length || type === '') return { problem: 'is no list of type=value, with commas between them' };
  return { type, value };
}

/** Without spaces at its ends, and with what `\` stands for; `undefined` where it stands for nothing. */
function unescaped(text: string): string | undefined {
  const bare = trimmed(text);
  const bytes: number[] = [];
  for (let at = 0; at < bare.length; ) {
    const character = String.fromCodePoint(bare.codePointAt(at) ?? 0);
    if (character !== '\\') {
      if (mustBeEscaped.has(character)) return undefined;
      bytes.push(...encoder.encode(character));
      at += character.length;
      continue;
    }
    const next = bare.charAt(at + 1);
    const pair = bare.slice(at + 1, at + 3);
    if (escapable.has(next)) {
      bytes.push(next.charCodeAt(0));
      at += 2;
    } else if (hexPair.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      at += 3;
    } else return undefined;
  }
  try {
    return strict.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** Without the spaces around it, but for one at the end that is escaped. */
function trimmed(text: string): string {
  const bare = text.replace(/^ +/, '').replace(/ +$/, '');
  const backslashes = bare.length - bare.replace(/\\+$/, '').length;
  return backslashes % 2 === 1 && bare.length < text.length && text.endsWith(' ') ? `${bare} ` : bare;
}
