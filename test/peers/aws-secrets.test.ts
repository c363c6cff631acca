import type { ECRClient } from '@aws-sdk/client-ecr';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { changeTokens } from '../../shared/admission/token-changes.ts';
import { ecrClients } from '../../shared/aws/ecr-clients.ts';
import { ecrCredentials } from '../../shared/aws/ecr-credentials.ts';
import { macKeys, webhookTokens } from '../../shared/aws/function-secrets.ts';
import { editedSecret } from '../../shared/aws/secret-editing.ts';
import { createSecrets } from '../../shared/aws/secrets.ts';
import { secretsClient } from '../../shared/aws/secrets-client.ts';
import { fakeCredentials, keptMetrics } from '../../shared/aws/testing/service.ts';
import { createSeal } from '../../shared/ledger/seal.ts';
import { type AwsService, account, region, startMoto } from './aws.ts';
import { otherEcr, ownEcr } from './aws-world.ts';

// The function's secrets and Amazon ECR's tokens, from moto.

const minute = 60_000;
const token = (letter: string) => letter.repeat(32);
const key = (byte: number) => Buffer.alloc(32, byte);
const keysText = (...keys: readonly Buffer[]) => JSON.stringify(keys.map((bytes) => bytes.toString('base64')));

let moto: AwsService;
let client: SecretsManagerClient;
let made = 0;

beforeAll(async () => {
  moto = await startMoto();
  client = secretsClient({ region, endpoint: moto.endpoint, credentials: fakeCredentials });
});
afterAll(async () => {
  client?.destroy();
  await moto?.stop();
});

/** A secret that holds the text; its ARN, and a name that nothing else has. */
async function secret(text: string): Promise<{ arn: string; name: string }> {
  made += 1;
  const name = `countersign/${made}`;
  const { ARN: arn = '' } = await client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
  return { arn, name };
}

async function change(name: string, text: string): Promise<void> {
  await client.send(new UpdateSecretCommand({ SecretId: name, SecretString: text }));
}

function reader() {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const metrics = keptMetrics();
  const secrets = createSecrets({ client, clock: () => time.now, metrics });
  const heard = { clock: () => time.now, clusters: ['prod', 'staging'], invalid: () => undefined };
  return { time, secrets, counted: metrics.counted, heard };
}

describe('webhook tokens', () => {
  test('are read by name and by ARN, those of each cluster', async () => {
    const { name, arn } = await secret(JSON.stringify({ prod: [token('a')], staging: [token('b'), token('c')] }));
    for (const id of [name, arn]) {
      const { secrets, counted, heard } = reader();
      const tokens = webhookTokens(secrets, id, heard);
      expect(await tokens('prod')).toEqual([token('a')]);
      expect(await tokens('staging')).toEqual([token('b'), token('c')]);
      expect(await tokens('another')).toEqual([]);
      expect(counted).toEqual([]);
    }
  });

  test('rotate by way of two that are valid: each step is seen within 10 minutes', async () => {
    const { arn } = await secret(JSON.stringify({ prod: [token('a')] }));
    const { time, secrets, heard } = reader();
    const tokens = webhookTokens(secrets, arn, heard);
    expect(await tokens('prod')).toEqual([token('a')]);
    for (const valid of [[token('a'), token('b')], [token('b')]]) {
      await change(arn, JSON.stringify({ prod: valid }));
      time.now += 10 * minute;
      expect(await tokens('prod')).toEqual(valid);
    }
  });

  test('that are put in malformed leave the last good ones valid, and are counted; a new instance has none', async () => {
    const { arn } = await secret(JSON.stringify({ prod: [token('a')] }));
    const warm = reader();
    const tokens = webhookTokens(warm.secrets, arn, warm.heard);
    await tokens('prod');
    await change(arn, '{"prod": ["CANARY-short"');
    warm.time.now += 10 * minute;
    expect(await tokens('prod')).toEqual([token('a')]);
    expect(warm.counted).toEqual(['secret-failed problem=malformed stale=served']);

    const cold = reader();
    const refused = webhookTokens(cold.secrets, arn, cold.heard)('prod');
    await expect(refused).rejects.toMatchObject({
      problem: 'malformed',
      message: expect.not.stringContaining('CANARY'),
    });
    expect(cold.counted).toEqual(['secret-failed problem=malformed stale=none']);
  });

  test('of one cluster that are too short leave those of the others as they are, in a new instance too', async () => {
    const { arn } = await secret(JSON.stringify({ prod: ['CANARY-short'], staging: [token('b')] }));
    const { secrets, heard } = reader();
    const tokens = webhookTokens(secrets, arn, heard);
    expect(await tokens('staging')).toEqual([token('b')]);
    await expect(tokens('prod')).rejects.toMatchObject({ message: expect.not.stringContaining('CANARY') });
  });

  test('are added, rotated and retired by `countersign token`, also where two do it at a time', async () => {
    // One without a value has a version in moto, which it has not in AWS.
    const { arn } = await secret('{}');
    const place = { id: arn, endpoint: moto.endpoint, region, credentials: fakeCredentials };
    const text = async () => JSON.parse((await editedSecret(place).read()).text ?? '{}');
    const act = async (kind: 'add' | 'rotate', cluster: string, letter: string) => {
      const edited = editedSecret(place);
      const read = await edited.read();
      await edited.replace(read, changeTokens(read.text, { kind, cluster, token: token(letter) }));
    };
    await act('add', 'prod', 'a');
    await act('add', 'staging', 'b');
    await act('rotate', 'prod', 'c');
    expect(await text()).toEqual({ prod: [token('a'), token('c')], staging: [token('b')] });

    const slower = editedSecret(place);
    const read = await slower.read();
    await act('add', 'test', 'd');
    const late = slower.replace(read, changeTokens(read.text, { kind: 'retire', cluster: 'prod' }));
    await expect(late).rejects.toThrow('by somebody else meanwhile');
    const again = await slower.read();
    await slower.replace(again, changeTokens(again.text, { kind: 'retire', cluster: 'prod' }));
    expect(await text()).toEqual({ prod: [token('c')], staging: [token('b')], test: [token('d')] });
  });

  test('that are deleted are valid no longer', async () => {
    const { arn } = await secret(JSON.stringify({ prod: [token('a')] }));
    const { time, secrets, counted, heard } = reader();
    const tokens = webhookTokens(secrets, arn, heard);
    await tokens('prod');
    await client.send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: 7 }));
    time.now += 10 * minute;
    await expect(tokens('prod')).rejects.toMatchObject({ problem: 'missing' });
    expect(counted).toEqual(['secret-failed problem=missing stale=none']);
  });
});

describe('a secret that cannot be used', () => {
  test('is none that there is', async () => {
    const { secrets, counted } = reader();
    await expect(secrets.text('countersign/none')).rejects.toMatchObject({ problem: 'missing' });
    expect(counted).toEqual(['secret-failed problem=missing stale=none']);
  });

  test('has no value yet, as the template makes it', async () => {
    await client.send(new CreateSecretCommand({ Name: 'countersign/without-a-value' }));
    await expect(reader().secrets.text('countersign/without-a-value')).rejects.toMatchObject({ problem: 'missing' });
  });

  test('holds bytes', async () => {
    await client.send(new CreateSecretCommand({ Name: 'countersign/bytes', SecretBinary: Buffer.from('CANARY') }));
    await expect(reader().secrets.text('countersign/bytes')).rejects.toMatchObject({ problem: 'malformed' });
  });
});

describe('MAC keys', () => {
  test('rotate: the new one verifies, then signs, then is alone; what was sealed meanwhile stays good', async () => {
    const item = { pk: 'img#a', sk: 'check#1' };
    const [first, second] = [key(1), key(2)];
    const { arn } = await secret(keysText(first));
    const { time, secrets } = reader();
    const keys = macKeys(secrets, arn);
    const seal = async (...valid: readonly Buffer[]) => {
      await change(arn, keysText(...valid));
      time.now += 10 * minute;
      return createSeal(await keys());
    };
    const before = createSeal(await keys()).sign(item, 'body');
    const both = await seal(first, second);
    expect([both.sign(item, 'body'), both.check(item, 'body', before)]).toEqual([before, 'good']);
    const turned = await seal(second, first);
    const after = turned.sign(item, 'body');
    expect(after).not.toBe(before);
    expect([turned.check(item, 'body', before), both.check(item, 'body', after)]).toEqual(['good', 'good']);
    const alone = await seal(second);
    expect([alone.check(item, 'body', before), alone.check(item, 'body', after)]).toEqual(['mac', 'good']);
  });

  test.each([
    ['none', '[]'],
    ['three', keysText(key(1), key(2), key(3))],
    ['one that is too short', JSON.stringify([Buffer.alloc(31, 1).toString('base64')])],
    ['text that is no base64', '["CANARY CANARY CANARY CANARY CANARY CANARY CANARY"]'],
    ['no list', '{"key":"CANARY"}'],
    ['no JSON', 'CANARY'],
  ])('are %s: malformed, and nothing of it is quoted', async (_, text) => {
    const { arn } = await secret(text);
    const { secrets, counted } = reader();
    await expect(macKeys(secrets, arn)()).rejects.toMatchObject({
      problem: 'malformed',
      message: expect.not.stringContaining('CANARY'),
    });
    expect(counted).toEqual(['secret-failed problem=malformed stale=none']);
  });
});

describe("Amazon ECR's tokens", () => {
  function tokens(endpoint = moto.endpoint) {
    const time = { now: Date.parse('2026-01-01T00:00:00Z') };
    const asked: string[] = [];
    const clients = ecrClients({ endpoint, credentials: fakeCredentials });
    const clientFor = async (name: string): Promise<Pick<ECRClient, 'send'>> => {
      const made = await clients(name);
      asked.push(name);
      return made;
    };
    const { find } = ecrCredentials({ clientFor, accounts: [account], clock: () => time.now });
    return { time, asked, find: (registry: string) => find({ registry, path: 'team/app' }) };
  }

  test('are for the registries of the own account, each region its own; others get none', async () => {
    const { find, asked } = tokens();
    const credential = { kind: 'basic', username: 'AWS', password: `${account}-auth-token` };
    expect(await find(ownEcr)).toMatchObject(credential);
    expect(await find(ownEcr.replace(region, 'us-east-2'))).toMatchObject(credential);
    expect(asked).toEqual([region, 'us-east-2']);
    for (const host of [otherEcr, `${ownEcr}.evil.example`, '127.0.0.1:5000', 'ghcr.io']) {
      expect(await find(host)).toBeUndefined();
    }
    expect(asked).toHaveLength(2);
  });

  // moto's tokens end in 2015.
  test('whose end is past are kept for a minute and no longer', async () => {
    const { find, time, asked } = tokens();
    await find(ownEcr);
    time.now += minute - 1;
    await find(ownEcr);
    expect(asked).toHaveLength(1);
    time.now += 1;
    await find(ownEcr);
    expect(asked).toHaveLength(2);
  });

  test('that cannot be had are unavailable, and a past one does not stand in', async () => {
    const own = await startMoto();
    const { find, time } = tokens(own.endpoint);
    expect(await find(ownEcr)).toBeDefined();
    await own.stop();
    time.now += minute;
    await expect(find(ownEcr)).rejects.toMatchObject({ reason: 'registry-unreachable' });
  });
});
