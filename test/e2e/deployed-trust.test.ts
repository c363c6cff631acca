import { publishedKey } from '../../functions/wiring/trust/published.ts';
import { makeImage } from '../../local/signer/signer.ts';
import { cosignItem, payloadOf } from '../fixtures/attached.ts';
import { makeLog, type TestLog } from '../fixtures/log.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { trustedRootOf } from '../fixtures/trusted-root.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { type DeployedWorld, type Instance, openDeployed, tokens } from './deployed-world.ts';
import { pod, policy, review } from './documents.ts';

// A deployed function under trust roots that come, change and cannot be read: whom it believes is what is in force, the ledger included.

const ours = await makeLog();
const other = await makeLog('https://other-log.test');
const signer = makeSigner();
const name = 'team/app';
let world: DeployedWorld;
let image: string;

beforeAll(async () => {
  world = await openDeployed();
  const digest = await makeImage(world.destination, name);
  const made = imageIn(world, name, digest);
  const message = payloadOf(made);
  const signature = signer.sign(message);
  const { annotation } = await ours.record('hashedrekord 0.0.1', { message, signature, signer });
  attachItems(world, name, digest, [cosignItem(message, signer, { signature, log: annotation })]);
  image = `${world.registry.host}/${name}@${digest}`;
  world.secrets.set('tokens', JSON.stringify({ prod: [tokens.prod] }));
  world.secrets.set('mac-keys', JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
  const attestors = [{ entries: [{ keys: { publicKeys: signer.pem } }] }];
  await world.policies({ 'logged.yaml': policy({ images: `${world.registry.host}/*`, attestors }) });
});
afterAll(() => world.close());
beforeEach(() => {
  world.now += 3_600_000;
  world.bucket.stored.clear();
  world.bucket.calls.length = 0;
  world.bucket.failure = undefined;
});

const publish = (...logs: readonly TestLog[]) =>
  world.bucket.stored.set(publishedKey, { bytes: trustedRootOf(logs), writtenAt: world.now });

/** The reason of the one image's result. */
async function reasonOf(instance: Instance): Promise<string | undefined> {
  const { allowed } = await instance.send(`/prod/mutate/fail/${tokens.prod}`, review(pod([image])));
  const reason = instance.records.at(-1)?.images[0]?.reason;
  expect(allowed).toBe(reason === 'verified');
  return reason;
}

/** An instance that has loaded all that it needs: none of a review's time goes into that. */
async function started(settings: Readonly<Record<string, string>> = {}): Promise<Instance> {
  const instance = world.start(settings);
  await instance.loadAll();
  return instance;
}

const sourceOf = (instance: Instance) => instance.records.at(-1)?.images[0]?.source;

test('the published root decides, and what was remembered under another one is not believed', async () => {
  publish(ours);
  const instance = await started({ TRUST_BUCKET: 'b' });
  expect(await reasonOf(instance)).toBe('verified');
  expect(await reasonOf(instance)).toBe('verified');
  expect(sourceOf(instance)).toBe('ledger');
  expect(world.bucket.calls).toEqual([`GET ${publishedKey} 200`]);
  publish(other);
  world.now += 30_000;
  expect(await reasonOf(instance)).toBe('log-entry-mismatch');
  publish(other, ours);
  world.now += 30_000;
  expect(await reasonOf(instance)).toBe('verified');
  expect(sourceOf(instance)).toBe('registry');
  expect(instance.problems).toEqual([]);
});

test('a bucket that cannot be read is a warning and a metric: the carried root decides, and no review is refused for it', async () => {
  world.bucket.failure = { status: 500, code: 'InternalError' };
  const instance = await started({ TRUST_BUCKET: 'b' });
  expect(await reasonOf(instance)).toBe('log-entry-mismatch');
  expect(instance.counted).toContain('trust-root-unread');
  expect(instance.warned).toContainEqual(expect.stringContaining('Amazon S3 failed'));
  world.bucket.failure = undefined;
  publish(ours);
  world.now += 30_000;
  expect(await reasonOf(instance)).toBe('verified');
});

test('a file of the zip replaces the carried root; none trusts the policies alone', async () => {
  await world.file('ours.json', trustedRootOf([ours]).toString());
  expect(await reasonOf(await started({ TRUST_ROOT: 'ours.json' }))).toBe('verified');
  expect(await reasonOf(await started({ TRUST_ROOT: 'none', TRUST_BUCKET: 'b' }))).toBe('trust-missing');
  expect(await reasonOf(await started())).toBe('log-entry-mismatch');
  expect(world.bucket.calls).toEqual([]);
});

test('a file that is no trust root refuses what rests on it, and tells why', async () => {
  await world.file('bad.json', '{}');
  const instance = await started({ TRUST_ROOT: 'bad.json' });
  expect(await reasonOf(instance)).toBe('trust-missing');
  expect(instance.problems).toContainEqual(expect.stringContaining('TRUST_ROOT: bad.json is no trust root'));
});
