import type { Stated } from '../../shared/evidence/evidence.ts';
import { foundInSlices } from '../../shared/evidence/found.ts';
import { evidenceKinds } from '../../shared/evidence/kinds.ts';
import { predicateOf, readPredicate } from '../../shared/evidence/predicate.ts';
import { parseDigest } from '../../shared/image/digest.ts';
import { monotonic, startDeadline } from '../../shared/net/deadline.ts';
import { createDoor } from '../../shared/net/door.ts';
import { inSlices } from '../../shared/net/slices.ts';
import { byteBudget } from '../../shared/registry/allowance.ts';
import { createRegistry } from '../../shared/registry/create.ts';
import { noCredentials } from '../../shared/registry/credentials.ts';
import { signaturesAlone } from '../../shared/registry/registry.ts';
import type { Slices } from '../../shared/slices.ts';
import { largestResident } from './resident.ts';

/**
 * `node memory-child.ts HOST DIGEST…`: reads everything that is attached to each of these images, one review after another, in
 * a process of its own; SBOMs that are attested with their predicates, one after another. Prints JSON: `peak`, the process's largest
 * resident size in MB, and what was found.
 */
const asked = { ...signaturesAlone, predicateTypes: new Set(['https://cyclonedx.org/bom']) };
const [registry = '', ...texts] = process.argv.slice(2);
const door = createDoor({ addresses: 'any' });
const reader = createRegistry({
  door,
  credentials: noCredentials,
  clock: Date.now,
  elapsed: monotonic,
  kinds: evidenceKinds,
});

async function read(text: string) {
  const digest = parseDigest(text);
  if (digest === undefined) throw new Error('usage: node memory-child.ts HOST DIGEST…');
  const deadline = startDeadline(60_000, monotonic);
  const review = {};
  const allowance = { deadline, take: byteBudget(), sent: () => {}, review, waited: () => {} };
  const attached = await reader.attached({ registry, path: 'team/app' }, digest, allowance, asked);
  const reading = { deadline, review, elapsed: monotonic, what: 'what is attached was read' };
  const { evidence, ...found } = await inSlices(foundInSlices(attached, asked), reading);
  attached.release?.();
  const predicates: string[] = [];
  for (const one of evidence.evidence) {
    if (one.kind !== 'attestation' || one.stated === undefined) continue;
    predicates.push(await inSlices(predicateIn(one.stated), reading));
  }
  deadline.stop();
  return {
    evidence: evidence.evidence.map(({ kind }) => kind),
    predicates,
    rejected: evidence.rejected.map(({ message }) => message),
    unreadable: [...new Set([...found.unreadable, ...found.unreadableAttestations])].map(({ reason }) => reason),
  };
}

/** What a predicate is, or why it is not read. */
function* predicateIn(stated: Stated): Slices<string> {
  try {
    const { bytes } = yield* predicateOf(stated);
    return typeof (yield* readPredicate(bytes));
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

const found: unknown[] = [];
for (const text of texts) found.push(await read(text));
await door.close();
console.log(JSON.stringify({ peak: largestResident() / 1024, found }));
