import { policy } from '../e2e/documents.ts';
import { oneCluster, type Scene, type SceneImage } from './scene.ts';

// What an API server decides before it calls: by the labels of a namespace, and by a policy's own conditions.

const cluster = oneCluster();

const selector = 'namespaceSelector: {matchLabels: {tier: prod}}';
const kinds = '{resources: {kinds: [Pod]}}';

let scene: Scene;
const bad = new Map<string, SceneImage>();

beforeAll(async () => {
  scene = await cluster.open({
    shape: 'http-api',
    labels: { tier: 'prod' },
    // Of a Pod: fail, fail and ignore of the label, each on both steps.
    webhooks: 6,
    policies: (host, team) => {
      const about = (name: string) => ({ name, images: `${host}/${name}/*`, keys: [team] });
      return [
        policy(about('plain')),
        policy({ ...about('match'), match: `any: [{resources: {kinds: [Pod], ${selector}}}]` }),
        policy({ ...about('exclude'), match: `{any: [${kinds}]}\n      exclude: {any: [{resources: {${selector}}}]}` }),
        policy({ ...about('override'), spec: [`validationFailureActionOverrides: [{action: Audit, ${selector}}]`] }),
      ];
    },
  });
  for (const name of ['plain', 'match', 'exclude', 'override']) {
    bad.set(name, await scene.image(`${name}/bad`, { signed: false }));
  }
});

let count = 0;
/** What becomes of a Pod with an unsigned image that a policy is about. */
async function outcome(name: string): Promise<string> {
  count += 1;
  const { code, stderr } = await scene.kubectl(['run', `pod-${count}`, `--image=${bad.get(name)?.tagged}`]);
  if (code !== 0) return stderr.includes(`policy ${name}, rule check`) ? 'denied' : stderr;
  return stderr.includes('no-signature') ? 'warned' : 'created';
}

const outcomes = async () =>
  Object.fromEntries(await Promise.all([...bad.keys()].map(async (name) => [name, await outcome(name)])));

/** The API server learns of a label a moment after it has stored it. */
async function relabel(label: string, expected: Record<string, string>): Promise<void> {
  const { code, stderr } = await cluster().kubectl(['label', '--overwrite', 'namespace', scene.namespace, label]);
  expect([code, stderr]).toEqual([0, '']);
  const end = Date.now() + 20_000;
  let found = await outcomes();
  while (JSON.stringify(found) !== JSON.stringify(expected) && Date.now() < end) found = await outcomes();
  expect(found).toEqual(expected);
}

test('a namespace with the label', async () => {
  expect(await outcomes()).toEqual({ plain: 'denied', match: 'denied', exclude: 'created', override: 'warned' });
});

test.each(['tier=dev', 'tier-'])('and after kubectl label %s', async (label) => {
  await relabel(label, { plain: 'denied', match: 'created', exclude: 'denied', override: 'denied' });
});

test('and with the label again', async () => {
  await relabel('tier=prod', { plain: 'denied', match: 'denied', exclude: 'created', override: 'warned' });
});

test("conditions of a policy: where they do not hold, it is not asked; another policy's images are", async () => {
  const free = 'matchConditions: [{name: named, expression: "!object.metadata.name.startsWith(\'free-\')"}]';
  const conditional = await cluster.open({
    shape: 'http-api',
    policies: (host, team) => [
      policy({ name: 'plain', images: `${host}/plain/*`, keys: [team] }),
      policy({ name: 'when', images: `${host}/when/*`, keys: [team], spec: [`webhookConfiguration: {${free}}`] }),
    ],
  });
  const run = async (name: string, repository: string) => {
    const { tagged } = await conditional.image(`${repository}/bad`, { signed: false });
    return (await conditional.kubectl(['run', name, `--image=${tagged}`])).code;
  };
  expect(await run('bound', 'when')).toBe(1);
  expect(await run('free-one', 'when')).toBe(0);
  expect(await run('free-two', 'plain')).toBe(1);
});
