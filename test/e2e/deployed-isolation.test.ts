import { setImmediate as nextTurn } from 'node:timers/promises';
import { type LocalRegistry, on, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { passTime, startTimers, stopTimers } from '../../shared/aws/testing/time.ts';
import { selfSigned } from '../../shared/net/testing/certificate.ts';
import { type DeployedResponse, type DeployedWorld, type Instance, openDeployed, tokens } from './deployed-world.ts';
import { pod, policy, review } from './documents.ts';

// Two clusters of one function: one of them is flooded with calls whose registry hangs, with the timeout that a token's holder likes best.
// Time passes only while that registry is waited for.

let world: DeployedWorld;
/** The registry of prod, which hangs; staging's is the world's. */
let hung: LocalRegistry;
let ca: Readonly<Record<string, string>>;

const step = 50;
/** Turns of the event loop before time passes: what answers, as the secrets do, must have done so, however busy the machine is. */
const turnsAStep = 2000;
const time = { now: 0 };
/** Whether the registry has been asked and is silent, since time last began to stand still. */
let waitedFor = false;
let hangs = true;

beforeAll(async () => {
  world = await openDeployed();
  const { key: keyPem, cert: certPem } = await selfSigned('127.0.0.1');
  hung = await startRegistry({ tls: { keyPem, certPem } });
  ca = { [hung.host]: certPem };
  for (const destination of [world.destination, storeDestination(hung)]) {
    const digest = await makeImage(destination, 'team/signed', '1');
    await sign(destination, { repository: 'team/signed', digest, key: world.team });
  }
});
afterAll(async () => {
  await hung.close();
  await world.close();
});

beforeEach(async () => {
  hangs = true;
  hung.settings.intercept = () => {
    if (!hangs) return undefined;
    waitedFor = true;
    return { kind: 'hang' };
  };
  const { registry, secrets, team } = world;
  secrets.set('tokens', JSON.stringify({ prod: [tokens.prod], staging: [tokens.staging] }));
  secrets.set('mac-keys', JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
  const spec = ['webhookTimeoutSeconds: 20'];
  await world.policies({
    'prod/own.yaml': policy({ images: `${hung.host}/team/*`, keys: [team] }),
    'prod/lenient.yaml': policy({ name: 'l', images: `${hung.host}/team/*`, keys: [team], failurePolicy: 'Ignore' }),
    'staging/own.yaml': policy({ images: `${registry.host}/team/*`, keys: [team], spec }),
  });
  // Nothing is known of an earlier test.
  world.now += 3_600_000 * 25;
});
afterEach(startTimers);

async function start(): Promise<Instance> {
  const hosts = [world.registry.host, hung.host].join();
  const instance = world.start({ PRIVATE_HOSTS: hosts }, { ca, elapsed: () => time.now });
  await instance.loadAll();
  stopTimers();
  return instance;
}

/** Answers, and the milliseconds that an instance was held for it. */
async function held(call: () => Promise<DeployedResponse>): Promise<{ answer: DeployedResponse; took: number }> {
  const since = time.now;
  let over = false;
  const answer = call().finally(() => {
    over = true;
  });
  while (!over) {
    for (let turn = 0; turn < turnsAStep && !over; turn++) await nextTurn();
    if (over || !waitedFor) continue;
    pass(step);
  }
  waitedFor = false;
  return { answer: await answer, took: time.now - since };
}

function pass(milliseconds: number): void {
  time.now += milliseconds;
  passTime(milliseconds);
}

const flood = (instance: Instance, scope = 'fail') =>
  instance.send(`/prod/mutate/${scope}/${tokens.prod}`, review(pod([`${hung.host}/team/signed:1`])), 30_000, '30s');
const neighbour = (instance: Instance) =>
  instance.send(`/staging/mutate/fail/${tokens.staging}`, review(pod([`${world.registry.host}/team/signed:1`])));

/** What resolving a tag has of the ten seconds that prod's rules ask for, and one step more. */
const ownWait = (10_000 - 1300) / 2 + step;
const probe = 2000 + step;

test('a flood holds an instance for three of its own waits, and then for two seconds of every twelve', async () => {
  const instance = await start();
  const waits: number[] = [];
  for (let call = 0; call < 120; call++) {
    const { answer, took } = await held(() => flood(instance));
    // No denial and no pass, whether it is waited for or not.
    expect(answer).toMatchObject({ statusCode: 200, allowed: false, code: 503 });
    waits.push(took);
    pass(100);
  }
  for (const took of waits.slice(0, 3)) expect(took).toBeLessThanOrEqual(ownWait);
  const later = waits.slice(3).filter((took) => took > 0);
  expect(later).toHaveLength(2);
  for (const took of later) expect(took).toBeLessThanOrEqual(probe);
  expect(instance.counted.filter((name) => name.startsWith('registry-breaker'))).toEqual([
    'registry-breaker state=open registry=127.0.0.1',
  ]);
  // Its calls under Ignore are told so as well, and at once.
  const { answer, took } = await held(() => flood(instance, 'ignore'));
  expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining('registry-unreachable')] });
  expect(took).toBe(0);
}, 60_000);

test('the other cluster is answered by the requests that it takes alone, and in no more time, beside sixty calls of the flood', async () => {
  const { registry } = world;
  registry.requests.length = 0;
  expect(await neighbour(await start())).toMatchObject({ allowed: true });
  const alone = registry.count();
  startTimers();
  world.now += 3_600_000 * 25;

  const instance = await start();
  registry.requests.length = 0;
  hung.requests.length = 0;
  const since = time.now;
  let ended = 0;
  const calls = Array.from({ length: 60 }, () => flood(instance).finally(() => ended++));
  while (hung.count() === 0) await nextTurn();
  expect(await neighbour(instance)).toMatchObject({ allowed: true, warnings: [] });
  expect([registry.count(), time.now - since, ended]).toEqual([alone, 0, 0]);
  const { took } = await held(() => Promise.all(calls).then(([first]) => first as DeployedResponse));
  expect(took).toBeLessThanOrEqual(2 * ownWait);
});

test('the other cluster’s reviews are its own between those of the flood, too', async () => {
  const instance = await start();
  for (let call = 0; call < 6; call++) {
    await held(() => flood(instance));
    const { answer, took } = await held(() => neighbour(instance));
    expect([answer.allowed, answer.warnings, took]).toEqual([true, [], 0]);
  }
});

test('a registry that has recovered is asked again by one question, and its images are admitted', async () => {
  const instance = await start();
  for (let call = 0; call < 5; call++) await held(() => flood(instance));
  hangs = false;
  const early = await held(() => flood(instance));
  expect([early.answer.code, early.took]).toEqual([503, 0]);
  pass(10_000);
  expect((await held(() => flood(instance))).answer).toMatchObject({ allowed: true, warnings: [] });
  expect(instance.counted.filter((name) => name.startsWith('registry-breaker'))).toEqual([
    'registry-breaker state=open registry=127.0.0.1',
    'registry-breaker state=closed registry=127.0.0.1',
  ]);
});

test('an author whose repository is slow opens nothing for others in that registry', async () => {
  const instance = await start();
  const hang = hung.settings.intercept;
  hung.settings.intercept = on({ name: 'team/slow' }, (request) => hang?.(request));
  const slow = () =>
    instance.send(`/prod/mutate/fail/${tokens.prod}`, review(pod([`${hung.host}/team/slow:1`])), 30_000, '30s');
  for (let call = 0; call < 7; call++) {
    const { answer, took } = await held(slow);
    expect(answer).toMatchObject({ allowed: false, code: 503, message: expect.stringContaining('(deadline)') });
    expect(took).toBeLessThanOrEqual(ownWait);
  }
  expect((await held(() => flood(instance))).answer).toMatchObject({ allowed: true, warnings: [] });
  expect(instance.counted.filter((name) => name.startsWith('registry-breaker'))).toEqual([]);
});
