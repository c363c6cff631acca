import { macKeys, webhookTokens } from './function-secrets.ts';
import { createSecrets } from './secrets.ts';
import { secretsClient } from './secrets-client.ts';
import {
  failed,
  fakeCredentials,
  keptMetrics,
  type Service,
  type ServiceAnswer,
  startService,
} from './testing/service.ts';
import { passTime, startTimers, stopTimers } from './testing/time.ts';

let service: Service;
const start = 1_795_510_800_000;
const hour = 3_600_000;

beforeEach(async () => {
  service = await startService();
  stopTimers();
});
afterEach(() => {
  startTimers();
  return service.close();
});

function secretsAt() {
  const time = { now: start };
  const metrics = keptMetrics();
  const client = secretsClient({ region: 'eu-west-1', endpoint: service.endpoint, credentials: fakeCredentials });
  const secrets = createSecrets({ client, clock: () => time.now, metrics });
  return { secrets, time, counted: metrics.counted };
}

function holds(text: string): void {
  service.answerWith(() => ({ status: 200, body: { SecretString: text } }));
}

function fails(answer: ServiceAnswer): void {
  service.answerWith(() => answer);
}

describe('a secret', () => {
  test('is asked for by its id, once by all who ask at a time, and then kept for ten minutes', async () => {
    const { secrets, time } = secretsAt();
    holds('one');
    expect(await Promise.all([secrets.text('app/x'), secrets.text('app/x')])).toEqual(['one', 'one']);
    expect(service.calls).toEqual([{ operation: 'GetSecretValue', input: { SecretId: 'app/x' } }]);
    holds('two');
    time.now += 10 * 60_000 - 1;
    expect(await secrets.text('app/x')).toBe('one');
    time.now += 1;
    expect(await secrets.text('app/x')).toBe('two');
    expect(await secrets.text('app/y')).toBe('two');
    expect(service.calls).toHaveLength(3);
  });

  test.each([
    ['missing', 'missing', failed('ResourceNotFoundException')],
    ['scheduled for deletion', 'missing', failed('InvalidRequestException')],
    ['denied', 'unavailable', failed('AccessDeniedException')],
    ['not to be decrypted', 'unavailable', failed('DecryptionFailure')],
    ['bytes', 'malformed', { status: 200, body: { SecretBinary: Buffer.from('hidden').toString('base64') } }],
  ])('%s: %s, and not asked for again in the next five seconds', async (_, problem, answer) => {
    const { secrets, time, counted } = secretsAt();
    fails(answer);
    for (const wait of [0, 4999]) {
      time.now = start + wait;
      await expect(secrets.text('app/x')).rejects.toMatchObject({
        name: 'SecretError',
        problem,
        message: expect.stringContaining('app/x'),
      });
    }
    expect(service.calls).toHaveLength(1);
    expect(counted).toEqual([`secret-failed problem=${problem} stale=none`]);
    holds('there');
    time.now = start + 5000;
    expect(await secrets.text('app/x')).toBe('there');
  });

  test('in place of one that cannot be read, the last one stands for a day', async () => {
    const { secrets, time, counted } = secretsAt();
    holds('one');
    await secrets.text('app/x');
    fails(failed('AccessDeniedException'));
    time.now = start + 24 * hour - 1;
    expect(await secrets.text('app/x')).toBe('one');
    expect(await secrets.text('app/x')).toBe('one');
    expect(counted).toEqual(['secret-failed problem=unavailable stale=served']);
    expect(service.calls).toHaveLength(2);
    time.now = start + 24 * hour;
    await expect(secrets.text('app/x')).rejects.toMatchObject({ problem: 'unavailable' });
    time.now += 5000;
    holds('two');
    expect(await secrets.text('app/x')).toBe('two');
  });

  test('one that is gone is not used any longer', async () => {
    const { secrets, time, counted } = secretsAt();
    holds('one');
    await secrets.text('app/x');
    fails(failed('ResourceNotFoundException'));
    time.now += hour;
    await expect(secrets.text('app/x')).rejects.toMatchObject({ problem: 'missing' });
    expect(counted).toEqual(['secret-failed problem=missing stale=none']);
  });

  test('no answer: unavailable after a second and a half, or the last one', async () => {
    const { secrets, time } = secretsAt();
    const silent = () => {
      passTime(1500);
      return undefined;
    };
    service.answerWith(silent);
    await expect(secrets.text('app/x')).rejects.toMatchObject({ problem: 'unavailable' });
    time.now += 5000;
    holds('one');
    expect(await secrets.text('app/x')).toBe('one');
    service.answerWith(silent);
    time.now += hour;
    expect(await secrets.text('app/x')).toBe('one');
  });

  test('a caller waits no longer than its own time; the others go on waiting', async () => {
    const { secrets } = secretsAt();
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<ServiceAnswer>();
    service.answerWith(() => {
      arrived.resolve();
      return answer.promise;
    });
    const hurried = new AbortController();
    const early = secrets.text('app/x', hurried.signal);
    const patient = secrets.text('app/x', new AbortController().signal);
    await arrived.promise;
    hurried.abort();
    await expect(early).rejects.toMatchObject({ problem: 'unavailable' });
    answer.resolve({ status: 200, body: { SecretString: 'one' } });
    expect(await patient).toBe('one');
    expect(service.calls).toHaveLength(1);
  });

  test('one that was being read when the instance was frozen is read again', async () => {
    const { secrets, time, counted } = secretsAt();
    const arrived = Promise.withResolvers<void>();
    service.answerWith(() => {
      arrived.resolve();
      return undefined;
    });
    const atInit = secrets.text('app/x');
    await arrived.promise;
    time.now += hour;
    holds('one');
    const first = secrets.text('app/x');
    passTime(1500);
    await expect(atInit).rejects.toMatchObject({ problem: 'unavailable' });
    expect(await first).toBe('one');
    expect(counted).toEqual([]);
  });
});

const tokenA = 'A'.repeat(43);
const tokenB = 'B'.repeat(43);
const tokenC = 'C'.repeat(43);

describe('webhook tokens', () => {
  function read({ secrets, time }: ReturnType<typeof secretsAt>) {
    const told: string[] = [];
    const invalid = (message: string) => told.push(message);
    const clusters = ['prod', 'test'];
    return { tokens: webhookTokens(secrets, 'app/tokens', { clock: () => time.now, clusters, invalid }), told };
  }

  test('one or two for each cluster; none for any other', async () => {
    const { tokens, told } = read(secretsAt());
    holds(JSON.stringify({ prod: [tokenA, tokenB], test: [tokenC] }));
    expect(await tokens('prod')).toEqual([tokenA, tokenB]);
    expect(await tokens('test')).toEqual([tokenC]);
    for (const other of ['other', 'constructor', '__proto__', '']) expect(await tokens(other)).toEqual([]);
    expect(service.calls).toHaveLength(1);
    expect(told).toEqual([]);
  });

  test.each([
    ['no JSON', tokenA],
    ['no object', JSON.stringify([tokenA])],
    ['null', 'null'],
    ['no list', JSON.stringify({ prod: tokenA })],
    ['a short one', JSON.stringify({ prod: [tokenA.slice(0, 31)] })],
    ['one of another cluster', JSON.stringify({ test: [tokenA], prod: [tokenA] })],
  ])('%s: malformed, and the message tells nothing of it', async (_, text) => {
    holds(text);
    const { tokens, told } = read(secretsAt());
    const thrown = await tokens('prod').catch((error: unknown) => error);
    expect(thrown).toMatchObject({ problem: 'malformed', message: expect.stringContaining('app/tokens') });
    const said =
      JSON.stringify([thrown, told]) + (Error.isError(thrown) ? `${thrown.message}${thrown.stack}${thrown.cause}` : '');
    expect(said).not.toContain('AAAA');
  });

  test('what is wrong with one cluster’s is told, refuses that one, and no other', async () => {
    const at = secretsAt();
    const { tokens, told } = read(at);
    holds(JSON.stringify({ prod: [tokenA], test: ['short'], [tokenC.repeat(3)]: [tokenB] }));
    expect(await tokens('prod')).toEqual([tokenA]);
    await expect(tokens('test')).rejects.toMatchObject({ problem: 'malformed' });
    expect(await tokens('prod')).toEqual([tokenA]);
    expect(told).toEqual([
      'the secret app/tokens has 1 field(s) whose names no cluster can have',
      expect.stringMatching(/^the secret app\/tokens: test has a token that is not 32 to 256 /),
    ]);
    expect(at.counted).toEqual([]);
  });

  test('a field that is called like a token is told by its number alone; one that is called like a cluster, by its name', async () => {
    const { tokens, told } = read(secretsAt());
    holds(JSON.stringify({ [tokenA]: ['prod'], test: ['test'] }));
    expect(await tokens('prod')).toEqual([]);
    expect(told).toEqual([
      expect.stringMatching(/^the secret app\/tokens: test has a token that is not /),
      "the secret app/tokens has 1 wrong field(s) that are no cluster's of this deployment",
    ]);
  });

  test('a token that its cluster goes on with is no other’s meanwhile, and one that it has given up may be', async () => {
    const at = secretsAt();
    const { tokens, told } = read(at);
    holds(JSON.stringify({ prod: [tokenA], test: [tokenB] }));
    expect(await tokens('prod')).toEqual([tokenA]);
    // One that stands before it is given its token; a third one that of the second.
    holds(JSON.stringify({ last: [tokenB], test: [tokenA], prod: [tokenA] }));
    at.time.now += hour;
    expect(await tokens('prod')).toEqual([tokenA]);
    expect(await tokens('test')).toEqual([tokenB]);
    await expect(tokens('last')).rejects.toMatchObject({ problem: 'malformed' });
    expect(told).toEqual([
      expect.stringMatching(/: prod has a token of another cluster: /),
      expect.stringMatching(/: test has a token of another cluster: /),
      expect.stringMatching(/ 1 wrong field\(s\) /),
    ]);
    holds(JSON.stringify({ test: [tokenA], prod: [tokenC], last: [tokenB] }));
    at.time.now += hour;
    expect([await tokens('test'), await tokens('prod'), await tokens('last')]).toEqual([[tokenA], [tokenC], [tokenB]]);
  });

  test('the tokens that a cluster had stand for a day in place of those that are wrong; others change meanwhile', async () => {
    const at = secretsAt();
    const { tokens } = read(at);
    holds(JSON.stringify({ prod: [tokenA], test: [tokenB] }));
    expect(await tokens('prod')).toEqual([tokenA]);
    holds(JSON.stringify({ prod: ['short'], test: [tokenC] }));
    at.time.now += hour;
    expect(await tokens('prod')).toEqual([tokenA]);
    expect(await tokens('test')).toEqual([tokenC]);
    at.time.now += 23 * hour - 1;
    expect(await tokens('prod')).toEqual([tokenA]);
    at.time.now += 1;
    await expect(tokens('prod')).rejects.toMatchObject({ problem: 'malformed' });
    expect(await tokens('test')).toEqual([tokenC]);
    // Named no longer: nobody may call, of a day ago or not.
    holds(JSON.stringify({ test: [tokenC] }));
    at.time.now += hour;
    expect(await tokens('prod')).toEqual([]);
  });

  test('a mistake in the next version leaves the last one in force, counted', async () => {
    const at = secretsAt();
    const { time, counted } = at;
    const { tokens } = read(at);
    holds(JSON.stringify({ prod: [tokenA] }));
    expect(await tokens('prod')).toEqual([tokenA]);
    holds('{"prod": ');
    time.now += hour;
    expect(await tokens('prod')).toEqual([tokenA]);
    expect(counted).toEqual(['secret-failed problem=malformed stale=served']);
    holds(JSON.stringify({ prod: [tokenB, tokenA] }));
    time.now += hour;
    expect(await tokens('prod')).toEqual([tokenB, tokenA]);
  });
});

describe('MAC keys', () => {
  const key = (byte: number, length = 32) => Buffer.alloc(length, byte).toString('base64');

  test('one or two, in their order; the same list until the secret is read again', async () => {
    const { secrets, time } = secretsAt();
    const keys = macKeys(secrets, 'app/mac');
    holds(JSON.stringify([key(1), key(2, 64)]));
    const first = await keys();
    expect(first).toEqual([Buffer.alloc(32, 1), Buffer.alloc(64, 2)]);
    expect(await keys()).toBe(first);
    holds(JSON.stringify([key(2, 64)]));
    time.now += hour;
    expect(await keys()).toEqual([Buffer.alloc(64, 2)]);
  });

  test.each([
    ['no list', JSON.stringify(key(1))],
    ['none', '[]'],
    ['three', JSON.stringify([key(1), key(2), key(3)])],
    ['31 bytes', JSON.stringify([key(1, 31)])],
    ['an empty text', JSON.stringify([''])],
    ['no base64', JSON.stringify(['AQEB'.repeat(11).replace('A', '*')])],
    ['no JSON', key(1)],
  ])('%s: malformed, and the message tells nothing of it', async (_, text) => {
    holds(text);
    const thrown = await macKeys(secretsAt().secrets, 'app/mac')().catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'SecretError', problem: 'malformed' });
    expect(String(thrown)).not.toContain('QEB');
  });
});
