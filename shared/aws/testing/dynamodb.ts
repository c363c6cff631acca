import { CreateTableCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { request } from 'undici';
import { dynamoClient } from '../dynamodb-client.ts';
import {
  closeServer,
  failed,
  fakeCredentials,
  listen,
  type RawCall,
  type ServiceAnswer,
  type ServiceCall,
  startService,
} from './service.ts';

export const tableName = 'ledger';

/** What stands between the SDK and dynalite: it may answer itself, or change what is asked or answered. */
export type Intercept = (call: ServiceCall, forward: Forward) => ServiceAnswer | Promise<ServiceAnswer>;
export type Forward = (input?: unknown) => Promise<{ readonly status: number; readonly body: unknown }>;

export interface TestDynamo {
  /** As a deployed function has it. */
  readonly client: DynamoDBClient;
  readonly calls: ServiceCall[];
  intercept(intercept: Intercept): void;
  /** No interception, and no calls so far. */
  reset(): void;
  /** Puts attributes as they are, past the ledger. */
  put(attributes: Readonly<Record<string, { S: string } | { N: string } | { B: Uint8Array }>>): Promise<void>;
  close(): Promise<void>;
}

/** DynamoDB embedded, with the ledger's table in it, behind a server that can interfere. */
export async function startDynamo(): Promise<TestDynamo> {
  const engine = dynalite({ createTableMs: 0 });
  const behind = await listen(engine);
  const front = await startService();
  const pass: Intercept = (_, forward) => forward();
  let intercept = pass;
  front.answerWith((call, raw) => intercept(call, (input) => ask(behind, raw, input)));

  const options = { region: 'eu-west-1', credentials: fakeCredentials };
  const client = dynamoClient({ ...options, endpoint: front.endpoint });
  const direct = dynamoClient({ ...options, endpoint: behind });
  await direct.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );

  return {
    client,
    calls: front.calls,
    intercept(next) {
      intercept = next;
    },
    reset() {
      intercept = pass;
      front.calls.length = 0;
    },
    async put(attributes) {
      await direct.send(new PutItemCommand({ TableName: tableName, Item: { ...attributes } }));
    },
    async close() {
      client.destroy();
      direct.destroy();
      await front.close();
      await closeServer(engine);
    },
  };
}

async function ask(endpoint: string, { headers, body }: RawCall, input: unknown) {
  const answer = await request(endpoint, {
    method: 'POST',
    headers: {
      'content-type': String(headers['content-type']),
      'x-amz-target': String(headers['x-amz-target']),
      authorization: String(headers['authorization']),
      'x-amz-date': String(headers['x-amz-date']),
    },
    body: input === undefined ? body : JSON.stringify(input),
  });
  return { status: answer.statusCode, body: await answer.body.json() };
}

/** A call's keys or items, and a call's answer, as plain data. */
export interface BatchGet {
  readonly RequestItems: Readonly<
    Record<string, { readonly Keys: readonly Attributes[]; readonly ConsistentRead?: boolean }>
  >;
}

export type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

export function keysOf(call: ServiceCall): readonly Attributes[] {
  return (call.input as unknown as BatchGet).RequestItems[tableName]?.Keys ?? [];
}

/** The item that a call writes; none where it reads. */
export function itemsOf(call: ServiceCall): readonly Attributes[] {
  const { Item } = call.input as { readonly Item?: Attributes };
  return Item === undefined ? [] : [Item];
}

/** Leaves unprocessed what `holds` says, and throttles its writes, as DynamoDB does where it is too busy; asks dynalite for the rest. */
export function leaving(holds: (attributes: Attributes) => boolean): Intercept {
  return async (call, forward) => {
    if (call.operation !== 'BatchGetItem') return itemsOf(call).some(holds) ? failed('ThrottlingException') : forward();
    const { left, asked } = divided(keysOf(call), holds);
    const answer =
      asked.length === 0
        ? { status: 200, body: { Responses: {} } }
        : await forward({ RequestItems: { [tableName]: { Keys: asked, ConsistentRead: true } } });
    const unprocessed = left.length === 0 ? {} : { [tableName]: { Keys: left, ConsistentRead: true } };
    return { status: answer.status, body: { ...(answer.body as object), UnprocessedKeys: unprocessed } };
  };
}

function divided(all: readonly Attributes[], holds: (attributes: Attributes) => boolean) {
  const { left = [], asked = [] } = Object.groupBy(all, (one) => (holds(one) ? 'left' : 'asked'));
  return { left, asked };
}
