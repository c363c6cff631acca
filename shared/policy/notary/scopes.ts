import { parseRepository } from '../../image/reference.ts';
import { repositoryName } from '../../image/repository.ts';
import { quoted } from '../../printable.ts';
import type { Place } from '../kyverno/place.ts';
import type { Report } from '../kyverno/report.ts';

/** Scopes of one statement. */
const mostScopes = 2000;
const anyScope = '*';

/** As the reference grammar of distribution has them, which notation checks scopes by. */
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = new RegExp(`^${label}(?:\\.${label})*(?::[0-9]+)?$`);
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const repository = new RegExp(`^${component}(?:/${component})*$`);
/** Characters of a scope, so that the grammar is tried on no more. */
const longestScope = 512;

/**
 * `registryScopes` of a statement, each as images are named by it (`scopeName`); whether another statement has it is left to the caller.
 * `undefined` where the report says why not.
 */
export function readScopes(
  scopes: readonly string[],
  place: Place,
  report: Report,
): 'every' | ReadonlySet<string> | undefined {
  if (!report.clean(place)) return undefined;
  if (scopes.length === 0) {
    report.problem(place, "is required: repositories in full, as registry/path, or '*' for all others");
    return undefined;
  }
  if (scopes.length > mostScopes) {
    report.problem(place, `has more than ${mostScopes} scopes`);
    return undefined;
  }
  if (scopes.includes(anyScope)) {
    if (scopes.length === 1) return 'every';
    report.problem(place, "'*' stands alone, for all that no other statement names");
    return undefined;
  }
  for (const [index, scope] of scopes.entries()) {
    const at = place.item(index);
    const problem = problemOf(scope);
    if (problem !== undefined) report.problem(at, `${quoted(scope, 120)} ${problem}`);
    else warnOfOtherName(scope, at, report);
  }
  return report.clean(place) ? new Set(scopes.map(scopeName)) : undefined;
}

function problemOf(scope: string): string | undefined {
  if (scope.includes('*')) return "has a wildcard: a scope is one repository in full, or '*' alone";
  if (scope.length > longestScope) return `has over ${longestScope} characters`;
  const slash = scope.indexOf('/');
  const fits = slash > 0 && domain.test(scope.slice(0, slash)) && repository.test(scope.slice(slash + 1));
  return fits ? undefined : 'is no repository: write registry/path, without scheme, tag and digest';
}

/**
 * The name that images of the repository have, whichever of its names is written: a statement for `docker.io/nginx` that no image is ever
 * found by would leave them to the one for all others. What images do not have as a host (`myhost/app`) is not made one of Docker Hub's.
 */
export function scopeName(scope: string): string {
  const known = isHost.test(scope.slice(0, Math.max(scope.indexOf('/'), 0))) ? parseRepository(scope) : undefined;
  return known === undefined ? scope : repositoryName(known);
}

/** As references tell a host from the first part of a path. */
const isHost = /[.:]|^localhost$/;

function warnOfOtherName(scope: string, at: Place, report: Report): void {
  const name = scopeName(scope);
  if (name !== scope) {
    report.warning(at, `${quoted(scope, 120)} is read as ${quoted(name, 120)}, as images of it are called here`);
  } else if (!isHost.test(scope.slice(0, scope.indexOf('/')))) {
    report.warning(at, `${quoted(scope, 120)} is no image's repository: its host has neither a dot nor a port`);
  }
}
