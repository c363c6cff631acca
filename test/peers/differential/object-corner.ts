import { type Case, type Draft, type Fields, policyFor, workload } from './case.ts';
import { byA } from './corners.ts';
import type { Reason } from './reasons.ts';
import type { World } from './world.ts';

/** A policy of one rule, and objects. */
export interface ObjectCorner {
  readonly about: string;
  /** More of the policy, by the case's name. */
  readonly policy?: (name: string, world: World) => Parameters<typeof policyFor>[2];
  readonly entry?: (world: World) => Fields;
  /** A good and a bad Pod by default. */
  readonly resources?: (name: string, world: World) => readonly object[];
  readonly more?: (name: string) => Partial<Case>;
  readonly reason?: Reason;
}

export function objectCornerOf({ about, policy, entry, resources, more, reason }: ObjectCorner): Draft {
  return (name, world) => {
    const asked = { imageReferences: [`${world.host}/*`], attestors: [byA(world)], ...entry?.(world) };
    return {
      about,
      policy: policyFor(name, [asked], policy?.(name, world)),
      resources: resources?.(name, world) ?? both(name, world),
      ...more?.(name),
      ...(reason === undefined ? {} : { reason }),
    };
  };
}

/** One container, of `app`. */
export const held = (image: string, { host }: World) => ({ containers: [`${host}/app:${image}`] });
/** A good Pod, and a bad one in a namespace of its own. */
export const both = (name: string, world: World) => [
  workload(name, 'good', held('a', world)),
  workload(`${name}-prod`, 'bad', { ...held('none', world), labels: { tier: 'web' } }),
];
/** Bad objects of these kinds. */
export const kindsOf = (...kinds: readonly NonNullable<Parameters<typeof workload>[2]['kind']>[]) => {
  return (name: string, world: World) =>
    kinds.map((kind) => workload(name, kind.toLowerCase(), { kind, ...held('none', world) }));
};
/** Fields of the rule. */
export const rule = (made: (name: string, world: World) => Fields) => (name: string, world: World) => ({
  rule: made(name, world),
});
