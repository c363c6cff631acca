import type { Operation } from '../admission/review.ts';
import { type PodResource, podResources } from '../admission/slots.ts';
import { compileKind, type KindOf } from './match.ts';
import type { Filter, ResourceFilter, Rule } from './policy.ts';

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
  return kinds === undefined || kinds.some((pattern) => compileKind(pattern)(resource));
}

/** Whether the block is about every object of the resource, whatever its name, namespace, labels and annotations. */
function takesAll(block: ResourceFilter, resource: KindOf): boolean {
  const { kinds, ...others } = block;
  return kinds !== undefined && Object.keys(others).length === 0 && mayLetIn(block, resource);
}
