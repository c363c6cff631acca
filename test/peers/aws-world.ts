import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CreateSecretCommand, type SecretsManagerClient, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { HttpEvent } from '../../functions/http/event.ts';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { type Destination, storeDestination } from '../../local/signer/destination.ts';
import { newKey, type SigningKey } from '../../local/signer/keys.ts';
import { selfSigned } from '../../local/tls.ts';
import { secretsClient } from '../../shared/aws/secrets-client.ts';
import { fakeCredentials } from '../../shared/aws/testing/service.ts';
import type { Guard } from '../../shared/ledger/generation.ts';
import { type AwsService, account, endOf, LedgerTable, region, startDynamoDbLocal, startMoto } from './aws.ts';
import { cleanEnvironment } from './tools.ts';

/** What an instance is asked on a line of its input. */
export type Asked =
  | { readonly event: HttpEvent; readonly remaining: number }
  /** Milliseconds that its clock is ahead from now on. */
  | { readonly ahead: number }
  | { readonly renew: Guard };

/**
 * The admission function on DynamoDB Local and moto, in processes of their own, and a registry over TLS on loopback: at 127.0.0.1, and at
 * the hosts of Amazon ECR for accounts of ours and of others.
 */
export interface AwsWorld {
  readonly registry: LocalRegistry;
  readonly destination: Destination;
  readonly team: SigningKey;
  readonly table: LedgerTable;
  /** moto's endpoint. */
  readonly moto: string;
  /** Puts a secret's text in. */
  secret(name: 'tokens' | 'mac-keys', text: string): Promise<void>;
  /** Writes the policies of the deployment, by their names in `policies/`. */
  policies(files: Readonly<Record<string, string>>): Promise<void>;
  start(options?: InstanceOptions): Promise<Instance>;
  close(): Promise<void>;
}

export interface InstanceOptions {
  /** A bundle's file, in place of the sources. */
  readonly bundle?: string;
  /** More of its environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Instance {
  send(path: string, review: unknown, options?: SendOptions): Promise<AwsResponse>;
  /** Moves its clock ahead of the machine's. */
  ahead(ms: number): Promise<void>;
  renew(guard: Guard): Promise<void>;
  /** The metrics of the last call, each as `name label=value ...`. */
  readonly counted: readonly string[];
  /** The admission line of the last call, if there was one. */
  // biome-ignore lint/suspicious/noExplicitAny: a line of the log, of which a test reads what it expects
  readonly admission: any;
  /** All that it has printed. */
  output(): string;
  stop(): Promise<void>;
}

export interface SendOptions {
  /** In place of the review's JSON. */
  readonly body?: string;
  /** Milliseconds that the function has left. */
  readonly remaining?: number;
  /** The event of a REST API, in place of an HTTP API's. */
  readonly rest?: boolean;
}

export interface AwsResponse {
  readonly statusCode: number;
  /** The whole of what the caller gets, headers included. */
  readonly text: string;
  readonly allowed: boolean | undefined;
  readonly code: number | undefined;
  readonly message: string;
}

/** Each cluster's webhook token. */
export const tokens = { prod: 'a'.repeat(32), staging: 'b'.repeat(32) } as const;
export const clusters = ['prod', 'staging'] as const;
/** Amazon ECR's host of the function's own account, and of another. */
export const ownEcr = `${account}.dkr.ecr.${region}.amazonaws.com`;
export const otherEcr = `210987654321.dkr.ecr.${region}.amazonaws.com`;

export function macKey(byte: number): string {
  return Buffer.alloc(32, byte).toString('base64');
}

export async function openAws(): Promise<AwsWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-aws-'));
  const [dynamo, moto] = await bothOf(startDynamoDbLocal(), startMoto());
  const tls = await selfSigned({ names: ['127.0.0.1', ownEcr, otherEcr] });
  await writeFile(join(dir, 'ca.pem'), tls.certPem);
  const registry = await startRegistry({ tls });
  const table = new LedgerTable(dynamo.endpoint, 'ledger');
  await table.create();
  const client = secretsClient({ region, endpoint: moto.endpoint, credentials: fakeCredentials });
  await createSecret(client, 'tokens', JSON.stringify({ prod: [tokens.prod], staging: [tokens.staging] }));
  await createSecret(client, 'mac-keys', JSON.stringify([macKey(1)]));

  const environment = {
    ...cleanEnvironment(),
    CLUSTERS: clusters.join(),
    ACCOUNT_ID: account,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: fakeCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: fakeCredentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    LAMBDA_TASK_ROOT: dir,
    LEDGER_TABLE: table.name,
    TOKENS_SECRET: 'tokens',
    MAC_KEYS_SECRET: 'mac-keys',
    VPC_RANGES: '127.0.0.0/8',
    PRIVATE_HOSTS: registry.host,
    NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
    ECR_PORT: String(registry.port),
  };
  const running: Instance[] = [];

  return {
    registry,
    destination: storeDestination(registry),
    team: newKey(),
    table,
    moto: moto.endpoint,
    async secret(name, text) {
      await client.send(new UpdateSecretCommand({ SecretId: name, SecretString: text }));
    },
    async policies(files) {
      await rm(join(dir, 'policies'), { recursive: true, force: true });
      for (const [name, text] of Object.entries(files)) {
        const file = join(dir, 'policies', name);
        await mkdir(join(file, '..'), { recursive: true });
        await writeFile(file, text);
      }
    },
    async start({ bundle, settings = {} } = {}) {
      const script = (name: string) => join(import.meta.dirname, name);
      const args = ['--import', script('aws-network.ts'), script('aws-instance.ts')];
      const child = spawn(process.execPath, bundle === undefined ? args : [...args, bundle], {
        cwd: dir,
        env: { ...environment, ...settings },
      });
      const instance = instanceOf(child);
      running.push(instance);
      // What it cannot be asked it has not started for.
      await instance.ahead(0);
      return instance;
    },
    async close() {
      client.destroy();
      table.close();
      await Promise.all([...running, dynamo, moto].map((process) => process.stop()));
      await registry.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Where one does not start, the other one does not stay. */
async function bothOf(one: Promise<AwsService>, other: Promise<AwsService>): Promise<[AwsService, AwsService]> {
  try {
    return await Promise.all([one, other]);
  } catch (thrown) {
    for (const { value } of (await Promise.allSettled([one, other])).filter((end) => end.status === 'fulfilled')) {
      await value.stop();
    }
    throw thrown;
  }
}

async function createSecret(client: SecretsManagerClient, name: string, text: string): Promise<void> {
  await client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
}

function instanceOf(child: ChildProcess): Instance {
  const gone = endOf(child);
  let output = '';
  let lines: string[] = [];
  let last: readonly Record<string, unknown>[] = [];
  let told: ((line: Told) => void) | undefined;
  const note = (line: string) => {
    output = `${output}${line}\n`.slice(-200_000);
  };
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('the instance has no pipes');
  stdin.on('error', () => undefined);
  createInterface({ input: stderr }).on('line', note);
  createInterface({ input: stdout }).on('line', (line) => {
    if (!/^\{"(?:answered|failed)":/.test(line)) {
      note(line);
      lines.push(line);
      return;
    }
    last = lines.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text));
    lines = [];
    told?.(JSON.parse(line));
  });

  async function ask(asked: Asked): Promise<unknown> {
    const answer = new Promise<Told>((resolve, reject) => {
      told = resolve;
      void gone.then(() => reject(new Error(`the instance ended:\n${output}`)));
    });
    stdin?.write(`${JSON.stringify(asked)}\n`);
    const { answered, failed } = await answer;
    if (failed !== undefined) throw new Error(`the instance failed: ${failed}`);
    return answered;
  }

  return {
    async send(path, review, options = {}) {
      const { body = JSON.stringify(review), remaining = 30_000, rest = false } = options;
      const event = rest ? restEvent(path, body) : httpEvent(path, body);
      return read(await ask({ event, remaining }));
    },
    async ahead(ms) {
      await ask({ ahead: ms });
    },
    async renew(guard) {
      await ask({ renew: guard });
    },
    get counted() {
      return last.flatMap(metricsIn);
    },
    get admission() {
      return last.find((line) => 'admission' in line)?.['admission'];
    },
    output: () => output,
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

interface Told {
  readonly answered?: unknown;
  readonly failed?: string;
}

/** A cluster's route, and what API Gateway reads from the path by it; a path that is none's is handed on as a default route would. */
function routeOf(path: string) {
  const [, cluster, verb, scope, token] = path.split('/');
  if (token === undefined) return { route: '/{proxy+}', pathParameters: { proxy: path.slice(1) } };
  return { route: `/${cluster}/{verb}/{scope}/{token}`, pathParameters: { verb, scope, token } };
}

function httpEvent(path: string, body: string): HttpEvent {
  const { route, pathParameters } = routeOf(path);
  const event: unknown = {
    version: '2.0',
    routeKey: `POST ${route}`,
    rawPath: path,
    pathParameters,
    queryStringParameters: { timeout: '10s' },
    requestContext: { stage: '$default', http: { method: 'POST', path } },
    headers: {},
    body,
    isBase64Encoded: false,
  };
  return event as HttpEvent;
}

function restEvent(path: string, body: string): HttpEvent {
  const { route, pathParameters } = routeOf(path);
  const event: unknown = {
    resource: route,
    httpMethod: 'POST',
    path,
    pathParameters,
    queryStringParameters: { timeout: '10s' },
    requestContext: { stage: 'dev' },
    headers: {},
    body,
    isBase64Encoded: false,
  };
  return event as HttpEvent;
}

function read(answered: unknown): AwsResponse {
  const { statusCode, body = '' } = answered as { statusCode: number; body?: string };
  const { response = {} } = body.startsWith('{') ? (JSON.parse(body) as { response?: Response }) : {};
  const { allowed, status } = response;
  const text = JSON.stringify(answered);
  return { statusCode, text, allowed, code: status?.code, message: status?.message ?? '' };
}

interface Response {
  readonly allowed?: boolean;
  readonly status?: { readonly code: number; readonly message: string };
}

/** The metrics in a line of CloudWatch's embedded format. */
function metricsIn(line: Record<string, unknown>): string[] {
  const embedded = line['_aws'] as { CloudWatchMetrics: readonly EmbeddedMetric[] } | undefined;
  return (embedded?.CloudWatchMetrics ?? []).flatMap(({ Dimensions, Metrics }) => {
    const labels = Dimensions.flat().filter((label) => label !== 'service');
    return Metrics.map(({ Name }) => [Name, ...labels.map((label) => `${label}=${line[label]}`)].join(' '));
  });
}

interface EmbeddedMetric {
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
}
