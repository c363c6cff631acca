import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../shared/admission/json.ts';
import { loadCbor } from '../shared/evidence/notary-signature/cbor.ts';
import { readCose } from '../shared/evidence/notary-signature/cose.ts';
import type { NotaryEnvelope } from '../shared/evidence/notary-signature/envelope.ts';
import { readJws } from '../shared/evidence/notary-signature/jws.ts';
import { atOnce } from '../shared/slices.ts';

export interface Run {
  readonly passed: number;
  readonly wrong: readonly string[];
}

/** What an envelope has to say, of what its vector says in words of its own. */
type Expected = Readonly<Record<string, unknown>>;

/**
 * The envelopes of notation-core-go in notary/envelopes of DIR, which are without certificates and name no artifact: each is read and says
 * what is written beside it, or, of the one for JWS, in its project's test. Without the folder nothing is run.
 */
export async function notaryEnvelopes(directory: string): Promise<Run> {
  await loadCbor();
  const folder = join(directory, 'notary', 'envelopes');
  const runs = [await run(folder, 'jws-conformance.json', jws), await run(folder, 'cose-conformance.json', cose)];
  return { passed: runs.filter((wrong) => wrong === '').length, wrong: runs.flatMap((wrong) => wrong || []) };
}

/** Why it is wrong; empty where it is right, nothing where there is no such file. */
async function run(
  folder: string,
  file: string,
  read: (bytes: Buffer) => [NotaryEnvelope, Expected],
): Promise<string | undefined> {
  const bytes = await readFile(join(folder, file)).catch(() => undefined);
  if (bytes === undefined) return undefined;
  try {
    const [envelope, expected] = read(bytes);
    const told = saying(envelope);
    const differs = Object.keys(expected).filter((name) => told[name] !== expected[name]);
    return differs.map((name) => `${file}: ${name} is ${told[name]} and not ${expected[name]}`).join('\n');
  } catch (thrown) {
    return `${file}: ${String(thrown)}`;
  }
}

function saying({ algorithm, attributes, payload, certificates }: NotaryEnvelope): Expected {
  const { scheme, signingTime, expiry, extended } = attributes;
  return {
    algorithm,
    scheme,
    signingTime,
    expiry,
    payload: Buffer.from(payload).toString(),
    certificates: certificates.length,
    critical: namesOf(extended, true),
    others: namesOf(extended, false),
  };
}

function namesOf(extended: NotaryEnvelope['attributes']['extended'], critical: boolean): string {
  const chosen = extended.filter((one) => one.critical === critical);
  return chosen
    .map(({ name, value }) => `${name}=${value}`)
    .sort()
    .join(' ');
}

function jws(bytes: Buffer): [NotaryEnvelope, Expected] {
  const others = [1, 2, 3, 4].map((number) => `signedKey${number}=signedValue1`).join(' ');
  const expected = {
    algorithm: 'ES256',
    scheme: 'notary.x509',
    signingTime: Date.parse('2022-08-29T13:50:00Z'),
    expiry: Date.parse('2099-08-30T13:50:00Z'),
    payload: '{"key":"hello JWS"}',
    certificates: 0,
    critical: 'signedCritKey1=signedCritValue1',
    others,
  };
  return [atOnce(readJws(bytes)), expected];
}

function cose(bytes: Buffer): [NotaryEnvelope, Expected] {
  const vector: unknown = JSON.parse(bytes.toString());
  const { signingTime, expiry, payload, expectedOutput } = objectOf(vector);
  const expected = {
    algorithm: 'PS384',
    scheme: 'notary.x509',
    signingTime: Number(signingTime) * 1000,
    expiry: Number(expiry) * 1000,
    payload: hex(payload).toString(),
    certificates: 0,
    critical: 'signedCritKey1=signedCritValue1',
    others: 'signedKey1=signedValue1',
  };
  return [atOnce(readCose(hex(objectOf(expectedOutput)['cborHex']))), expected];
}

function objectOf(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new Error('the vector has another form');
  return value;
}

function hex(value: unknown): Buffer {
  return Buffer.from(String(value), 'hex');
}
