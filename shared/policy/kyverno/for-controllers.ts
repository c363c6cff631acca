import { Place, type Tree } from './place.ts';

/** The controllers of a Pod that a rule is made for: where their Pod stands in them. */
export type PodPath = 'spec.template' | 'spec.jobTemplate.spec.template';

/** What Kyverno replaces, as text, wherever in a rule it stands (pkg/autogen/v1, podReplacementRules and cronJobReplacementRules). */
const podFields = /request\.(object|oldObject)\.(spec|metadata)/g;

/** Whether a rule says anything of a Pod's own fields, so that for a controller it has to say it of the Pod in there. */
export function namesPodFields(tree: Tree): boolean {
  return texts(tree).some((text) => text.search(podFields) !== -1);
}

/** A part of a rule as it is meant for controllers: what it says of the Pod's fields it says of the Pod in the controller. */
export function forControllers({ tree, path, line }: Place, podPath: PodPath): Place {
  return new Place(tree && rewritten(tree, podPath), path, line);
}

function rewritten(tree: Tree, podPath: PodPath): Tree {
  const moved = (text: string) => text.replace(podFields, `request.$1.${podPath}.$2`);
  if (tree.kind === 'leaf') return typeof tree.value === 'string' ? { ...tree, value: moved(tree.value) } : tree;
  if (tree.kind === 'list') return { ...tree, items: tree.items.map((item) => rewritten(item, podPath)) };
  const entries = [...tree.entries].map(([name, child]) => [moved(name), rewritten(child, podPath)] as const);
  return { ...tree, entries: new Map(entries) };
}

function texts(tree: Tree): readonly string[] {
  if (tree.kind === 'leaf') return typeof tree.value === 'string' ? [tree.value] : [];
  if (tree.kind === 'list') return tree.items.flatMap(texts);
  return [...tree.entries].flatMap(([name, child]) => [name, ...texts(child)]);
}
