import { ExpressionTooCostly } from '../../expression/error.ts';
import { stepsOfPattern } from '../../expression/pattern-steps.ts';
import type { Run } from '../../expression/run.ts';
import type { Scope } from '../../expression/scope.ts';
import { isList, isObject, type Json } from '../../expression/value.ts';
import type { ContextEntry } from '../context.ts';
import { writtenRegistry } from '../hosts.ts';
import { isPoliciesWord } from '../policies-word.ts';
import type { Entry, Written } from '../policy.ts';
import { type EntryFields, entrySchema } from './fields.ts';
import { type Become, keptEntries } from './kept-entries.ts';
import { Place, type Tree } from './place.ts';
import { isRegExp } from './regexp.ts';
import { Report } from './report.ts';
import { jsonOf, treeOf } from './tree-json.ts';
import { refuseValues } from './values.ts';
import { holdsVariable, readTemplate } from './variables.ts';

/** What an entry says of images, and what it says of those whom it trusts: variables stand in the latter alone. */
export type Frame = Omit<Entry, keyof Wanted | 'written'>;
export type Wanted = Pick<Entry, 'attestors' | 'attestations' | 'deny' | 'annotations' | 'repository'>;

export type ReadWanted = (fields: EntryFields, place: Place, report: Report) => Wanted;

/** UTF-16 units of an entry as JSON that is read, beyond what the policy itself writes: no key, identity or repository is as long. */
const longestValues = 64 * 1024;

/** Of an entry: what is read as it stands, and conditions, in which variables are substituted when they are evaluated. */
const asItStands: ReadonlySet<string> = new Set([
  'imageReferences',
  'image',
  'skipImageReferences',
  'failureAction',
  'type',
  'validate',
]);

/** Whether an entry has to be substituted before anyone can be asked. */
export function holdsVariables({ tree }: Place): boolean {
  return tree !== undefined && holdsVariable(substitutedPart(tree));
}

/** The part of an entry in which variables are substituted before anyone is asked. */
export function substitutedPlace({ tree, path, line }: Place): Place {
  return new Place(tree && substitutedPart(tree), path, line);
}

/** An entry in which variables stand; `undefined` where the report says why it cannot be one. */
export function readWritten(
  frame: Frame,
  place: Place,
  context: readonly ContextEntry[],
  report: Report,
  readWanted: ReadWanted,
): Written | undefined {
  const { tree, path, line } = place;
  const written = substitutedPlace(place);
  const part = written.tree;
  if (part === undefined) return undefined;
  const template = readTemplate(jsonOf(part), place, report);
  if (template === undefined) return undefined;
  const longest = JSON.stringify(jsonOf(part)).length + longestValues;
  const kept = keptEntries();

  function entryOf(value: Json): Become {
    const substituted = new Report(report.file);
    const here = new Place(withRest(treeOf(value, part, line), tree), path, line);
    refuseValues(written, here, context, substituted);
    const fields = entrySchema(here, substituted);
    const wanted = fields && readWanted(fields, here, substituted);
    // The first problem is told, and many are a value of its author's.
    if (wanted === undefined || substituted.problems.length > 0) return substituted.problems.slice(0, 1);
    return { ...frame, ...wanted };
  }

  return {
    names: template.names,
    registries: writtenRegistries(written, context),
    entry(scope: Scope, run: Run) {
      const value = template.render(scope, run);
      const name = JSON.stringify(value);
      if (name.length > longest) {
        throw new ExpressionTooCostly(`with the object's values it is over ${longest} characters long`);
      }
      let entry = kept.get(name);
      if (entry === undefined) {
        spendReading(value, run);
        entry = entryOf(value);
        kept.set(name, entry, value);
      }
      return entry;
    },
  };
}

/** Steps that a key takes in PEM, for each of its characters. */
const stepsOfPem = 3;

/**
 * Pays for what an entry holds, before it is read, where that takes longer than other text: keys, and regular expressions, which are
 * compiled once to see that they can be, and once for those who ask them. Whose values are in them may make any of them.
 */
function spendReading(value: Json, run: Run, name = ''): void {
  if (isList(value)) for (const item of value) spendReading(item, run);
  else if (isObject(value)) for (const [field, inner] of Object.entries(value)) spendReading(inner, run, field);
  else if (typeof value !== 'string') return;
  else if (isRegExp(name)) run.spend(2 * stepsOfPattern(value));
  else if (value.includes('-----BEGIN')) run.spend(stepsOfPem * value.length);
}

/** The registries of signature repositories that no variable says; `undefined`: what the variables say, policies say. */
function writtenRegistries(place: Place, context: readonly ContextEntry[]): ReadonlySet<string> | undefined {
  const texts = repositoriesIn(place);
  if (texts.every((text) => isPoliciesWord(text, context))) return undefined;
  return new Set(texts.flatMap((text) => writtenRegistry(text) ?? []));
}

function repositoriesIn(place: Place): readonly string[] {
  const below = place.names.flatMap((name) => {
    const at = place.field(name);
    return name === 'repository' && at.text ? [at.text] : repositoriesIn(at);
  });
  return [...below, ...place.items.flatMap(repositoriesIn)];
}

/** An entry without what is read as it stands. */
function substitutedPart(tree: Tree): Tree {
  if (tree.kind !== 'mapping') return tree;
  const entries = [...tree.entries].filter(([name]) => !asItStands.has(name));
  return {
    ...tree,
    entries: new Map(
      entries.map(([name, child]) => [name, name === 'attestations' ? eachWithout(child, 'conditions') : child]),
    ),
  };
}

/** The entry as substituted, with what was left out of it. */
function withRest(substituted: Tree, written: Tree | undefined): Tree {
  if (substituted.kind !== 'mapping' || written?.kind !== 'mapping') return substituted;
  const entries = new Map(substituted.entries);
  for (const [name, child] of written.entries) if (asItStands.has(name)) entries.set(name, child);
  const attestations = entries.get('attestations');
  const before = written.entries.get('attestations');
  if (attestations?.kind === 'list' && before?.kind === 'list') {
    const items = attestations.items.map((item, index) => withField(item, before.items[index], 'conditions'));
    entries.set('attestations', { ...attestations, items });
  }
  return { ...substituted, entries };
}

function eachWithout(list: Tree, name: string): Tree {
  if (list.kind !== 'list') return list;
  const items = list.items.map((item) =>
    item.kind === 'mapping'
      ? { ...item, entries: new Map([...item.entries].filter(([field]) => field !== name)) }
      : item,
  );
  return { ...list, items };
}

function withField(item: Tree, from: Tree | undefined, name: string): Tree {
  const field = from?.kind === 'mapping' ? from.entries.get(name) : undefined;
  if (field === undefined || item.kind !== 'mapping') return item;
  return { ...item, entries: new Map([...item.entries, [name, field]]) };
}
