/**
 * Characters on which readers of YAML disagree. To Kubernetes' reader (YAML 1.1) a lone CR, NEL (U+0085), LS (U+2028) and PS (U+2029)
 * end a line, so that what others read as the rest of a comment is a field; and it takes no control characters.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const strange = /\r(?!\n)|[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|(?<!^)\ufeff/;

/**
 * The first such character of a text, with its 1-based line; none in JSON, in whose strings they are text to everybody. A lone CR
 * is not: in JSON it can only stand between values, where the YAML library takes it for part of a word.
 */
export function unlikeKubernetes(text: string): { readonly line: number; readonly message: string } | undefined {
  const at = text.search(strange);
  if (at === -1 || (isJson(text) && !/\r(?!\n)/.test(text))) return undefined;
  const line = text.slice(0, at).split('\n').length;
  const code = `U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')}`;
  return { line, message: `${code} ${whatIs(text.charAt(at))}: write it as an escape in double quotes, or remove it` };
}

function whatIs(character: string): string {
  if (character === '\ufeff') return 'is a byte order mark, which stands at the beginning of a file alone';
  if (/[\r\x85\u2028\u2029]/.test(character)) return 'ends a line for kubectl and not for other readers';
  return 'is a control character';
}

function isJson(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
