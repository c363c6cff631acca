import { ecrClients } from './ecr-clients.ts';
import { ecrCredentials } from './ecr-credentials.ts';
import { failed, fakeCredentials, type Service, type ServiceAnswer, startService } from './testing/service.ts';
import { passTime, startTimers, stopTimers } from './testing/time.ts';

let service: Service;
const start = 1_795_510_800_000;
const minute = 60_000;
const hour = 60 * minute;
const account = '123456789012';
const other = '310987654321';
const host = `${account}.dkr.ecr.eu-west-1.amazonaws.com`;

beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());

/** Time enough for a busy machine; the test about time has its own. */
function credentialsAt(more: { timeoutMs?: number } = { timeoutMs: 15_000 }) {
  const time = { now: start };
  const regions: string[] = [];
  const clientFor = ecrClients({ endpoint: service.endpoint, credentials: fakeCredentials });
  const credentials = ecrCredentials({
    clientFor(region) {
      regions.push(region);
      return clientFor(region);
    },
    accounts: [account, other],
    clock: () => time.now,
    ...more,
  });
  return { time, regions, find: (registry = host) => credentials.find({ registry, path: 'team/app' }) };
}

/** A token whose password is `password`, good until `end`, in milliseconds. */
function gives(password: string, end: number | undefined): void {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  const expiresAt = end === undefined ? {} : { expiresAt: end / 1000 };
  service.answerWith(() => ({ status: 200, body: { authorizationData: [{ authorizationToken, ...expiresAt }] } }));
}

function fails(answer: ServiceAnswer): void {
  service.answerWith(() => answer);
}

const basic = (password: string, region = 'eu-west-1') => ({
  kind: 'basic',
  username: 'AWS',
  password,
  for: `Amazon ECR in ${region}`,
  issued: true,
});

test('a token is asked for once by all who ask at a time', async () => {
  const { find, regions } = credentialsAt();
  gives('one', start + 12 * hour);
  expect(await Promise.all([find(), find(), find()])).toEqual([basic('one'), basic('one'), basic('one')]);
  expect(service.calls).toEqual([{ operation: 'GetAuthorizationToken', input: {} }]);
  expect(regions).toEqual(['eu-west-1']);
});

test.each([
  ['ten hours where it is good for twelve', 12 * hour, 10 * hour],
  ['until half an hour before its end where that comes first', 2 * hour, 90 * minute],
  ['a minute where its end is near', 20 * minute, minute],
  ['a minute where its end is in the past', 1_420_070_400_000 - start, minute],
  ['a minute where it comes without an end', undefined, minute],
])('it is kept %s', async (_, life, kept) => {
  const { find, time } = credentialsAt();
  gives('one', life === undefined ? undefined : start + life);
  await find();
  gives('two', start + 24 * hour);
  time.now = start + kept - 1;
  expect(await find()).toEqual(basic('one'));
  time.now = start + kept;
  expect(await find()).toEqual(basic('two'));
});

test('each region has its own token; FIPS and dual-stack names of a region share one', async () => {
  const { find, regions } = credentialsAt();
  gives('one', start + 12 * hour);
  await find(`${account}.dkr.ecr.us-gov-west-1.amazonaws.com`);
  await find(`${account}.dkr.ecr-fips.us-gov-west-1.amazonaws.com`);
  await find(`${account}.dkr-ecr.us-gov-west-1.on.aws`);
  await find(`${account}.dkr.ecr.cn-north-1.amazonaws.com.cn`);
  await find(`${account}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`);
  await find(`${account}.dkr.ecr.eusc-de-east-1.amazonaws.eu`);
  expect(regions).toEqual(['us-gov-west-1', 'cn-north-1', 'eusc-de-east-1']);
  expect(service.calls).toHaveLength(3);
});

test('accounts that were named share the token of a region', async () => {
  const { find, regions } = credentialsAt();
  gives('one', start + 12 * hour);
  expect(await find(`${other}.dkr.ecr.eu-west-1.amazonaws.com`)).toEqual(basic('one'));
  expect(await find()).toEqual(basic('one'));
  expect(regions).toEqual(['eu-west-1']);
  expect(service.calls).toHaveLength(1);
});

test.each([
  ['another account', '210987654321.dkr.ecr.eu-west-1.amazonaws.com'],
  ['a host that only begins like one (CVE-2025-27403)', `${host}.evil.example`],
  ['a host that only ends like one', `evil-${host}`],
  ['another port', `${host}:8443`],
  ['a region that is none', `${account}.dkr.ecr.evil.amazonaws.com`],
  ['another registry', 'ghcr.io'],
  ['the public gallery', 'public.ecr.aws'],
])('%s: no credential, and nothing is asked', async (_, registry) => {
  const { find, regions } = credentialsAt();
  gives('one', start + 12 * hour);
  expect(await find(registry)).toBeUndefined();
  expect([regions, service.calls]).toEqual([[], []]);
  expect(await find()).toEqual(basic('one'));
});

describe('what fails is no denial', () => {
  test.each([
    ['denied', failed('AccessDeniedException'), 'registry-unauthorized'],
    ['credentials of ours that are over', failed('ExpiredTokenException'), 'registry-unauthorized'],
    ['throttled', failed('ThrottlingException'), 'registry-throttled'],
    ['a server error', failed('ServerException', 500), 'registry-error'],
    ['a connection that breaks', 'break' as const, 'registry-unreachable'],
    ['no token', { status: 200, body: { authorizationData: [] } }, 'registry-error'],
    [
      'a token that is none',
      { status: 200, body: { authorizationData: [{ authorizationToken: 'QVdT' }] } },
      'registry-error',
    ],
  ])('%s', async (_, answer, reason) => {
    const { find, time } = credentialsAt();
    fails(answer);
    await expect(find()).rejects.toMatchObject({ name: 'Refusal', reason, kind: 'unavailable' });
    const asked = service.calls.length;
    await expect(find()).rejects.toMatchObject({ reason });
    expect(service.calls).toHaveLength(asked);
    gives('one', start + 12 * hour);
    time.now += 5000;
    expect(await find()).toEqual(basic('one'));
  });

  test('no answer: after a second and a half', async () => {
    const { find } = credentialsAt({});
    service.answerWith(() => {
      passTime(1500);
      return undefined;
    });
    stopTimers();
    await expect(find()).rejects.toMatchObject({ reason: 'registry-unreachable' });
    startTimers();
  });

  test('the message holds nothing of the token', async () => {
    const { find } = credentialsAt();
    fails({ status: 200, body: { authorizationData: [{ authorizationToken: 'c2VjcmV0' }] } });
    const thrown = await find().catch((error: unknown) => error);
    expect(String(thrown)).toContain('Amazon ECR in eu-west-1 gave no token');
    expect(String(thrown)).not.toMatch(/secret|c2Vj/);
  });

  test('while a new token cannot be had the old one is used, until a minute before its end', async () => {
    const { find, time } = credentialsAt();
    gives('one', start + 12 * hour);
    await find();
    fails(failed('AccessDeniedException'));
    time.now = start + 12 * hour - minute - 1;
    expect(await find()).toEqual(basic('one'));
    time.now = start + 12 * hour - minute;
    await expect(find()).rejects.toMatchObject({ reason: 'registry-unauthorized' });
  });
});
