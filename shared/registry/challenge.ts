import { scan, takeValue } from './scan.ts';

/** One challenge of a WWW-Authenticate header. Names are in lower case; of a parameter given twice the first counts. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** RFC 9110 §5.6.2. */
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** Registries leave quotes out around URLs and scopes: all up to a comma or a space is taken. */
const bareValue = /[^\s,"]*/y;
const gap = /[\s,]*/y;
const spaces = /[ \t]*/y;
const equals = /=/y;
/** A parameter begins here; what follows is not consumed. */
const parameter = /(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[ \t]*[^\s,=])/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/** Challenges beyond this are not looked at. */
const maxChallenges = 20;

/**
 * Reads a WWW-Authenticate header (RFC 9110 §11.6.1), several of them joined by commas: several challenges, unknown schemes,
 * quoted strings with escapes and commas, a scheme without parameters. What cannot be read ends the reading; what was read
 * before counts.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const scanner = scan(header);
  const { take } = scanner;

  for (;;) {
    take(gap);
    const name = take(token)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    take(spaces);
    const current = challenges.at(-1);
    const assigned = take(equals) !== null;
    if (assigned && current !== undefined) {
      take(spaces);
      const value = takeValue(scanner, bareValue);
      if (value === undefined) return challenges;
      if (!current.parameters.has(name)) current.parameters.set(name, value);
      continue;
    }
    // Not a parameter: a scheme, with parameters to come, token68 (`Negotiate abc=`) or nothing behind it.
    if (assigned || challenges.length === maxChallenges) return challenges;
    challenges.push({ scheme: name, parameters: new Map() });
    if (take(parameter) === null) take(token68);
  }
}
