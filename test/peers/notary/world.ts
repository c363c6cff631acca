import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { startTsa } from '../sigstore/tsa.ts';
import type { World } from './case.ts';
import { day, now } from './certificates.ts';

const validity = { notBefore: new Date(now - 90 * day), notAfter: new Date(now + 90 * day) };

/** What drawn cases are about: nobody among them asks the real time-stamp authority, of which one can run at a time. */
export function makeSmallWorld(): World {
  return { tsa: { url: '', roots: '' }, stamps: makeTimestampAuthority(validity) };
}

/** What the cases are about, and a real time-stamp authority on loopback. */
export async function makeWorld(): Promise<World & { stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-notary-'));
  const tsa = await startTsa(dir, { authority: makeTimestampAuthority({ ...validity, organization: 'real.test' }) });
  return {
    ...makeSmallWorld(),
    tsa: { url: `${tsa.url}/api/v1/timestamp`, roots: tsa.chain.at(-1)?.pem ?? '' },
    async stop() {
      await tsa.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
