import { type PodResource, podResources } from '../admission/slots.ts';
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

/** The kinds in a rule's match that hold no image that is known, as a policy writes them: nothing is ever asked about them. */
export function kindsWithoutImages({ match }: Rule): string[] {
  const patterns = match.blocks.flatMap(({ kinds = [] }) => kinds);
  const unknown = patterns.filter((pattern) => !podResources.some(compileKind(pattern)));
  return [...new Set(unknown.map(written))];
}

function holds({ mode, blocks }: Filter, test: (block: ResourceFilter) => boolean): boolean {
  if (blocks.length === 0) return false;
  return mode === 'any' ? blocks.some(test) : blocks.every(test);
}

function mayLetIn({ kinds, operations }: ResourceFilter, resource: KindOf): boolean {
  if (operations !== undefined && !operations.includes('CREATE') && !operations.includes('UPDATE')) return false;
  return kinds === undefined || kinds.some((pattern) => compileKind(pattern)(resource));
}

/** Whether the block is about every object of the resource, whatever its name, namespace, labels and annotations. */
function takesAll(block: ResourceFilter, resource: KindOf): boolean {
  const { kinds, ...others } = block;
  return kinds !== undefined && Object.keys(others).length === 0 && mayLetIn(block, resource);
}

/** The selector in its shortest form: `Kind`, `version/Kind` or `group/version/Kind`, with `/subresource`. */
function written({ group, version, kind, subresource }: KindPattern): string {
  const parts = group !== '*' ? [group, version, kind] : version !== '*' ? [version, kind] : [kind];
  return [...parts, ...(subresource === '' ? [] : [subresource])].join('/');
}
