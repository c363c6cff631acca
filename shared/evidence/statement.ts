import { type Digest, parseDigest } from '../image/digest.ts';
import type { Claim } from './evidence.ts';
import { isObject, type JsonObject, parseJsonObject } from './json.ts';
import { Malformed } from './malformed.ts';

export const statementPayloadType = 'application/vnd.in-toto+json';

const types: readonly unknown[] = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'];
const maxSubjects = 1024;
const maxDigests = 32;
/** The predicate of an SBOM of 10 MB has some 400,000; beyond a million they are not evidence but memory. */
const maxValues = 1_000_000;

export interface Statement {
  readonly predicateType: string;
  /** One for each digest of each subject, sha256 and sha512; other algorithms name no image. */
  readonly claims: readonly Claim[];
}

/** An in-toto Statement, v0.1 or v1 (in-toto attestation spec, "Statement"). Throws Malformed. */
export function readStatement(payload: Uint8Array): Statement {
  const { _type, predicateType, subject } = parseJsonObject(payload, 'the statement', maxValues);
  if (!types.includes(_type)) throw new Malformed('the payload is no in-toto statement');
  if (typeof predicateType !== 'string' || predicateType === '') {
    throw new Malformed('the statement has no predicate type');
  }
  if (!Array.isArray(subject)) throw new Malformed('the statement has no list of subjects');
  if (subject.length > maxSubjects) throw new Malformed(`the statement has over ${maxSubjects} subjects`);
  return { predicateType, claims: subject.flatMap(readSubject) };
}

/** cosign keeps a signature's annotations (`-a name=value`) on the subject that they are about. */
function readSubject(subject: unknown): Claim[] {
  if (!isObject(subject) || !isObject(subject['digest'])) throw new Malformed('a subject has no digest');
  const annotations = subject['annotations'] ?? {};
  if (!isObject(annotations)) throw new Malformed("a subject's annotations are no object");
  return readDigests(subject['digest']).map((digest) => ({ digest, annotations }));
}

function readDigests(set: JsonObject): Digest[] {
  const named = Object.entries(set);
  if (named.length > maxDigests) throw new Malformed(`a subject has over ${maxDigests} digests`);
  return named
    .map(([algorithm, hex]) => parseDigest(`${algorithm}:${String(hex)}`))
    .filter((digest) => digest !== undefined);
}
