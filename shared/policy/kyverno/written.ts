import { LRUCache } from 'lru-cache';
import type { Run } from '../../expression/run.ts';
import type { Scope } from '../../expression/scope.ts';
import type { Json } from '../../expression/value.ts';
import { writtenRegistry } from '../hosts.ts';
import type { Entry, Written } from '../policy.ts';
import type { LoadProblem } from '../problems.ts';
import { type EntryFields, entrySchema } from './fields.ts';
import { Place, type Tree } from './place.ts';
import { Report } from './report.ts';
import { jsonOf, treeOf } from './tree-json.ts';
import { refuseValues } from './values.ts';
import { holdsVariable, readTemplate } from './variables.ts';

/** What an entry says of images, and what it says of those whom it trusts: variables stand in the latter alone. */
export type Frame = Omit<Entry, keyof Wanted | 'written'>;
export type Wanted = Pick<Entry, 'attestors' | 'attestations' | 'deny' | 'annotations' | 'repository'>;

type ReadWanted = (fields: EntryFields, place: Place, report: Report) => Wanted;

/** Entries that one written one has become, kept by the values that came: as many as a policy about some teams has. */
const mostKept = 64;

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
export function readWritten(frame: Frame, place: Place, report: Report, readWanted: ReadWanted): Written | undefined {
  const { tree, path, line } = place;
  if (tree === undefined) return undefined;
  const part = substitutedPart(tree);
  const template = readTemplate(jsonOf(part), place, report);
  if (template === undefined) return undefined;
  const kept = new LRUCache<string, Entry | readonly LoadProblem[]>({ max: mostKept });

  function entryOf(value: Json): Entry | readonly LoadProblem[] {
    const substituted = new Report(report.file);
    const here = new Place(withRest(treeOf(value, part, line), tree), path, line);
    refuseValues(new Place(part, path, line), here, substituted);
    const fields = entrySchema(here, substituted);
    const wanted = fields && readWanted(fields, here, substituted);
    return wanted === undefined || substituted.problems.length > 0 ? substituted.problems : { ...frame, ...wanted };
  }

  return {
    names: template.names,
    registries: new Set(registriesIn(new Place(part, path, line))),
    entry(scope: Scope, run: Run) {
      const value = template.render(scope, run);
      const name = JSON.stringify(value);
      let entry = kept.get(name);
      if (entry === undefined) {
        entry = entryOf(value);
        kept.set(name, entry);
      }
      return entry;
    },
  };
}

/** The registries of signature repositories that no variable says. */
function registriesIn(place: Place): readonly string[] {
  const below = place.names.flatMap((name) => {
    const at = place.field(name);
    return name === 'repository' && at.text ? (writtenRegistry(at.text) ?? []) : registriesIn(at);
  });
  return [...below, ...place.items.flatMap(registriesIn)];
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
