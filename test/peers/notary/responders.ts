import { monotonic, startDeadline } from '../../../shared/net/deadline.ts';
import type { Door } from '../../../shared/net/door.ts';
import type { Spending } from '../../../shared/net/spending.ts';
import { Refusal } from '../../../shared/reasons.ts';
import { createRevocations } from '../../../shared/revocation/create.ts';
import type { Revocations } from '../../../shared/revocation/revocation.ts';
import type { Made } from './peer.ts';

/** Asks those who are among the responders of what was made, by the beginnings of their URLs; nobody else answers. */
export function revocationsOf({ responders }: Made): Revocations {
  return createRevocations({
    door: doorTo(responders),
    clock: Date.now,
    elapsed: monotonic,
    signer: async () => ({ status: 'unknown', message: 'AWS Signer is not asked', until: Date.now() }),
  });
}

/** The door to those alone. */
export function doorTo(responders: Made['responders']): Door {
  return {
    origin: async (host) => `http://${host}`,
    async request(url) {
      const found = Object.entries(responders).find(([beginning]) => url.href.startsWith(beginning));
      if (found === undefined) throw new Refusal('registry-unreachable', `nobody answers at ${url.host}`);
      return { status: 200, url, header: () => undefined, read: async () => found[1], discard() {} };
    },
    async close() {},
  };
}

/** What a review may use up that waits for nothing long. */
export function plenty(): Spending {
  const deadline = startDeadline(60_000, monotonic);
  return { deadline, take() {}, sent() {}, waited() {}, review: {} };
}
