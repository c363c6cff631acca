import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttributeValue, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { type Deployment, deployAdmission, type Parts } from '../../functions/admission/deploy.ts';
import type { HttpEvent } from '../../functions/http/event.ts';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { type Destination, storeDestination } from '../../local/signer/destination.ts';
import { newKey, type SigningKey } from '../../local/signer/keys.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { secretsClient } from '../../shared/aws/secrets-client.ts';
import { startBucket, type TestBucket } from '../../shared/aws/testing/bucket.ts';
import { startDynamo, type TestDynamo, tableName } from '../../shared/aws/testing/dynamodb.ts';
import { failed, fakeCredentials, type ServiceAnswer, startService } from '../../shared/aws/testing/service.ts';
import { selfSigned } from '../../shared/net/testing/certificate.ts';

/** The admission function as it is deployed, with a registry, dynalite and a stub of Secrets Manager on loopback. */
export interface DeployedWorld {
  readonly registry: LocalRegistry;
  readonly destination: Destination;
  readonly team: SigningKey;
  readonly dynamo: TestDynamo;
  /** What Secrets Manager answers for each secret: its text, or an answer of its own. */
  readonly secrets: Map<string, string | ServiceAnswer | 'never'>;
  /** What functions publish for one another; read where TRUST_BUCKET is set. */
  readonly bucket: TestBucket;
  /** Milliseconds by the wall clock of all instances. */
  now: number;
  /** Writes the policies of the zip, by their names in `policies/`. */
  policies(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Writes a file beside the policies, as the zip would hold it. */
  file(name: string, text: string): Promise<void>;
  /** The registry's certificate, which instances trust where REGISTRY_CA is not set. */
  readonly registryCertificate: string;
  /** A new instance; `settings` are more of its environment, `parts` what it has in the place of AWS beside DynamoDB and the secrets. */
  start(settings?: Readonly<Record<string, string | undefined>>, parts?: OwnParts): Instance;
  /** All items of the table. */
  items(): Promise<Record<string, AttributeValue>[]>;
  put(item: Record<string, AttributeValue>): Promise<void>;
  close(): Promise<void>;
}

type OwnParts = Pick<Parts, 'kms' | 'ca' | 'elapsed'>;

export interface Instance extends Deployment {
  /** Each metric that was counted, as `name label=value ...`. */
  readonly counted: readonly string[];
  readonly records: readonly AdmissionRecord[];
  /** What operators were told. */
  readonly problems: readonly string[];
  readonly warned: readonly string[];
  /** `remaining`: milliseconds that the function has left; `timeout`: the query's, `10s` if absent. */
  send(path: string, review: unknown, remaining?: number, timeout?: string): Promise<DeployedResponse>;
}

export interface DeployedResponse {
  readonly statusCode: number;
  readonly body: string;
  readonly allowed: boolean | undefined;
  readonly code: number | undefined;
  readonly message: string;
  readonly warnings: readonly string[];
  /** Milliseconds that the function had left when it answered. */
  readonly left: number;
}

/** Each cluster's webhook token. */
export const tokens = { prod: 'a'.repeat(32), staging: 'b'.repeat(32) } as const;

export async function openDeployed(): Promise<DeployedWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-deployed-'));
  const { key, cert } = await selfSigned('127.0.0.1');
  const registry = await startRegistry({ tls: { keyPem: key, certPem: cert } });
  const dynamo = await startDynamo();
  const manager = await startService();
  const bucket = await startBucket();
  const secrets: DeployedWorld['secrets'] = new Map();
  manager.answerWith(({ input }) => {
    const secret = secrets.get(String(input['SecretId'])) ?? failed('ResourceNotFoundException');
    if (secret === 'never') return undefined;
    return typeof secret === 'string' ? { status: 200, body: { SecretString: secret } } : secret;
  });
  const client = secretsClient({ region: 'eu-west-1', endpoint: manager.endpoint, credentials: fakeCredentials });
  const environment = {
    CLUSTERS: Object.keys(tokens).join(),
    ACCOUNT_ID: '123456789012',
    AWS_REGION: 'eu-west-1',
    LAMBDA_TASK_ROOT: dir,
    LEDGER_TABLE: tableName,
    TOKENS_SECRET: 'tokens',
    MAC_KEYS_SECRET: 'mac-keys',
    VPC_RANGES: '127.0.0.0/8',
    PRIVATE_HOSTS: registry.host,
  };
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };

  function start(settings: Readonly<Record<string, string | undefined>> = {}, parts: OwnParts = {}): Instance {
    const counted: string[] = [];
    const records: AdmissionRecord[] = [];
    const problems: string[] = [];
    const warned: string[] = [];
    const observability = {
      metrics: {
        count(name: string, labels: Readonly<Record<string, string>> = {}) {
          counted.push([name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(' '));
        },
      },
      log: (record: AdmissionRecord) => records.push(record),
      crashed: (thrown: unknown) => problems.push(String(thrown)),
      problem(name: string, message: string) {
        counted.push(name);
        problems.push(message);
      },
      warning(name: string, message: string) {
        counted.push(name);
        warned.push(message);
      },
      begin: () => undefined,
      flush: () => undefined,
    };
    const deployment = deployAdmission(
      { ...environment, ...settings },
      {
        ...parts,
        secrets: client,
        dynamodb: dynamo.client,
        objects: bucket.objects,
        ca: settings['REGISTRY_CA'] === undefined ? { [registry.host]: cert, ...parts.ca } : {},
        clock: () => time.now,
        observability,
      },
    );
    return { ...deployment, counted, records, problems, warned, send: (...asked) => send(deployment, ...asked) };
  }

  return Object.assign(time, {
    registry,
    destination: storeDestination(registry),
    team: newKey(),
    dynamo,
    bucket,
    secrets,
    async policies(files: Readonly<Record<string, string | Uint8Array>>) {
      await rm(join(dir, 'policies'), { recursive: true, force: true });
      for (const [name, text] of Object.entries(files)) {
        const file = join(dir, 'policies', name);
        await mkdir(join(file, '..'), { recursive: true });
        await writeFile(file, text);
      }
    },
    file: (name: string, text: string) => writeFile(join(dir, name), text),
    registryCertificate: cert,
    start,
    async items() {
      const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName: tableName }));
      return Items;
    },
    async put(item: Record<string, AttributeValue>) {
      await dynamo.client.send(new PutItemCommand({ TableName: tableName, Item: item }));
    },
    async close() {
      client.destroy();
      await Promise.all([registry.close(), dynamo.close(), manager.close(), bucket[Symbol.asyncDispose]()]);
      await rm(dir, { recursive: true, force: true });
    },
  });
}

async function send(
  { handler }: Deployment,
  path: string,
  review: unknown,
  remaining = 30_000,
  timeout = '10s',
): Promise<DeployedResponse> {
  const event: unknown = {
    version: '2.0',
    rawPath: path,
    queryStringParameters: { timeout },
    requestContext: { stage: '$default', http: { method: 'POST', path } },
    headers: {},
    body: JSON.stringify(review),
    isBase64Encoded: false,
  };
  const end = performance.now() + remaining;
  const left = () => end - performance.now();
  const { statusCode = 0, body = '' } = await handler(
    event as HttpEvent,
    { getRemainingTimeInMillis: left } as Context,
  );
  const leftThen = left();
  const { response } = body.startsWith('{') ? (JSON.parse(body) as { response: Response }) : { response: {} };
  const { allowed, status, warnings = [] } = response;
  return { statusCode, body, allowed, code: status?.code, message: status?.message ?? '', warnings, left: leftThen };
}

interface Response {
  readonly allowed?: boolean;
  readonly status?: { readonly code: number; readonly message: string };
  readonly warnings?: readonly string[];
}
