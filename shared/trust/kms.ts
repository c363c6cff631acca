import { isPromise } from '../net/in-time.ts';
import { type AwsKmsKey, parseAwsKms } from '../policy/kms.ts';
import type { AttestorSet } from '../policy/policy.ts';
import { asRefusal, Refusal } from '../reasons.ts';

/** The public half of a key in AWS KMS, as KMS gives it. */
export interface KmsKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** What the key is for; of one that signs `SIGN_VERIFY`. */
  readonly usage: string;
  /** The ways in which it signs, by KMS's names: `ECDSA_SHA_256`, `RSASSA_PSS_SHA_256`, … */
  readonly algorithms: readonly string[];
}

/**
 * Asks for the public half of a key. What is known is given at once, never by a promise; what has to be fetched takes a few seconds at
 * most. The same object comes until KMS is asked again. Rejects with Refusal: `kms-unavailable`, or `key-invalid` where KMS itself says
 * that the key cannot be used.
 */
export type KmsKeys = (key: AwsKmsKey) => KmsKey | Promise<KmsKey>;

/** Where no KMS is asked. */
export const noKms: KmsKeys = ({ keyId }) =>
  Promise.reject(new Refusal('kms-unavailable', `AWS KMS is not asked here, so nothing is known of ${keyId}`));

/** What came of asking, by the address in the policy. */
export type KmsAnswers = ReadonlyMap<string, KmsKey | Refusal>;

export const noAnswers: KmsAnswers = new Map();

/** The addresses of keys in a KMS that attestors name, each once. */
export function kmsAddresses(attestors: readonly AttestorSet[]): readonly string[] {
  const found = new Set<string>();
  const visit = ({ entries }: AttestorSet): void => {
    for (const attestor of entries) {
      if (attestor.kind === 'set') visit(attestor.set);
      else if (attestor.kind === 'keys' && attestor.kms !== undefined) found.add(attestor.kms);
    }
  };
  for (const set of attestors) visit(set);
  return [...found];
}

/** Asks for all of these side by side; a failure is its key's alone. At once where every key is known. */
export function askKms(addresses: readonly string[], keys: KmsKeys): KmsAnswers | Promise<KmsAnswers> {
  const asked = addresses.map((address) => [address, askOne(address, keys)] as const);
  if (asked.every((one): one is readonly [string, KmsKey | Refusal] => !isPromise(one[1]))) return new Map(asked);
  return Promise.all(asked.map(async ([address, answer]) => [address, await answer] as const)).then(
    (answers) => new Map(answers),
  );
}

function askOne(address: string, keys: KmsKeys): KmsKey | Refusal | Promise<KmsKey | Refusal> {
  const parsed = parseAwsKms(address);
  if ('problem' in parsed) return new Refusal('key-invalid', `${address} ${parsed.problem}`);
  const answer = keys(parsed);
  return isPromise(answer) ? answer.catch(asRefusal) : answer;
}

/** Whether the same keys came, by which nothing has to be built anew. */
export function sameAnswers(some: KmsAnswers, others: KmsAnswers): boolean {
  if (some === others) return true;
  return some.size === others.size && [...some].every(([address, answer]) => others.get(address) === answer);
}
