import type { Deadline } from '../net/deadline.ts';
import type { Hosts } from '../plan/hosts.ts';
import type { Target } from '../plan/plan.ts';
import { Refusal } from '../reasons.ts';
import type { Allowance, HeldImage } from '../registry/registry.ts';
import type { Review } from './review.ts';

/** An image that a review asks registries about, and what came of the asking so far: by this it is told whose doing a failure is. */
export interface Look {
  readonly target: Named;
  /** The registry is named by the rules in force or the settings; any other one is its author's choice. */
  readonly named: boolean;
  /** By the very name that the image has: which one is asked is its author's choice as well. */
  readonly written: boolean;
  image: HeldImage | undefined;
  requests: number;
  /** Bytes of bodies that were read for it, by this review or by another one that it waited for. */
  read: number;
  /** Its registry has answered about it, by a body that began or by saying no. */
  heard: boolean;
  /** It has not answered at all in the time that there was. */
  silent: boolean;
  /** A request of it had to wait for others of the same review. */
  waited: boolean;
  /** Milliseconds for which one of its requests waited for those of other reviews, which were being answered. */
  crowded: number;
  /** Milliseconds for which it was ready and the object's other images were not. */
  heldUp: number;
}

/** An image, and as whom it is read. */
export type Named = Pick<Target, 'reference' | 'credentials'>;

export function openLook(target: Named, { named, written }: Hosts): Look {
  const { registry } = target.reference.repository;
  return {
    target,
    named: named === 'all' || named.has(registry),
    written: written === 'all' || written.has(registry),
    image: undefined,
    requests: 0,
    read: 0,
    heard: false,
    silent: false,
    waited: false,
    crowded: 0,
    heldUp: 0,
  };
}

/** Why an image's registry is not called at all; `undefined`: it may be. */
export function hostRefusal({ reference }: Named, { asked, others }: Hosts): Refusal | undefined {
  const { registry } = reference.repository;
  if (asked === 'all' || asked.has(registry) || others(registry)) return undefined;
  return new Refusal('host-refused', `${registry} is not among the registries that may be called`);
}

/** That a step about an image ended before its registry had answered. */
export const late = (): Refusal => new Refusal('deadline', 'the registry did not answer in time');

/** What one image's requests may use up in a step: the review's bytes, the step's time. */
export function allowanceFor(look: Look, review: Review, deadline: Deadline): Allowance {
  const overheard = (count: number) => {
    look.read += count;
    look.heard = true;
  };
  return {
    deadline,
    take(count) {
      overheard(count);
      review.take(count);
    },
    crowded(milliseconds) {
      look.crowded = Math.max(look.crowded, milliseconds);
    },
    overheard,
    sent() {
      look.requests += 1;
    },
    review,
    named: look.named,
    waited() {
      look.waited = true;
    },
  };
}

/** What a failure says of the registry: whether it has answered, or was silent for all the time that there was. */
export function noteEnd(look: Look, { kind, late }: Refusal): void {
  if (kind === 'denied') look.heard = true;
  look.silent = late && !look.heard;
}
