import { isJsonObject, type JsonObject } from '../../admission/json.ts';
import { parseDigest } from '../../image/digest.ts';
import type { Slices } from '../../slices.ts';
import type { Claim } from '../evidence.ts';
import { parseUniqueObject } from '../json.ts';
import { Malformed } from '../malformed.ts';
import { fold } from './header.ts';

/** What a signature says of the image that it is about. */
export interface Payload {
  readonly claim: Claim;
  readonly artifact: { readonly mediaType: string; readonly size: number };
}

/** Names of annotations that the Notary Project keeps for itself: no user's metadata has them. */
const reserved = 'io.cncf.notary';

/**
 * The payload names the artifact by a descriptor (signature specification, "Payload"). Members of other names are left alone, as notation
 * leaves them. Throws Malformed.
 */
export function* readPayload(bytes: Uint8Array): Slices<Payload> {
  const json = yield* parseUniqueObject(bytes, 'the payload');
  const target = field(json, 'targetArtifact');
  if (!isJsonObject(target)) throw new Malformed("the payload's targetArtifact is no object");
  const mediaType = field(target, 'mediaType');
  if (typeof mediaType !== 'string' || mediaType === '') throw new Malformed("targetArtifact's mediaType is no text");
  const digest = parseDigest(field(target, 'digest'));
  if (digest === undefined) throw new Malformed("targetArtifact's digest is no digest of SHA-256 or SHA-512");
  const size = field(target, 'size');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new Malformed("targetArtifact's size is no number of bytes");
  }
  const annotations = field(target, 'annotations') ?? {};
  if (!isJsonObject(annotations)) throw new Malformed("targetArtifact's annotations are no object");
  for (const [name, value] of Object.entries(annotations)) {
    if (typeof value !== 'string') throw new Malformed("an annotation of targetArtifact's is no text");
    if (fold(name).startsWith(reserved)) {
      throw new Malformed(`an annotation of targetArtifact's has a name that begins with ${reserved}`);
    }
  }
  return { claim: { digest, annotations }, artifact: { mediaType, size } };
}

/** Go reads a struct's fields in any case: another spelling would say to notation what it does not say to us. */
function field(object: JsonObject, name: string): unknown {
  if (Object.keys(object).some((key) => key !== name && fold(key) === fold(name))) {
    throw new Malformed(`the payload has ${name} in another spelling`);
  }
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
