import { fakeCredentials } from '../../../shared/aws/testing/service.ts';
import { startSigner, type TestSignerService } from '../../../shared/aws/testing/signer.ts';
import { monotonic } from '../../../shared/net/deadline.ts';
import { spending } from '../../../shared/net/testing/spending.ts';
import { startWorld } from '../../../shared/revocation/testing/world.ts';
import { now } from '../../../test/fixtures/ask.ts';
import { ocspAnswer } from '../../../test/fixtures/authority/revocation.ts';
import type { RegistryConfig } from '../config/registry.ts';
import { lazyRevocations } from './lazy.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
let signer: TestSignerService;
beforeAll(async () => {
  [world, signer] = await Promise.all([startWorld(), startSigner()]);
});
afterAll(() => Promise.all([world.close(), signer.close()]));

function deployed(config: Partial<RegistryConfig> = {}) {
  return lazyRevocations({
    config: { account: '111122223333', vpcRanges: [], privateHosts: [], registryCa: undefined, ...config },
    clock: () => now,
    elapsed: monotonic,
    metrics: { count: () => undefined },
    signer: { endpoint: signer.endpoint, credentials: fakeCredentials },
  });
}

test('a responder in the VPC is asked where the settings name it, over plain HTTP; by itself it is not', async () => {
  const { made, certificate } = world.certify({ ocsp: [world.at('ocsp')] });
  world.served.set('ocsp', ocspAnswer(world.revoker, made));
  const question = { what: 'chain', chain: [certificate, world.issuer], signedAt: undefined } as const;
  const inVpc = { vpcRanges: ['127.0.0.0/8'], privateHosts: [world.server.host] };
  expect(await deployed(inVpc).ask(question, spending())).toMatchObject({ status: 'good' });
  expect(await deployed().ask(question, spending())).toMatchObject({
    status: 'unknown',
    message: expect.stringContaining('is on an address that is not called from here'),
  });
});

test('AWS Signer is asked', async () => {
  const arn = 'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/release/AbCdEfGhIj';
  signer.answerWith([arn]);
  const question = {
    what: 'aws-signer',
    profileVersionArn: arn,
    jobArn: 'arn:aws:signer:eu-west-1:111122223333:/signing-jobs/1',
    certificateHashes: ['aa'],
    signedAt: now,
  } as const;
  expect(await deployed().ask(question, spending())).toMatchObject({ status: 'revoked' });
});
