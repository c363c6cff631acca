import { isJsonObject, type JsonObject } from '../../admission/json.ts';
import { parseDigest } from '../../image/digest.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import { decodeBase64 } from '../base64.ts';
import { annotatedMaterial } from '../cosign-annotations.ts';
import type { Claim, SignatureEvidence, Signed } from '../evidence.ts';
import { signatureHash } from '../hash.ts';
import { parseJsonObject } from '../json.ts';
import { Malformed } from '../malformed.ts';

const signatureAnnotation = 'dev.cosignproject.cosign/signature';

/**
 * cosign's own format: the layer is the payload, its annotations carry the signature and the log entry
 * (cosign specs/SIGNATURE_SPEC.md). Throws Malformed.
 */
export function* readSimpleSigning(item: AttachedItem): Slices<SignatureEvidence<'cosign-signature'>> {
  const { annotations, digest } = item.layer;
  const signature = decodeBase64(annotations[signatureAnnotation], `the annotation ${signatureAnnotation}`);
  const material = yield* annotatedMaterial(annotations);
  const signed: Signed = { format: 'payload', payload: item.bytes, signature, material };
  const payload = yield* parseJsonObject(item.bytes, 'the payload');
  return {
    kind: 'cosign-signature',
    repository: item.repository,
    layer: digest,
    signed,
    claims: [readClaim(payload)],
    hash: signatureHash(signed),
  };
}

/**
 * The digest says which image is signed, and nothing else does. The type is any text, or left out, as for cosign: tools write
 * their own (`Tekton container signature`). The docker-reference is wrong after every copy to a mirror.
 */
function readClaim(payload: JsonObject): Claim {
  const critical = field(payload, 'critical');
  if (!isJsonObject(critical)) throw new Malformed('the payload has no "critical" object');
  if (typeof (field(critical, 'type') ?? '') !== 'string') throw new Malformed("the payload's type is no text");
  const image = field(critical, 'image');
  const digest = isJsonObject(image) ? parseDigest(field(image, 'docker-manifest-digest')) : undefined;
  if (digest === undefined) throw new Malformed('the payload names no digest of an image');
  const optional = field(payload, 'optional') ?? {};
  if (!isJsonObject(optional)) throw new Malformed('the payload\'s "optional" is no object');
  return { digest, annotations: optional };
}

/** Go reads a struct's fields in any case, and old cosign wrote `Docker-manifest-digest`; two spellings at once are refused. */
function field(object: JsonObject, name: string): unknown {
  const spellings = Object.keys(object).filter((key) => key.toLowerCase() === name);
  if (spellings.length > 1) throw new Malformed(`the payload has "${name}" more than once`);
  const [spelling] = spellings;
  return spelling === undefined ? undefined : object[spelling];
}
