import type { Operation } from '../admission/review.ts';
import { type PodResource, podResources } from '../admission/slots.ts';
import { compileWildcard, hasWildcard } from '../image/wildcard.ts';
import { compileKind, type KindOf } from './match.ts';
import type { Filter, KindPattern, ResourceFilter, Rule } from './policy.ts';

/**
 * Of which resources an object can be that the rule applies to, in the table's order: those that a webhook must be called
 * for. Kinds, and the operations that image rules are asked on, decide; all else depends on the object.
 */
export function resourcesOf({ match, exclude }: Rule): PodResource[] {
  return podResources.filter(
    (resource) =>
      holds(match, (block) => mayLetIn(block, resource)) && !holds(exclude, (block) => takesAll(block, resource)),
  );
}

/** A kind that a rule finds images in by its own extractors, beside those that make Pods. */
export interface ExtractedKind {
  /** `*`: any. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly subresource: '';
}

/** The same of kinds for which the rule has extractors, each in the groups and versions that its match names. */
export function extractedKindsOf({ match, exclude, extractors }: Rule): ExtractedKind[] {
  const found = new Map<string, ExtractedKind>();
  const patterns = match.blocks.flatMap(({ kinds = [] }) => kinds);
  for (const kind of extractors.keys()) {
    for (const pattern of patterns) {
      if (podResources.some((row) => row.kind === kind && isOf(pattern.group, row.group))) continue;
      const resource = { group: plain(pattern.group), version: plain(pattern.version), kind, subresource: '' } as const;
      const isAsked = mayBe(pattern, resource) && holds(match, (block) => mayLetIn(block, resource));
      if (isAsked && !holds(exclude, (block) => takesAll(block, resource))) {
        found.set(JSON.stringify(resource), resource);
      }
    }
  }
  return [...found.values()];
}

/** A webhook's rules name a group and a version, or all of them. */
function plain(pattern: string): string {
  return hasWildcard(pattern) ? '*' : pattern;
}

function isOf(pattern: string, group: string): boolean {
  return compileWildcard(pattern)(group);
}

/** Whether a pattern can be about the resource, `*` being whichever group or version it likes. */
export function mayBe(pattern: KindPattern, resource: KindOf): boolean {
  const group = resource.group === '*' ? '*' : pattern.group;
  const version = resource.version === '*' ? '*' : pattern.version;
  return compileKind({ ...pattern, group, version })(resource);
}

/** Whether it is about the resource in every group and version that `*` may be. */
function surelyIs(pattern: KindPattern, resource: KindOf): boolean {
  const takes = (text: string, part: string) => part !== '*' || isAnything(text);
  return (
    takes(pattern.group, resource.group) && takes(pattern.version, resource.version) && compileKind(pattern)(resource)
  );
}

/** Whether a filter can be about such a request for an object of the resource, whatever its name, namespace, labels and annotations. */
export function isAbout(filter: Filter, resource: KindOf, operation: Operation): boolean {
  return holds(filter, (block) => (block.operations ?? [operation]).includes(operation) && mayLetIn(block, resource));
}

function holds({ mode, blocks }: Filter, test: (block: ResourceFilter) => boolean): boolean {
  if (blocks.length === 0) return false;
  return mode === 'any' ? blocks.some(test) : blocks.every(test);
}

function mayLetIn({ kinds, operations }: ResourceFilter, resource: KindOf): boolean {
  if (operations !== undefined && !operations.includes('CREATE') && !operations.includes('UPDATE')) return false;
  return kinds === undefined || kinds.some((pattern) => mayBe(pattern, resource));
}

/** Whether the block is about every object of the resource, whatever its name, namespace, labels and annotations. */
function takesAll({ kinds, names, namespaces, ...others }: ResourceFilter, resource: KindOf): boolean {
  const ofAny = (patterns: readonly string[] = ['*']) => patterns.some(isAnything);
  const ofKind = kinds === undefined || kinds.some((pattern) => surelyIs(pattern, resource));
  return ofKind && ofAny(names) && ofAny(namespaces) && Object.keys(others).length === 0;
}

function isAnything(pattern: string): boolean {
  return /^\*+$/.test(pattern);
}
