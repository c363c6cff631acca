import { parseDigest } from '../image/digest.ts';
import { spending } from '../net/testing/spending.ts';
import { ecrClients } from './ecr-clients.ts';
import { ecrSigning } from './ecr-signing.ts';
import { failed, fakeCredentials, type Service, type ServiceAnswer, startService } from './testing/service.ts';

const account = '111122223333';
const repository = { registry: `${account}.dkr.ecr.eu-west-1.amazonaws.com`, path: 'team/app' };
const digest =
  parseDigest(`sha256:${'ab'.repeat(32)}`) ??
  (() => {
    throw new Error('no digest');
  })();
const minute = 60_000;
const profile = `arn:aws:signer:eu-west-1:${account}:/signing-profiles/release`;

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());
beforeEach(() => {
  service.calls.length = 0;
});

function signing() {
  const time = { now: Date.UTC(2026, 0, 1) };
  const clientFor = ecrClients({ endpoint: service.endpoint, credentials: fakeCredentials });
  const status = ecrSigning({ clientFor, account, clock: () => time.now });
  return {
    time,
    of: (where = repository, allowance = spending(), profiles = [profile]) =>
      status.of(where, digest, profiles, allowance),
  };
}

const answers = (answer: ServiceAnswer) => service.answerWith(() => answer);
const says = (...statuses: readonly string[]) =>
  answers({
    status: 200,
    body: { signingStatuses: statuses.map((status) => ({ status, signingProfileArn: profile })) },
  });

test.each<[readonly string[], string]>([
  [['IN_PROGRESS'], 'in-progress'],
  [['COMPLETE', 'IN_PROGRESS'], 'in-progress'],
  [['FAILED', 'IN_PROGRESS'], 'in-progress'],
  [['FAILED', 'COMPLETE'], 'failed'],
  [['COMPLETE'], 'none'],
  [[], 'none'],
  [['SOMETHING_NEW'], 'none'],
])('of %j it is told: %s', async (statuses, told) => {
  says(...statuses);
  const allowance = spending();
  expect(await signing().of(repository, allowance)).toBe(told);
  expect(service.calls).toEqual([
    {
      operation: 'DescribeImageSigningStatus',
      input: { registryId: account, repositoryName: 'team/app', imageId: { imageDigest: digest } },
    },
  ]);
  expect(allowance.spent.requests).toBe(1);
});

test('what another profile is about to sign is nothing to wait for, and a version is of its profile', async () => {
  says('IN_PROGRESS');
  const by = (...profiles: readonly string[]) => signing().of(repository, spending(), [...profiles]);
  expect(await by(`${profile}-2`)).toBe('none');
  expect(await by(profile.slice(0, -1))).toBe('none');
  expect(await by()).toBe('none');
  expect(await by(`${profile}-2`, `${profile}/AbCdEfGhIj`)).toBe('in-progress');
  expect(await by(profile.toUpperCase())).toBe('in-progress');
});

test.each([
  'ghcr.io',
  '999922223333.dkr.ecr.eu-west-1.amazonaws.com',
  `${account}.dkr.ecr.eu-west-1.amazonaws.com.evil.example`,
  `${account}.dkr.ecr.evil.amazonaws.com`,
])('%s is not asked', async (registry) => {
  says('IN_PROGRESS');
  expect(await signing().of({ registry, path: 'team/app' })).toBe('none');
  expect(service.calls).toEqual([]);
});

test('what is not permitted is not asked for again for five minutes', async () => {
  const { of, time } = signing();
  answers(failed('AccessDeniedException'));
  expect(await of()).toBe('none');
  says('IN_PROGRESS');
  time.now += 5 * minute - 1;
  expect(await of()).toBe('none');
  expect(service.calls).toHaveLength(1);
  time.now += 1;
  expect(await of()).toBe('in-progress');
});

test('what fails says nothing; of one image, nothing of others', async () => {
  const { of, time } = signing();
  answers(failed('ImageNotFoundException'));
  expect(await of()).toBe('none');
  answers(failed('ServerException', 500));
  expect(await of()).toBe('none');
  says('IN_PROGRESS');
  expect(await of()).toBe('none');
  time.now += 10_000;
  expect(await of()).toBe('in-progress');
});

test('without time it is not asked', async () => {
  says('IN_PROGRESS');
  const allowance = spending();
  allowance.end();
  expect(await signing().of(repository, allowance)).toBe('none');
  expect(service.calls).toEqual([]);
});
