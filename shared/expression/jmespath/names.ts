import type { Given, Node } from './node.ts';

/** The names of the root that an expression may ask for; `undefined`: it may ask for the root as a whole. */
export function namesOf(expression: Node): ReadonlySet<string> | undefined {
  const asked = new Asked();
  asked.value(expression, true);
  return asked.whole ? undefined : asked.names;
}

/** Follows where the root may go: `here`, whether a node may be about the root; each tells whether it may come to it. */
class Asked {
  readonly names = new Set<string>();
  whole = false;

  /** A node whose value is looked at, or handed on. */
  value(node: Given, here: boolean): void {
    if (this.#of(node, here)) this.whole = true;
  }

  #of(node: Given, here: boolean): boolean {
    switch (node.is) {
      case 'current':
        return here;
      case 'field':
        if (here) this.names.add(node.name);
        return false;
      case 'literal':
      case 'index':
      case 'slice':
        return false;
      case 'then':
      case 'pipe':
        return this.#of(node.right, this.#of(node.left, here));
      case 'or':
        this.value(node.left, here);
        return this.#of(node.right, here);
      case 'and':
        this.value(node.left, here);
        return this.#of(node.right, here);
      case 'not':
        this.value(node.of, here);
        return false;
      case 'compare':
        this.value(node.left, here);
        this.value(node.right, here);
        return false;
      // The root is no list: it has no elements.
      case 'flatten':
        this.#of(node.of, here);
        return false;
      case 'elements':
        this.#of(node.of, here);
        this.value(node.each, false);
        return false;
      case 'filter':
        this.#of(node.of, here);
        this.value(node.where, false);
        this.value(node.each, false);
        return false;
      case 'values':
        this.value(node.of, here);
        this.value(node.each, false);
        return false;
      case 'list':
        for (const item of node.items) this.value(item, here);
        return false;
      case 'object':
        for (const [, item] of node.fields) this.value(item, here);
        return false;
      case 'call':
        for (const argument of node.given) this.value(argument, here);
        return false;
      case 'reference':
        this.value(node.to, false);
        return false;
    }
  }
}
