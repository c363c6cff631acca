import { isMap, type Node, visit } from 'yaml';

/** Helm's action; `{{"` begins a mapping in JSON that has one brace too many. */
const action = /\{\{(?!["'{]).{0,60}/y;

/** What to say where a template's action stands in `text` at an offset; `undefined` where none does. */
export function templateAt(text: string, offset: number): string | undefined {
  action.lastIndex = Math.max(offset, 0);
  const [found] = action.exec(text) ?? [];
  if (found === undefined) return undefined;
  const shown = found.includes('}}') ? found.slice(0, found.indexOf('}}') + 2) : found.trimEnd();
  return `${shown} is an unrendered Helm template: render it first`;
}

/**
 * The first template's action in a document that is not readable. Only what stands where YAML begins a mapping counts: in quotes,
 * comments and block scalars `{{ }}` is text, and may be a variable of Kyverno's.
 */
export function findTemplate(
  text: string,
  contents: Node | null,
  errors: readonly number[],
): { readonly offset: number; readonly message: string } | undefined {
  const offsets = [...errors];
  visit(contents, (_, node) => {
    if (isMap(node) && node.range) offsets.push(node.range[0]);
  });
  for (const offset of offsets.sort((a, b) => a - b)) {
    const message = templateAt(text, offset);
    if (message !== undefined) return { offset, message };
  }
  return undefined;
}
