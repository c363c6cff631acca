import { verify } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import fc from 'fast-check';
import type { SignatureEvidence } from '../../../shared/evidence/evidence.ts';
import { Malformed } from '../../../shared/evidence/malformed.ts';
import { loadCbor } from '../../../shared/evidence/notary-signature/cbor.ts';
import { readNotarySignature } from '../../../shared/evidence/notary-signature/read.ts';
import { readEvidence } from '../../../shared/evidence/read.ts';
import type { AttachedItem } from '../../../shared/registry/registry.ts';
import { atOnce } from '../../../shared/slices.ts';
import { startCpu } from '../../fixtures/cpu.ts';
import { makeNotaryChain, notaryItem } from '../../fixtures/notary.ts';
import { damagedBytes, edited, jsonLike } from './mutate.ts';
import { demand, orRefused, type Target, target } from './target.ts';

const chain = makeNotaryChain();
const [own] = chain.keys;
const request = {
  signer: chain.signer,
  scheme: 'notary.x509.signingAuthority',
  expiry: new Date('2027-01-01T00:00:00Z'),
  annotations: { env: 'prod' },
  attributes: [{ name: 'com.acme.job', value: 'arn:acme:job', critical: true }],
  timestamp: () => Buffer.from('a token'),
} as const;

/** CPU milliseconds of one envelope. */
const maxCpu = 50;

/** Of JWS and COSE: what is no envelope is refused in our words and soon, and whose signature holds says what was signed. */
export async function notaryEnvelopes(): Promise<Target> {
  await loadCbor();
  const jws = notaryItem(request);
  const cose = notaryItem({ ...request, format: 'cose' });
  const messages = [jws, cose].map((item) => messageOf(atOnce(readNotarySignature(item))));
  const asJws = (bytes: Uint8Array): AttachedItem => ({ ...jws, bytes });
  const asCose = (bytes: Uint8Array): AttachedItem => ({ ...cose, bytes });

  const members = JSON.parse(Buffer.from(jws.bytes).toString());
  const inner = (name: 'protected' | 'payload') =>
    jsonLike(JSON.parse(Buffer.from(members[name], 'base64url').toString())).map((text) =>
      asJws(Buffer.from(JSON.stringify({ ...members, [name]: Buffer.from(text).toString('base64url') }))),
    );
  /** Values in the place of a header's, and headers of any values. */
  const strange = fc.tuple(edited(['x', 1, true, null, ['y'], { z: 1 }]), fc.integer({ min: -70_000, max: 70_000 }));
  const encoded = strange.map(([value, label]) => {
    const header = new Map<unknown, unknown>([
      [1, -7],
      [label, value],
      ['io.cncf.notary.signingTime', new Tagged(1, label)],
    ]);
    return asCose(
      encode(new Tagged(18, [encode(header), new Map([[label, value]]), new Uint8Array(1), new Uint8Array(1)])),
    );
  });
  const input = fc.oneof(
    jsonLike(members).map((text) => asJws(Buffer.from(text))),
    inner('protected'),
    inner('payload'),
    damagedBytes(jws.bytes).map(asJws),
    damagedBytes(cose.bytes).map(asCose),
    encoded,
    fc.uint8Array({ maxLength: 2000 }).map(asCose),
  );
  return target('notary envelopes', input, (item: AttachedItem) => {
    const costs = () => {
      const spent = startCpu();
      readEvidence([item]);
      return spent();
    };
    demand(costs() < maxCpu || costs() < maxCpu, `it takes over ${maxCpu} ms of CPU`);
    const read = orRefused(
      () => atOnce(readNotarySignature(item)),
      (thrown) => thrown instanceof Malformed,
    );
    if (read === undefined || own === undefined) return;
    const key = { key: own.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const message = messageOf(read);
    if (!verify('sha256', message, key, read.signed.signature)) return;
    demand(
      messages.some((before) => before.equals(message)),
      'the signature holds for what was not signed',
    );
  });
}

function messageOf({ signed }: SignatureEvidence): Buffer {
  demand(signed.format === 'notary', 'it is none of the Notary Project');
  return Buffer.from(signed.message);
}
