import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import { fakeCredentials } from '../../shared/aws/testing/service.ts';
import { root } from './countersign.ts';
import { cleanEnvironment, runOk } from './tools.ts';

/** The region and the account (it is moto's own) of all that the tests do on AWS. */
export const region = 'eu-west-1';
export const account = '123456789012';

/** A program that stands for a service of AWS. */
export interface AwsService {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const startTimeout = 40_000;

/** DynamoDB Local, with nothing in it. It listens on all addresses of the machine: there is no way to tell it otherwise. */
export async function startDynamoDbLocal(): Promise<AwsService> {
  const lib = await installed('dynamodb-local');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const service = startProgram('java', [
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    `-Djava.library.path=${lib}`,
    '-cp',
    `${lib}/*`,
    'software.amazon.dynamodb.services.local.main.ServerRunner',
    '-inMemory',
    '-port',
    String(port),
    '-disableTelemetry',
  ]);
  const client = new DynamoDBClient({ region, endpoint, credentials: fakeCredentials, maxAttempts: 1 });
  const answers = () => client.send(new ListTablesCommand({})).then(() => true);
  await service.until(() => answers().catch(() => false)).finally(() => client.destroy());
  return { endpoint, stop: service.stop };
}

/** moto: Secrets Manager, Amazon ECR's API and more, with nothing in them. */
export async function startMoto(): Promise<AwsService> {
  const service = startProgram(await installed('moto'), ['-H', '127.0.0.1', '-p', '0']);
  const address = () => /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(service.output())?.[1];
  await service.until(async () => address() !== undefined);
  return { endpoint: address() ?? '', stop: service.stop };
}

/** The ledger's table as infra/table.yml has it, TTL included, in a DynamoDB that has none. */
export class LedgerTable {
  readonly name: string;
  readonly #client: DynamoDBClient;

  constructor(endpoint: string, name: string) {
    this.#client = new DynamoDBClient({ region, endpoint, credentials: fakeCredentials });
    this.name = name;
  }

  async create(): Promise<void> {
    const { TimeToLiveSpecification, ...schema } = await template();
    await this.#client.send(new CreateTableCommand({ ...schema, TableName: this.name }));
    await this.#client.send(new UpdateTimeToLiveCommand({ TableName: this.name, TimeToLiveSpecification }));
  }

  async drop(): Promise<void> {
    await this.#client.send(new DeleteTableCommand({ TableName: this.name }));
  }

  /** By which DynamoDB deletes, where TTL is on. */
  async ttlAttribute(): Promise<string | undefined> {
    const command = new DescribeTimeToLiveCommand({ TableName: this.name });
    const { TimeToLiveDescription } = await this.#client.send(command);
    const { TimeToLiveStatus, AttributeName } = TimeToLiveDescription ?? {};
    return TimeToLiveStatus === 'ENABLED' ? AttributeName : undefined;
  }

  /** All items, as they are. */
  async items(): Promise<Record<string, AttributeValue>[]> {
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new ScanCommand({ TableName: this.name, ConsistentRead: true }),
    );
    if (LastEvaluatedKey !== undefined) throw new Error('more items than one scan returns');
    return Items;
  }

  /** Puts attributes as they are, past the ledger. */
  async put(item: Record<string, AttributeValue>): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.name, Item: item }));
  }

  close(): void {
    this.#client.destroy();
  }
}

type TableTemplate = Omit<CreateTableCommandInput, 'TableName'> & {
  readonly TimeToLiveSpecification: { readonly AttributeName: string; readonly Enabled: boolean };
};

async function template(): Promise<TableTemplate> {
  const { Resources } = parse(await readFile(join(root, 'infra', 'table.yml'), 'utf8'));
  return Resources.LedgerTable.Properties;
}

async function installed(name: 'dynamodb-local' | 'moto'): Promise<string> {
  // With the caller's own environment: Maven and pip are configured there, and the cache is found from it.
  const wholeEnv: Record<string, string> = {};
  for (const [variable, value] of Object.entries(process.env)) if (value !== undefined) wholeEnv[variable] = value;
  const { stdout } = await runOk(join(import.meta.dirname, name, 'install.sh'), [], { wholeEnv, timeout: 600_000 });
  return stdout.trim();
}

interface Program {
  output(): string;
  /** Resolves once `ready` says so; stops the program and rejects with what it printed if it ends or takes too long. */
  until(ready: () => Promise<boolean>): Promise<void>;
  /** Ends this process alone. */
  stop(): Promise<void>;
}

function startProgram(command: string, args: readonly string[]): Program {
  const child = spawn(command, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-20_000);
    });
  }
  const gone = endOf(child);
  const stop = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return {
    output: () => output,
    stop,
    async until(ready) {
      const end = Date.now() + startTimeout;
      let ended = false;
      void gone.then(() => {
        ended = true;
      });
      while (!(await ready())) {
        if (ended || Date.now() > end) {
          await stop();
          throw new Error(`${command} ${ended ? 'ended' : 'was not ready in time'}:\n${output}`);
        }
        await delay(50);
      }
    },
  };
}

/** Resolves when the process has ended, or was never started. */
export function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** A port that was free a moment ago: DynamoDB Local takes no 0. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const holder = createServer().once('error', reject);
    holder.listen(0, () => {
      const address = holder.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      holder.close(() => resolve(port));
    });
  });
}
