import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { isJsonObject } from '../../../shared/admission/json.ts';
import type { Evidence, Stated } from '../../../shared/evidence/evidence.ts';
import { Malformed } from '../../../shared/evidence/malformed.ts';
import { predicateOf, readPredicate } from '../../../shared/evidence/predicate.ts';
import { readEvidence } from '../../../shared/evidence/read.ts';
import type { AttachedItem } from '../../../shared/registry/registry.ts';
import { atOnce } from '../../../shared/slices.ts';
import { buildCheck } from '../../../shared/trust/build.ts';
import { verify } from '../../../shared/verify/verify.ts';
import { asSignatures, now } from '../../fixtures/ask.ts';
import {
  attItem,
  bundleV01,
  cosignItem,
  dsseItem,
  makeImage,
  messageItem,
  paeOf,
  payloadOf,
  repository,
  slsaProvenance,
  statementOf,
} from '../../fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../../fixtures/entries.ts';
import { makeLog } from '../../fixtures/log.ts';
import { makeSigner } from '../../fixtures/signers.ts';
import { edited, jsonLike } from './mutate.ts';
import { demand, type Target, target } from './target.ts';

const signer = makeSigner();
const log = await makeLog();
const image = makeImage();

/** Of signatures, envelopes, bundles and log entries: what passes is what was signed, however the rest was changed. */
export async function evidence(): Promise<Target> {
  const statement = statementOf(image);
  const signature = signer.sign(paeOf(statement));
  const recorded = { message: statement, signature, signer, envelope: true };
  const { promised, proved } = await log.record('dsse 0.0.1', recorded);
  const payload = payloadOf(image);
  const paid = signer.sign(payload);
  const { annotation } = await log.record('hashedrekord 0.0.1', { message: payload, signature: paid, signer });
  const attested = statementOf(image, { predicateType: slsaProvenance, predicate: { builder: { id: 'us' } } });
  const ofEnvelope = await log.record('dsse 0.0.1', { ...recorded, message: attested });
  const originals: readonly AttachedItem[] = [
    cosignItem(payload, signer, { signature: paid, log: annotation }),
    dsseItem(statement, signer, { signature, tlogEntries: [proved] }),
    dsseItem(statement, signer, { signature, tlogEntries: [promised], mediaType: bundleV01 }),
    messageItem(image, signer),
    attItem(attested, signer, { annotations: { 'dev.sigstore.cosign/bundle': ofEnvelope.annotation } }),
  ];
  const signedBefore = readAsSigned(originals).evidence.map(signedIn);
  const rekor = { ignoreTlog: false, pubkey: log.pem, url: log.url };
  const checks = [entryOf([setOf([keysOf(signer)])]), entryOf([setOf([keysOf(signer, { rekor })])])].map((entry) =>
    buildCheck(entry),
  );
  const strange = fc.constantFrom(...originals).chain((item) => {
    const text = Buffer.from(item.bytes).toString();
    const bytes = jsonLike(JSON.parse(text)).map((json) => ({ ...item, bytes: Buffer.from(json) }));
    const annotations = edited(item.layer.annotations)
      .filter((value): value is Record<string, string> => isTextMap(value))
      .map((changed) => ({ ...item, layer: { ...item.layer, annotations: changed } }));
    const logs = jsonLike(JSON.parse(annotation)).map((changed) => ({
      ...item,
      layer: { ...item.layer, annotations: { ...item.layer.annotations, 'dev.sigstore.cosign/bundle': changed } },
    }));
    const entries = fc.constantFrom(promised, proved).chain(edited);
    const withEntries = entries.map((entry) => {
      const bundle = JSON.parse(text) as { verificationMaterial?: object };
      return {
        ...item,
        bytes: Buffer.from(
          JSON.stringify({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [entry] } }),
        ),
      };
    });
    return item.source !== 'referrer' ? fc.oneof(bytes, annotations, logs) : fc.oneof(bytes, withEntries);
  });
  return target('evidence', strange, (item: AttachedItem) => {
    const gathered = readAsSigned([item]);
    readPredicates(item);
    for (const check of checks) {
      const outcome = verify({ check, image, repository, evidence: gathered, unreadable: [], now });
      if (!outcome.pass) demand(outcome.reason !== 'internal-error', outcome.message);
      else {
        const [one] = gathered.evidence;
        const signed = one === undefined ? undefined : signedIn(one);
        demand(
          signedBefore.some((before) => isDeepStrictEqual(before, signed)),
          'it passes and was not signed',
        );
      }
    }
  });
}

/** Attestations count as if they were signatures: what is asked of both is who signed. */
const readAsSigned = (items: readonly AttachedItem[]) => asSignatures(readEvidence(items, () => true));

/** Whatever is attested can be read, or is refused in words. */
function readPredicates(item: AttachedItem): void {
  for (const one of readEvidence([item], () => true).evidence) {
    if (one.kind !== 'attestation' || one.stated === undefined) continue;
    try {
      const { bytes, hash } = atOnce(predicateOf(one.stated));
      demand(hash === createHash('sha256').update(bytes).digest('hex'), 'another hash');
      const whole: unknown = JSON.parse(Buffer.from(payloadIn(one.stated)).toString());
      const value = atOnce(readPredicate(bytes));
      demand(isJsonObject(whole) && isDeepStrictEqual(whole['predicate'], value), 'another predicate');
    } catch (thrown) {
      demand(thrown instanceof Malformed, `a predicate is refused by ${String(thrown)}`);
    }
  }
}

function payloadIn({ signed }: Stated): Uint8Array {
  return signed.format === 'dsse' ? signed.payload : Buffer.alloc(0);
}

/** What was signed and the signature: not what came along, which decides nothing where the log is ignored. */
function signedIn(one: Evidence): unknown {
  if (one.kind === 'attestation') return undefined;
  const { material: _, ...signed } = one.signed;
  return 'envelope' in signed ? { ...signed, envelope: undefined } : signed;
}

function isTextMap(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string');
}
