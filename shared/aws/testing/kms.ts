import type { KeyType } from '../../../test/fixtures/signers.ts';
import { failed, type Service, type ServiceAnswer, startService } from './service.ts';

/** What the KMS of tests knows of a key: the answer, or what fails. */
export type KmsAnswer = ServiceAnswer | { readonly key: TestKmsKey };

export interface TestKmsKey {
  /** SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
  readonly usage?: string;
  readonly algorithms?: readonly string[];
}

export interface TestKms extends Pick<Service, 'endpoint' | 'calls' | 'close'> {
  /** By what is asked for: an ID, an alias, an ARN. What is not here is not found. */
  readonly keys: Map<string, KmsAnswer>;
}

/** The ways in which KMS signs with each kind of key. */
export const kmsAlgorithms: Readonly<Record<KeyType, readonly string[]>> = {
  p256: ['ECDSA_SHA_256'],
  p384: ['ECDSA_SHA_384'],
  p521: ['ECDSA_SHA_512'],
  rsa: ['RSASSA_PKCS1_V1_5', 'RSASSA_PSS'].flatMap((way) => ['256', '384', '512'].map((bits) => `${way}_SHA_${bits}`)),
  ed25519: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
};

/** AWS KMS on loopback. */
export async function startKms(): Promise<TestKms> {
  const service = await startService();
  const keys: TestKms['keys'] = new Map();
  service.answerWith(({ operation, input }) => {
    const known = keys.get(String(input['KeyId']));
    if (operation !== 'GetPublicKey') return failed('UnknownOperationException');
    if (typeof known !== 'object' || !('key' in known)) {
      return keys.has(String(input['KeyId'])) ? known : failed('NotFoundException');
    }
    const { der, usage = 'SIGN_VERIFY', algorithms = kmsAlgorithms.p256 } = known.key;
    const body = { PublicKey: Buffer.from(der).toString('base64'), KeyUsage: usage, SigningAlgorithms: algorithms };
    return { status: 200, body };
  });
  return { endpoint: service.endpoint, calls: service.calls, keys, close: () => service.close() };
}
