import { monotonic } from '../shared/net/deadline.ts';
import { spending } from '../shared/net/testing/spending.ts';
import { startWorld } from '../shared/revocation/testing/world.ts';
import { now } from '../test/fixtures/ask.ts';
import { ocspAnswer } from '../test/fixtures/authority/revocation.ts';
import { localRevocations } from './revocations.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

test('on this machine responders at any address are asked, over plain HTTP; and what asked none is closed as well', async () => {
  const options = {
    door: { addresses: 'any' as const, allowHttp: [] },
    clock: () => now,
    elapsed: monotonic,
    metrics: { count: () => undefined },
  };
  const asked = localRevocations(options);
  const { made, certificate } = world.certify({ ocsp: [world.at('ocsp')] });
  world.served.set('ocsp', ocspAnswer(world.revoker, made, { status: {} }));
  const question = { what: 'chain', chain: [certificate, world.issuer], signedAt: undefined } as const;
  expect(await asked.ask(question, spending())).toMatchObject({ status: 'revoked' });
  await Promise.all([asked.close(), localRevocations(options).close()]);
});
