import type { Elapsed } from '../net/deadline.ts';
import type { DoorResponse } from '../net/door.ts';
import { inSlices } from '../net/slices.ts';
import type { Slices } from '../slices.ts';
import type { Allowance } from './registry.ts';
import type { Rooms, Stay } from './rooms.ts';

/** Bytes of a manifest that are held without room: no honest image's has more. */
const smallManifest = 64 * 1024;

/** Reads the body of a manifest, or of a page of a list of them, and has `parse` make of it what is asked for. Throws Refusal. */
export type ReadBody = <T>(
  response: Pick<DoorResponse, 'read'>,
  maxBytes: number,
  what: string,
  allowance: Allowance,
  parse: (bytes: Uint8Array) => Slices<T>,
) => Promise<T>;

/**
 * Manifests of megabytes are as their authors like them, and dozens of them may end at the same moment. So they are parsed in slices, and
 * those over 64 KB are read, and held until then, as far as there is room for those of all reviews together.
 */
export function createReadBody(rooms: Rooms, elapsed: Elapsed): ReadBody {
  return async (response, maxBytes, what, allowance, parse) => {
    let stay: Stay | undefined;
    const enter = (bytes: number) => {
      stay = rooms.enter(bytes, allowance);
      return stay.entered;
    };
    try {
      const bytes = await response.read(maxBytes, { free: smallManifest, enter });
      return await inSlices(parse(bytes), { ...allowance, elapsed, what: `${what} was read` });
    } finally {
      stay?.leave();
    }
  };
}
