import { emptyObject, type Json } from '../../shared/expression/value.ts';
import type { Place } from '../../shared/policy/kyverno/place.ts';
import type { Report } from '../../shared/policy/kyverno/report.ts';
import { jsonOf } from '../../shared/policy/kyverno/tree-json.ts';
import { mergedOver } from '../../shared/policy/stated.ts';
import { quoted } from '../../shared/printable.ts';
import { stepsOf } from './variable-name.ts';

/** A value, by the name that the file gives it. */
export interface Assignment {
  readonly name: string;
  /** `request`, `operation`; never empty. */
  readonly steps: readonly string[];
  readonly value: Json;
}

const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];

/**
 * The values that a mapping names. `valueAt`: what of a place is the value, for what is written otherwise than as it counts;
 * `undefined` where the report says why there is none.
 */
export function assignments(
  place: Place,
  report: Report,
  valueAt: (place: Place, report: Report) => Json | undefined = wholeOf,
): readonly Assignment[] {
  if (!place.given) return [];
  if (place.tree?.kind !== 'mapping') {
    report.problem(place, `a mapping of names to values is expected, this is ${place.is}`);
    return [];
  }
  return place.names.flatMap((name) => {
    const at = place.field(name);
    const steps = stepsOf(name);
    if (steps === undefined) {
      report.problem(
        at,
        'is no name of a variable: steps are joined by dots, and one with a dot in it stands in quotes',
      );
      return [];
    }
    const value = valueAt(at, report);
    if (value === undefined) return [];
    if (steps.join('.') === 'request.operation' && !(typeof value === 'string' && operations.includes(value))) {
      report.problem(at, `${quoted(String(value), 60)} is no operation: write one of ${operations.join(', ')}`);
      return [];
    }
    return [{ name, steps, value }];
  });
}

export function wholeOf({ tree }: Place): Json {
  return tree === undefined ? null : jsonOf(tree);
}

/** Values one after the other as one tree; of two with one name the later counts. */
export function treeOf(assigned: readonly Assignment[]): ReadonlyMap<string, Json> {
  const byName = new Map<string, Assignment>();
  for (const one of assigned) byName.set(one.name, one);
  const tree = new Map<string, Json>();
  for (const { steps, value } of byName.values()) {
    const [first = '', ...rest] = steps;
    let nested = value;
    for (const step of rest.toReversed()) {
      const around = emptyObject();
      around[step] = nested;
      nested = around;
    }
    tree.set(first, mergedOver(tree.get(first), nested));
  }
  return tree;
}
