import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publishedKey } from '../../functions/wiring/trust/published.ts';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { newKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { bucketName, startBucket } from '../../shared/aws/testing/bucket.ts';
import { startDynamo, type TestDynamo, tableName } from '../../shared/aws/testing/dynamodb.ts';
import { type Service, startService } from '../../shared/aws/testing/service.ts';
import { selfSigned } from '../../shared/net/testing/certificate.ts';
import { startRepository } from '../../shared/trust-roots/testing/repository.ts';
import { pod, policy, review } from '../e2e/documents.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { type LeafChanges, signedBundle } from '../fixtures/authority/signing.ts';
import { makeLog } from '../fixtures/log.ts';
import { trustedRootOf } from '../fixtures/trusted-root.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { copyOfClone, packageIn, unzip } from './packed.ts';
import { keyless } from './policies.ts';
import { type RunningFunction, startFunction } from './ric/run.ts';

// The zip that is deployed, unpacked and run as Lambda runs it: Node, AWS's Runtime Interface Client, a stub of the Runtime API.

const token = 't'.repeat(40);
const runs = 9;

let dir: string;
let client: string;
let root: string;
let empty: string;
let registry: LocalRegistry;
let dynamo: TestDynamo;
let manager: Service;
let environment: Record<string, string>;
let signed: string;
let unsigned: string;
/** An image of which an entry in a log of the trust root is asked for. */
let logged: string;
let refresher: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  const installed = await promisify(execFile)(join(import.meta.dirname, 'ric', 'install.sh'));
  client = installed.stdout.trim();

  const { key, cert } = await selfSigned('127.0.0.1');
  registry = await startRegistry({ tls: { keyPem: key, certPem: cert } });
  const destination = storeDestination(registry);
  const team = newKey();
  await sign(destination, {
    repository: 'team/signed',
    digest: await makeImage(destination, 'team/signed', '1'),
    key: team,
  });
  await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
  signed = `${registry.host}/team/signed:1`;
  logged = `${registry.host}/logged/app:1`;
  await makeImage(destination, 'logged/app', '1', { label: 'logged' });
  unsigned = `${registry.host}/team/unsigned:1`;

  root = join(dir, 'function');
  refresher = join(dir, 'refresh');
  const subjectRegExp = '^https://github\\.com/acme/.*$';
  const entries = [keyless({ issuer: githubIssuer, subjectRegExp })];
  const ofLog = [{ entries: [{ keys: { publicKeys: team.publicKeyPem } }] }];
  await copyOfClone(join(dir, 'clone'), {
    'prod/signed.yaml': policy({ images: `${registry.host}/team/*`, keys: [team] }),
    'prod/keyless.yaml': policy({ name: 'keyless', images: `${registry.host}/keyless/*`, attestors: [{ entries }] }),
    'prod/logged.yaml': policy({ name: 'logged', images: `${registry.host}/logged/*`, attestors: ofLog }),
  });
  const { zip, trustRefresh } = await packageIn(join(dir, 'clone'), { clusters: 'prod' });
  await unzip(zip, root);
  await unzip(trustRefresh, refresher);
  empty = join(dir, 'empty');
  await mkdir(empty);
  await writeFile(join(empty, 'index.mjs'), 'export const handler = async () => ({});\n');

  dynamo = await startDynamo();
  manager = await startService();
  const values: Readonly<Record<string, string>> = {
    tokens: JSON.stringify({ prod: [token] }),
    'mac-keys': JSON.stringify([Buffer.alloc(32, 7).toString('base64')]),
  };
  manager.answerWith(({ input }) => ({ status: 200, body: { SecretString: values[String(input['SecretId'])] } }));
  const { protocol, hostname, port } = (await dynamo.client.config.endpoint?.()) ?? {};
  await writeFile(join(dir, 'ca.pem'), cert);
  environment = {
    CLUSTERS: 'prod',
    ACCOUNT_ID: '123456789012',
    LEDGER_TABLE: tableName,
    TOKENS_SECRET: 'tokens',
    MAC_KEYS_SECRET: 'mac-keys',
    VPC_RANGES: '127.0.0.0/8',
    PRIVATE_HOSTS: registry.host,
    AWS_ENDPOINT_URL_DYNAMODB: `${protocol}//${hostname}:${port}`,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpoint,
    NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
  };
}, 900_000);

afterAll(async () => {
  await Promise.all([registry?.close(), dynamo?.close(), manager?.close()]);
  await rm(dir, { recursive: true, force: true });
});

function start(more: Readonly<Record<string, string>> = {}): Promise<RunningFunction> {
  const handler = 'dist/admission/index.handler';
  return startFunction({ client, root, handler, environment: { ...environment, ...more } });
}

interface Response {
  readonly allowed: boolean;
  readonly status?: { readonly code: number };
  readonly patch?: string;
}

async function ask(running: RunningFunction, image: string, given = token): Promise<number | Response> {
  const path = `/prod/mutate/fail/${given}`;
  const answer = (await running.invoke({
    version: '2.0',
    rawPath: path,
    queryStringParameters: { timeout: '10s' },
    requestContext: { stage: '$default', http: { method: 'POST', path }, timeEpoch: Date.now() },
    headers: {},
    body: JSON.stringify(review(pod([image]))),
    isBase64Encoded: false,
  })) as { statusCode: number; body: string };
  return answer.statusCode === 200 ? JSON.parse(answer.body).response : answer.statusCode;
}

test.each(['on-demand', 'provisioned-concurrency'])(
  'started %s, it verifies, denies, and knows its callers',
  async (how) => {
    const running = await start({ AWS_LAMBDA_INITIALIZATION_TYPE: how });
    try {
      const admitted = await ask(running, signed);
      expect(admitted).toMatchObject({ allowed: true, patch: expect.any(String) });
      expect(await ask(running, unsigned)).toMatchObject({ allowed: false, status: { code: 403 } });
      expect(await ask(running, signed, 'w'.repeat(40))).toBe(401);
    } catch (thrown) {
      throw new Error(`${String(thrown)}\n${running.output()}`);
    } finally {
      await running.stop();
    }
    const lines = running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    const logged = lines.map((line) => JSON.parse(line));
    expect(logged.filter(({ message }) => message === 'admission')).toHaveLength(2);
    expect(logged.some((line) => line['_aws'] !== undefined && line['unauthorized'] === 1)).toBe(true);
    for (const secret of [token, 'w'.repeat(40)]) expect(running.output()).not.toContain(secret);
  },
);

test('the trust root is published by one function and read by the other, which has its own without it', async () => {
  await using bucket = await startBucket();
  await using mirror = await startRepository(trustedRootOf([await makeLog()]));
  await mkdir(join(refresher, 'trust'));
  await writeFile(join(refresher, 'trust', 'root.json'), mirror.firstRoot);
  const ofBucket = { TRUST_BUCKET: bucketName, AWS_ENDPOINT_URL_S3: bucket.endpoint };
  const handler = 'dist/trust-refresh/index.handler';
  const ofMirror = { ...ofBucket, TRUST_MIRROR: mirror.url, TRUST_MIRROR_ROOT: 'trust/root.json' };
  const publisher = await startFunction({ client, root: refresher, handler, environment: ofMirror });
  const admission = await start(ofBucket);
  try {
    expect(await ask(admission, signed)).toMatchObject({ allowed: true });
    expect(bucket.calls).toEqual([]);
    expect(await ask(admission, logged)).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(bucket.calls).toEqual([`GET ${publishedKey} 404`]);
    expect(admission.output()).toContain('trust-root-unread');
    expect(await publisher.invoke({})).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(bucket.calls.at(-1)).toBe(`PUT ${publishedKey} 200`);
    expect(publisher.output()).toContain('"trust-refreshed":1');
  } catch (thrown) {
    throw new Error(`${String(thrown)}\n${admission.output()}\n${publisher.output()}`);
  } finally {
    await admission.stop();
    await publisher.stop();
  }
  const next = await start({ ...ofBucket, AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' });
  await next.stop();
  expect(bucket.calls.at(-1)).toBe(`GET ${publishedKey} 200`);
});

test('keyless, by a regular expression and a trust root of its own', async () => {
  const authority = makeAuthority({ at: new Date() });
  await mkdir(join(root, 'trust'), { recursive: true });
  await writeFile(join(root, 'trust', 'own.json'), JSON.stringify(authority.trustedRoot()));
  const image = async (name: string, certificate: LeafChanges) => {
    const digest = await makeImage(storeDestination(registry), name, '1', { label: name });
    const made = imageIn({ registry }, name, digest);
    attachItems({ registry }, name, digest, [signedBundle(authority, made, { certificate })]);
    return `${registry.host}/${name}:1`;
  };
  const ours = await image('keyless/ours', {});
  const foreign = await image('keyless/foreign', { names: [{ uri: 'https://github.com/mallory/app' }] });
  const running = await start({ TRUST_ROOT: 'trust/own.json' });
  try {
    expect(await ask(running, ours)).toMatchObject({ allowed: true });
    expect(running.output()).toContain(`"signers":["${githubSubject} (issuer ${githubIssuer})"]`);
    const message = expect.stringContaining('denied (subject-mismatch): signed by https://github.com/mallory/app');
    expect(await ask(running, foreign)).toMatchObject({ allowed: false, status: { message } });
  } catch (thrown) {
    throw new Error(`${String(thrown)}\n${running.output()}`);
  } finally {
    await running.stop();
  }
});

test('a second instance has the verification from the table: no request to the registry', async () => {
  const first = await start();
  await ask(first, signed);
  await first.stop();
  registry.requests.length = 0;
  const second = await start();
  try {
    expect(await ask(second, signed)).toMatchObject({ allowed: true });
  } finally {
    await second.stop();
  }
  expect(registry.count()).toBe(0);
});

test('INIT takes at most 3 times that of an empty handler', async () => {
  const inits: Record<'empty' | 'admission', number[]> = { empty: [], admission: [] };
  const firsts: number[] = [];
  for (let run = 0; run < runs; run++) {
    const other = await startFunction({ client, root: empty, handler: 'index.handler' });
    inits.empty.push(other.init);
    await other.stop();
    const running = await start();
    const asked = performance.now();
    await ask(running, signed);
    firsts.push(running.init + performance.now() - asked);
    inits.admission.push(running.init);
    await running.stop();
  }
  const [bare, init, first] = [inits.empty, inits.admission, firsts].map(median) as [number, number, number];
  const lazy = await lazyParts();
  console.info(
    `INIT: ${init.toFixed(0)} ms; of an empty handler ${bare.toFixed(0)} ms (${(init / bare).toFixed(2)} times). ` +
      `INIT and first verdict: ${first.toFixed(0)} ms. Medians of ${runs}. Loaded late: ${lazy}.`,
  );
  expect(init).toBeLessThan(3 * bare);
}, 240_000);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** `core` beside the secrets, as the first call begins; `registry` when the ledger does not know an image. */
async function lazyParts(): Promise<string> {
  const folder = join(root, 'dist', 'admission');
  const names = (await readdir(folder)).filter((name) => /^(?:core|registry)-/.test(name)).sort();
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return names.map((name, index) => `${name.split('-')[0]} (${((sizes[index] ?? 0) / 1000).toFixed(0)} kB)`).join(', ');
}
