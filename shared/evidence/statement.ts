import { isJsonObject, type JsonObject } from '../admission/json.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { Slices } from '../slices.ts';
import type { Claim } from './evidence.ts';
import { parseJsonObject } from './json.ts';
import { Malformed } from './malformed.ts';
import { withoutMember } from './member.ts';

export const statementPayloadType = 'application/vnd.in-toto+json';

/** The predicate type that makes a statement a signature of the image; anything else attests something about it. */
export const signaturePredicate = 'https://sigstore.dev/cosign/sign/v1';

const types: readonly unknown[] = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'];
const maxSubjects = 10_000;
const maxDigests = 32;
/** 1024 subjects of 32 digests each, and some annotations. */
export const maxStatementValues = 100_000;

/** Bytes of a statement that is a signature: it says which image, with annotations, and has to be hashed for each key that is tried. */
const maxSignature = 1024 * 1024;

export interface Statement {
  readonly predicateType: string;
  /** One for each digest of each subject, sha256 and sha512; other algorithms name no image. */
  readonly claims: readonly Claim[];
}

/**
 * An in-toto Statement, v0.1 or v1 (in-toto attestation spec, "Statement"). Of an attestation the predicate is not parsed: an
 * SBOM has megabytes, and nothing is asked of it here. A signature is read as a whole. Throws Malformed.
 */
export function* readStatement(payload: Uint8Array): Slices<Statement> {
  const { _type, predicateType, subject } = yield* parseStatement(payload);
  if (!types.includes(_type)) throw new Malformed('the payload is no in-toto statement');
  if (typeof predicateType !== 'string' || predicateType === '') {
    throw new Malformed('the statement has no predicate type');
  }
  if (!Array.isArray(subject)) throw new Malformed('the statement has no list of subjects');
  if (subject.length > maxSubjects) throw new Malformed(`the statement has over ${maxSubjects} subjects`);
  return { predicateType, claims: subject.flatMap(readSubject) };
}

function* parseStatement(payload: Uint8Array): Slices<JsonObject> {
  const small = yield* withoutMember(payload, 'predicate', maxStatementValues);
  const statement = yield* parseJsonObject(small, 'the statement', maxStatementValues);
  if (statement['predicateType'] !== signaturePredicate) return statement;
  if (payload.byteLength > maxSignature) throw new Malformed(`a signature's statement is over ${maxSignature} bytes`);
  return yield* parseJsonObject(payload, 'the statement', maxStatementValues);
}

/** cosign keeps a signature's annotations (`-a name=value`) on the subject that they are about. */
function readSubject(subject: unknown): Claim[] {
  if (!isJsonObject(subject) || !isJsonObject(subject['digest'])) throw new Malformed('a subject has no digest');
  const annotations = subject['annotations'] ?? {};
  if (!isJsonObject(annotations)) throw new Malformed("a subject's annotations are no object");
  return readDigests(subject['digest']).map((digest) => ({ digest, annotations }));
}

function readDigests(set: JsonObject): Digest[] {
  const named = Object.entries(set);
  if (named.length > maxDigests) throw new Malformed(`a subject has over ${maxDigests} digests`);
  return named
    .map(([algorithm, hex]) => parseDigest(`${algorithm}:${String(hex)}`))
    .filter((digest) => digest !== undefined);
}
