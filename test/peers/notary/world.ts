import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { startTsa } from '../sigstore/tsa.ts';
import type { World } from './case.ts';
import { day, now } from './certificates.ts';

/** What the cases are about, and a real time-stamp authority on loopback. */
export async function makeWorld(): Promise<World & { stop(): Promise<void> }> {
  const validity = { notBefore: new Date(now - 90 * day), notAfter: new Date(now + 90 * day) };
  const dir = await mkdtemp(join(tmpdir(), 'countersign-notary-'));
  const tsa = await startTsa(dir, { authority: makeTimestampAuthority({ ...validity, organization: 'real.test' }) });
  return {
    tsa: { url: `${tsa.url}/api/v1/timestamp`, roots: tsa.chain.at(-1)?.pem ?? '' },
    stamps: makeTimestampAuthority(validity),
    async stop() {
      await tsa.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
