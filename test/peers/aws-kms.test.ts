import {
  CreateAliasCommand,
  CreateKeyCommand,
  type KeySpec,
  type KeyUsageType,
  KMSClient,
  SignCommand,
  type SigningAlgorithmSpec,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { fakeCredentials } from '../../shared/aws/testing/service.ts';
import { policy } from '../e2e/documents.ts';
import { folderWith } from '../e2e/processes.ts';
import { type AwsService, region, startMoto } from './aws.ts';
import { countersign } from './countersign.ts';
import { run, runOk, tool } from './tools.ts';

// Keys in moto's KMS, which signs with them; the command line and cosign ask the same KMS for them.

let moto: AwsService;
let client: KMSClient;
let registry: LocalRegistry;
let env: Record<string, string>;

beforeAll(async () => {
  moto = await startMoto();
  client = new KMSClient({ region, endpoint: moto.endpoint, credentials: fakeCredentials });
  registry = await startRegistry();
  env = {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: fakeCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: fakeCredentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
});
afterAll(async () => {
  client?.destroy();
  await registry?.close();
  await moto?.stop();
});

async function createKey(spec: KeySpec, alias: string, usage: KeyUsageType = 'SIGN_VERIFY') {
  const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec: spec, KeyUsage: usage }));
  const { KeyId: id = '', Arn: arn = '' } = KeyMetadata ?? {};
  await client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: id }));
  return { id, arn };
}

/**
 * An image signed by KMS as cosign's own documentation has it: `cosign generate` the payload, sign it, `cosign attach signature`. (cosign's
 * own way asks KMS to sign a digest, which moto hashes once more.)
 */
async function signed(repository: string, KeyId: string, SigningAlgorithm: SigningAlgorithmSpec): Promise<string> {
  const digest = await makeImage(storeDestination(registry), repository, '1', { label: repository });
  const image = `${registry.host}/${repository}@${digest}`;
  const cosign = await tool('cosign2');
  const { stdout: payload } = await runOk(cosign, ['generate', image], { env });
  const Message = Buffer.from(payload);
  const { Signature = new Uint8Array() } = await client.send(
    new SignCommand({ KeyId, Message, MessageType: 'RAW', SigningAlgorithm }),
  );
  await using folder = await folderWith({
    payload: Message,
    signature: Buffer.from(Signature).toString('base64'),
  });
  const files = ['--payload', folder.file('payload'), '--signature', folder.file('signature')];
  await runOk(cosign, ['attach', 'signature', ...files, image], { env });
  return image;
}

/** The exit status of `cosign verify` with this key. */
async function cosignVerifies(image: string, key: string): Promise<number | null> {
  const words = ['verify', '--insecure-ignore-tlog=true', '--key', key, image];
  return (await run(await tool('cosign2'), words, { env })).code;
}

/** What `countersign verify` says of the image under a policy that names this key. */
async function verified(image: string, kms: string) {
  const attestors = [{ entries: [{ keys: { kms, rekor: { ignoreTlog: true } } }] }];
  await using folder = await folderWith({ 'policy.yaml': policy({ images: `${registry.host}/*`, attestors }) });
  const words = ['verify', '--policy', folder.file('policy.yaml'), '--image', image, '-o', 'json'];
  const { code, stdout } = await run(countersign, words, { env });
  const [result] = (JSON.parse(stdout) as Report).results;
  return { code, reason: result?.reason, message: result?.message };
}

test.each<[KeySpec, SigningAlgorithmSpec]>([
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ECC_NIST_P384', 'ECDSA_SHA_384'],
  ['ECC_NIST_P521', 'ECDSA_SHA_512'],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256'],
  ['RSA_3072', 'RSASSA_PKCS1_V1_5_SHA_256'],
])(
  '%s: what KMS signed is admitted by any name of the key, as by cosign, and by no other key',
  async (spec, algorithm) => {
    const name = spec.toLowerCase();
    const { id, arn } = await createKey(spec, `alias/${name}`);
    await createKey(spec, `alias/${name}-other`);
    const image = await signed(`team/${name}`, id, algorithm);
    for (const key of [`alias/${name}`, id, arn, arn.replace(/key\/.*$/, `alias/${name}`)]) {
      const found = await verified(image, `awskms:///${key}`);
      expect([key, found]).toEqual([key, expect.objectContaining({ code: 0, reason: 'verified' })]);
      expect([key, await cosignVerifies(image, `awskms:///${key}`)]).toEqual([key, 0]);
    }
    const other = `awskms:///alias/${name}-other`;
    expect(await verified(image, other)).toMatchObject({ code: 1, reason: 'signature-mismatch' });
    expect(await cosignVerifies(image, other)).not.toBe(0);
  },
);

test('RSA: PSS counts too, which KMS lists beside PKCS #1', async () => {
  const { id } = await createKey('RSA_2048', 'alias/pss');
  const image = await signed('team/pss', id, 'RSASSA_PSS_SHA_256');
  expect(await verified(image, 'awskms:///alias/pss')).toMatchObject({ code: 0, reason: 'verified' });
});

test('an alias means the key behind it now', async () => {
  await createKey('ECC_NIST_P256', 'alias/moving');
  const { id } = await createKey('ECC_NIST_P256', 'alias/next');
  const image = await signed('team/moving', 'alias/moving', 'ECDSA_SHA_256');
  expect(await verified(image, 'awskms:///alias/moving')).toMatchObject({ code: 0 });
  await client.send(new UpdateAliasCommand({ AliasName: 'alias/moving', TargetKeyId: id }));
  expect(await verified(image, 'awskms:///alias/moving')).toMatchObject({ code: 1, reason: 'signature-mismatch' });
});

describe('a key that cannot be used is invalid, with the reason that KMS gives', () => {
  let image: string;
  beforeAll(async () => {
    await createKey('ECC_NIST_P256', 'alias/usable');
    image = await signed('team/usable', 'alias/usable', 'ECDSA_SHA_256');
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['gone', async () => undefined, 'there is no such key'],
    ['encrypts', () => createKey('RSA_2048', 'alias/encrypts', 'ENCRYPT_DECRYPT'), 'is a key for ENCRYPT_DECRYPT'],
    ['koblitz', () => createKey('ECC_SECG_P256K1', 'alias/koblitz'), 'an ECDSA key on secp256k1 is not accepted'],
  ])('%s', async (name, prepare, told) => {
    await prepare();
    expect(await verified(image, `awskms:///alias/${name}`)).toMatchObject({
      code: 2,
      reason: 'key-invalid',
      message: expect.stringContaining(told),
    });
  });

  test('a KMS that is away is no denial', async () => {
    const before = env;
    env = { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    expect(await verified(image, 'awskms:///alias/usable')).toMatchObject({ code: 2, reason: 'kms-unavailable' });
    env = before;
  });
});
