import { takeApart, type Variable } from '../expression/template-text.ts';
import { type ContextEntry, namesOf } from './context.ts';

/**
 * A way into a value, field by field: a variable inside it (NUL) stands for a field, which chooses among what is there and is no part of
 * what comes out.
 */
const path = /^([A-Za-z_]\w*)(?:\.(?:[A-Za-z_\0][\w\0]*|"[^"]*"))*$/;

/**
 * Whether what a text of a policy comes to is said by policies, whatever the object is: by the text itself, by ConfigMaps that stand beside
 * them, and by variables made of nothing else. An object may choose which of them it is. What a request or a registry says is the
 * word of whoever wrote the object or pushed the image.
 * @param context the entries that the text sees
 */
export function isPoliciesWord(text: string, context: readonly ContextEntry[]): boolean {
  // A reference stands for another text.
  if (text.includes('$(')) return false;
  return takeApart(text).every((part) => typeof part === 'string' || isTheirs(part, context));
}

/** Whether a text is one variable and nothing else. */
export function isOneVariable(text: string): boolean {
  const [first, ...others] = takeApart(text);
  return first !== undefined && typeof first !== 'string' && others.length === 0;
}

/** Of other expressions it is not known what of them comes out. */
function isTheirs({ content }: Variable, context: readonly ContextEntry[]): boolean {
  const [, root] = path.exec(content) ?? [];
  return root !== undefined && isNamed(root, context);
}

function isNamed(name: string, context: readonly ContextEntry[]): boolean {
  const at = context.findLastIndex((entry) => entry.name === name);
  const entry = context[at];
  switch (entry?.kind) {
    case 'config-map':
      return true;
    case 'variable': {
      const names = namesOf(entry);
      const before = context.slice(0, at);
      return names !== undefined && [...names].every((each) => isNamed(each, before));
    }
    default:
      return false;
  }
}
