import { makeImage, sign } from '../../local/signer/signer.ts';
import { openStage, pod, policy, review } from './harness.ts';

// What is valid until a time is told by the wall clock, what takes a while by one that nobody sets. A machine that sleeps stops the
// second one; whoever sets the clock moves the first one.

const hour = 3_600_000;

async function signedStage(elapsed: () => number) {
  const stage = await openStage({ core: { elapsed } });
  const { target, team: key, registry } = stage;
  const digest = await makeImage(target, 'team/app', 'v1');
  await sign(target, { repository: 'team/app', digest, key });
  stage.policies(policy({ images: `${registry.host}/*`, keys: [key] }));
  const ask = async (timeout = '10s') => {
    registry.requests.length = 0;
    const answer = await stage.send('/mutate', review(pod([`${registry.host}/team/app@${digest}`])), { timeout });
    return { allowed: answer.allowed, requests: registry.count() > 0 };
  };
  return { stage, ask };
}

test('a machine that slept for two hours believes nothing that was good for one', async () => {
  const { stage, ask } = await signedStage(() => 0);
  expect(await ask()).toEqual({ allowed: true, requests: true });
  expect(await ask()).toEqual({ allowed: true, requests: false });
  stage.now += 2 * hour;
  expect(await ask()).toEqual({ allowed: true, requests: true });
  await stage.close();
});

test('a clock that is set forward or back in the middle of a review ends nobody’s time', async () => {
  let ticks = 0;
  const { stage, ask } = await signedStage(() => {
    ticks += 1;
    stage.now += ticks % 2 === 0 ? 3 * hour : -2 * hour;
    return ticks;
  });
  expect(await ask()).toEqual({ allowed: true, requests: true });
  await stage.close();
});
