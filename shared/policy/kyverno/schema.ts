import { hasVariables } from '../../expression/template-text.ts';
import { quoted } from '../../printable.ts';
import { didYouMean, nearestName } from '../nearest-name.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/**
 * Reads one place of a document: the value if it is of the right type, else `undefined` and a problem in the report. A schema
 * is asked only about places at which something other than null stands.
 */
export type Schema<T> = (place: Place, report: Report) => T | undefined;

export type Fields = Readonly<Record<string, Schema<unknown>>>;

export type Values<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends Schema<infer T> ? T : never;
};

/** A string that Kyverno reads as it is: variables in it mean nothing. */
export const plainText: Schema<string> = (place, report) => {
  if (place.text === undefined) wrongType(place, report, 'a string');
  return place.text;
};

/** A string in a rule. Variables (`{{ }}` and `$( )`) may stand in it where an entry says whom it trusts, and nowhere else. */
export const text: Schema<string> = (place, report) => {
  const value = plainText(place, report);
  if (value !== undefined) refuseVariables(value, place, report);
  return value;
};

/** A string that stands for itself, whatever is substituted around it. */
export const constant: Schema<string> = (place, report) => {
  const value = plainText(place, report);
  if (value !== undefined && hasVariables(value)) report.problem(place, 'holds a variable: write the name itself');
  return value;
};

/** YAML's own booleans; a quoted "yes" is a string. */
export const flag: Schema<boolean> = (place, report) => {
  const value = place.tree?.kind === 'leaf' ? place.tree.value : undefined;
  if (typeof value === 'boolean') return value;
  wrongType(place, report, 'true or false');
  return undefined;
};

export const wholeNumber: Schema<number> = (place, report) => {
  const value = place.tree?.kind === 'leaf' ? place.tree.value : undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  wrongType(place, report, 'a whole number');
  return undefined;
};

export function oneOf<const V extends string>(...allowed: readonly V[]): Schema<V> {
  return (place, report) => {
    const value = plainText(place, report);
    const found = allowed.find((each) => each === value);
    if (value !== undefined && found === undefined) {
      report.problem(place, `${quoted(value, 60)} is not accepted: write one of ${allowed.join(', ')}`);
    }
    return found;
  };
}

/** All items or nothing, so that a value's index is its place's. */
export function list<T>(of: Schema<T>): Schema<readonly T[]> {
  return (place, report) => {
    if (place.tree?.kind !== 'list') {
      wrongType(place, report, 'a list');
      return undefined;
    }
    const values: T[] = [];
    for (const item of place.items) {
      const value = of(item, report);
      if (value !== undefined) values.push(value);
    }
    return values.length === place.items.length ? values : undefined;
  };
}

/** A mapping of names that the author chooses. */
export function dictionary(of: Schema<string>): Schema<Readonly<Record<string, string>>> {
  return (place, report) => {
    if (place.tree?.kind !== 'mapping') {
      wrongType(place, report, 'a mapping');
      return undefined;
    }
    const values: Record<string, string> = Object.create(null);
    for (const name of place.names) {
      const at = place.field(name);
      if (of === text && hasVariables(name)) report.problem(at, 'a name here holds a variable: write the name itself');
      const value = of(at, report);
      if (value !== undefined) values[name] = value;
    }
    return values;
  };
}

/** A mapping whose names are Kyverno's: any other is a problem that says which name is nearest. */
export function object<F extends Fields>(fields: F): Schema<Values<F>> {
  return (place, report) => {
    if (place.tree?.kind !== 'mapping') {
      wrongType(place, report, 'a mapping');
      return undefined;
    }
    const values: Record<string, unknown> = {};
    for (const name of place.names) {
      const schema = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const at = place.field(name);
      if (schema === undefined) report.problem(at, unknownField(name, Object.keys(fields)));
      else if (at.given) values[name] = schema(at, report);
    }
    return values as Values<F>;
  };
}

/** Valid for Kyverno and not built yet; what is empty asks for nothing and is let be, since Go clients write it. */
export const notBuilt: Schema<never> = (place, report) => {
  if (!place.empty) report.notBuilt(place);
  return undefined;
};

/** Valid for Kyverno and not built yet, where even `{}` means something. */
export const notBuiltAtAll: Schema<never> = (place, report) => {
  report.notBuilt(place);
  return undefined;
};

/** What an API server writes, or what says nothing about a verdict: read over, whatever it is. */
export const readOver: Schema<never> = () => undefined;

/** The place itself, for what another schema reads later. */
export const asWritten: Schema<Place> = (place) => place;

export function lazy<T>(of: () => Schema<T>): Schema<T> {
  return (place, report) => of()(place, report);
}

function wrongType(place: Place, report: Report, expected: string): void {
  report.problem(place, `${expected} is expected, this is ${place.is}`);
}

const inFilter = /\.(match|exclude)[.[]/;
const inImageReference = /\.(imageReferences\[\d+\]|image)$/;
const inSkip = /\.skipImageReferences\[\d+\]$/;
const inEntry = /\.verifyImages\[\d+\]\./;

/** Kyverno forbids variables in some sections, in its own words; in others it substitutes none. */
function refuseVariables(value: string, place: Place, report: Report): void {
  if (!hasVariables(value)) return;
  const section = inFilter.exec(place.path)?.[1];
  if (section !== undefined) report.problem(place, `a rule should not have variables in ${section} section`);
  else if (inImageReference.test(place.path)) report.problem(place, 'variables are not allowed in image reference');
  else if (inSkip.test(place.path)) {
    report.problem(
      place,
      "variables are not allowed in a pattern that skips: an object's author would choose what is skipped",
    );
  } else if (!inEntry.test(place.path)) report.problem(place, 'variables are not substituted here');
}

function unknownField(name: string, known: readonly string[]): string {
  return `unknown field '${name.slice(0, 60)}'${didYouMean(nearestName(name, known))}`;
}
