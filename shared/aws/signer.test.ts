import { spending } from '../net/testing/spending.ts';
import type { SignerQuestion } from '../revocation/revocation.ts';
import { awsSigner } from './signer.ts';
import { signerClients } from './signer-clients.ts';
import { failed, fakeCredentials, type ServiceAnswer } from './testing/service.ts';
import { startSigner, type TestSignerService } from './testing/signer.ts';

const now = Date.UTC(2026, 0, 1);
const minute = 60_000;
const question: SignerQuestion = {
  what: 'aws-signer',
  profileVersionArn: 'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/release/AbCdEfGhIj',
  jobArn: 'arn:aws:signer:eu-west-1:111122223333:/signing-jobs/0f2a7c1e-0000-0000-0000-000000000000',
  certificateHashes: ['aa', 'bb', 'cc'],
  signedAt: now - minute,
};

let service: TestSignerService;
beforeAll(async () => {
  service = await startSigner();
});
afterAll(() => service.close());
beforeEach(() => {
  service.answerWith([]);
  service.asked.length = 0;
});

function signer(requestMs = 2000) {
  const time = { now };
  const regions: string[] = [];
  const clients = signerClients({ endpoint: service.endpoint, credentials: fakeCredentials, requestMs });
  const clientFor = (region: string) => {
    regions.push(region);
    return clients(region);
  };
  return { time, regions, ask: awsSigner({ clientFor, clock: () => time.now }) };
}

test('nothing is revoked: good; the platform, the profile, the job, the certificates and the time are asked about', async () => {
  const { ask, regions } = signer();
  const allowance = spending();
  expect(await ask(question, allowance)).toEqual({ status: 'good', message: '', until: now + 15 * minute });
  expect(service.asked).toEqual([
    {
      platformId: ['Notation-OCI-SHA384-ECDSA'],
      profileVersionArn: [question.profileVersionArn],
      jobArn: [question.jobArn],
      certificateHashes: ['aa', 'bb', 'cc'],
      signatureTimestamp: ['2025-12-31T23:59:00Z'],
    },
  ]);
  expect(regions).toEqual(['eu-west-1']);
  expect(allowance.spent.requests).toBe(1);
});

test.each([
  ['arn:aws-us-gov:signer:us-gov-west-1:111122223333:/signing-profiles/p/v', 'us-gov-west-1'],
  ['arn:aws-eusc:signer:eusc-de-east-1:111122223333:/signing-profiles/p/v', 'eusc-de-east-1'],
  ['arn:aws-cn:signer:cn-north-1:111122223333:/signing-profiles/p/v', 'cn-north-1'],
])('%s is asked about in its own region', async (profileVersionArn, region) => {
  const { ask, regions } = signer();
  expect(await ask({ ...question, profileVersionArn }, spending())).toMatchObject({ status: 'good' });
  expect(regions).toEqual([region]);
});

test.each([
  'arn:aws:signer:evil.example/:111122223333:/signing-profiles/p/v',
  'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/p',
  'arn:aws:kms:eu-west-1:111122223333:/signing-profiles/p/v',
  'nonsense',
])('%s names no region that is asked', async (profileVersionArn) => {
  const { ask, regions } = signer();
  expect(await ask({ ...question, profileVersionArn }, spending())).toMatchObject({ status: 'unknown' });
  expect(regions).toEqual([]);
});

test('what is revoked is named', async () => {
  service.answerWith([question.profileVersionArn]);
  expect(await signer().ask(question, spending())).toEqual({
    status: 'revoked',
    message: `AWS Signer says that it is revoked: ${question.profileVersionArn}`,
    until: now + 15 * minute,
  });
});

test.each<[string, ServiceAnswer, string]>([
  ['denied', failed('AccessDeniedException', 403), 'allow the action signer:GetRevocationStatus'],
  ['throttled', failed('TooManyRequestsException', 429), 'asks to slow down (TooManyRequestsException)'],
  ['failing', failed('InternalServiceErrorException', 500), 'AWS Signer failed'],
  ['asked wrongly', failed('ValidationException', 400), '(ValidationException)'],
  ['broken', 'break', 'the connection to AWS Signer broke'],
  ['slow', undefined, 'AWS Signer did not answer in time'],
])('%s: unknown, after two tries at most', async (_, answer, told) => {
  service.answerWith(answer);
  const found = await signer(100).ask(question, spending());
  expect(found).toMatchObject({ status: 'unknown', until: now + 10_000 });
  expect(found.message).toMatch(/^signer:GetRevocationStatus in eu-west-1: /);
  expect(found.message).toContain(told);
  expect(found.message).not.toContain(fakeCredentials.accessKeyId);
  expect(service.asked.length).toBeLessThanOrEqual(2);
});

test('a region that fails is not asked again for ten seconds; a question that it does not take says nothing of others', async () => {
  const { ask, time } = signer();
  service.answerWith(failed('AccessDeniedException', 403));
  await ask(question, spending());
  service.answerWith([]);
  expect(await ask({ ...question, jobArn: 'another' }, spending())).toMatchObject({ status: 'unknown' });
  expect(service.asked).toHaveLength(1);
  time.now += 10_000;
  service.answerWith(failed('ValidationException', 400));
  expect(await ask(question, spending())).toMatchObject({ status: 'unknown' });
  service.answerWith([]);
  expect(await ask({ ...question, jobArn: 'another' }, spending())).toMatchObject({ status: 'good' });
});

test('the review’s time ends: that is not what AWS Signer says', async () => {
  service.answerWith(undefined);
  const { ask } = signer();
  const allowance = spending();
  const asked = ask(question, allowance);
  setImmediate(() => allowance.end());
  await expect(asked).rejects.toMatchObject({ reason: 'deadline' });
  service.answerWith([]);
  expect(await ask(question, spending())).toMatchObject({ status: 'good' });
});
