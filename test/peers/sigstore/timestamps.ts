import { ASN1Obj } from '@sigstore/core';
import type { Authority } from '../../fixtures/authority/authority.ts';
import { hashOids } from '../../fixtures/authority/keys.ts';
import type { Answer, Call } from './server.ts';

/** Answers a TimeStampReq (RFC 3161, 2.4.1) with what it asks for: its imprint, its nonce, and certificates or none. */
export function timestamp({ timestampAuthority }: Authority, { body }: Call): Answer {
  const [, imprint, ...options] = ASN1Obj.parseBuffer(Buffer.from(body)).subs;
  const [algorithm, hashed] = imprint?.subs ?? [];
  const imprintHash = (['sha256', 'sha384', 'sha512'] as const).find(
    (hash) => hashOids[hash] === algorithm?.subs[0]?.toOID(),
  );
  if (imprintHash === undefined || hashed === undefined) throw new Error('no imprint of a known hash');
  const nonce = options.find(({ tag }) => tag.number === 0x02)?.value;
  const certificates = options.some((option) => option.tag.isBoolean() && option.toBoolean());
  const answer = timestampAuthority.stamp(Buffer.alloc(0), new Date(), {
    imprint: hashed.value,
    imprintHash,
    ...(nonce === undefined ? {} : { nonce }),
    ...(certificates ? {} : { certificates: [] }),
  });
  return { status: 201, type: 'application/timestamp-reply', body: answer };
}
