import type { Conditions, WrittenBlock, WrittenCondition } from '../../expression/conditions.ts';
import { compileConditions } from '../../expression/expressions.ts';
import { type Operator, operators, parseOperator } from '../../expression/operators.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { asWritten, list, object, plainText, type Schema } from './schema.ts';
import { jsonOf } from './tree-json.ts';
import { read } from './variables.ts';

/** Conditions of one list, and blocks of one rule: more than anyone writes. */
const mostConditions = 200;

const operator: Schema<Operator> = (place, report) => {
  const text = plainText(place, report);
  // Kyverno's code reads them in any case, its CRD in this one alone.
  const found = text === undefined ? undefined : parseOperator(text);
  if (text !== undefined && found === undefined) {
    report.problem(place, `'${text.slice(0, 60)}' is no operator: write one of ${operators.join(', ')}`);
  }
  return found;
};

const conditionFields = object({ key: asWritten, operator, value: asWritten, message: plainText });

const condition: Schema<WrittenCondition> = (place, report) => {
  const fields = conditionFields(place, report);
  if (fields === undefined || !report.clean(place)) return undefined;
  const { key, value, message } = fields;
  if (fields.operator === undefined) report.problem(place, 'entered condition has no operator');
  if (key === undefined) report.problem(place, 'entered condition has no key');
  if (fields.operator === undefined || key === undefined) return undefined;
  const json = (at: Place | undefined) => (at?.tree === undefined ? null : jsonOf(at.tree));
  return {
    key: json(key),
    operator: fields.operator,
    value: json(value),
    ...(message !== undefined && { message }),
  };
};

const conditions: Schema<readonly WrittenCondition[]> = (place, report) => {
  const found = list(condition)(place, report);
  if (found !== undefined && found.length > mostConditions) {
    report.problem(place, `has ${found.length} conditions: more than ${mostConditions}`);
  }
  return found;
};

/** Kyverno takes an empty one for absent in attestations' conditions, and elsewhere for one that is never met. */
const oneOfThese: Schema<readonly WrittenCondition[]> = (place, report) => {
  const found = conditions(place, report);
  if (found?.length === 0) report.problem(place, 'lists no condition: write one, or leave it out');
  return found;
};

const block: Schema<WrittenBlock> = object({ any: oneOfThese, all: conditions });

/** A list of blocks, as attestations have them. `undefined` where there is none, or the report says why. */
export function readBlocks(place: Place, report: Report): Conditions | undefined {
  if (place.empty) return undefined;
  if (place.items.length > 0 && place.items.every((item) => item.empty)) {
    report.problem(place, 'ask nothing, and whatever is attested would do: write any or all');
    return undefined;
  }
  return compiled(list(block)(place, report), place, report);
}

/** One block, or as of old a plain list of conditions that must all be met: as preconditions and denials have them. */
export function readBlock(place: Place, report: Report): Conditions | undefined {
  if (place.empty) return undefined;
  if (place.tree?.kind === 'list') {
    const all = conditions(place, report);
    return compiled(all && [{ all }], place, report);
  }
  return readOneBlock(place, report);
}

/** One block alone, as exceptions have it. */
export function readOneBlock(place: Place, report: Report): Conditions | undefined {
  if (place.empty) return undefined;
  const one = block(place, report);
  return compiled(one && [one], place, report);
}

function compiled(blocks: readonly WrittenBlock[] | undefined, place: Place, report: Report): Conditions | undefined {
  if (blocks === undefined || !report.clean(place)) return undefined;
  return read(() => compileConditions(blocks), place, report);
}
