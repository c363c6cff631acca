import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, pod, policy, type World } from '../e2e/harness.ts';
import { countersign, type Ended, folderWith, inThisProcess, run } from '../e2e/processes.ts';

// What apply passes is given to kubectl: whatever kubectl would create of a file, apply has looked at.

let world: World;
let signed: string;
let unsigned: string;
beforeAll(async () => {
  world = await openWorld();
  const image = async (name: string) => [name, await makeImage(world.destination, name, '1', { label: name })] as const;
  const [repository, digest] = await image('team/signed');
  await sign(world.destination, { repository, digest, key: world.team });
  await image('team/unsigned');
  [signed, unsigned] = [`${world.registry.host}/team/signed:1`, `${world.registry.host}/team/unsigned:1`];
});
afterAll(() => world.close());

const listOf = (kind: string, ...items: readonly unknown[]) => ({ apiVersion: 'v1', kind, items });

describe.each(['Fail', 'Ignore'] as const)('apply, failurePolicy %s', (failurePolicy) => {
  const text = () => policy({ images: `${world.registry.host}/*`, keys: [world.team], failurePolicy });
  async function apply(resource: unknown): Promise<Ended> {
    await using folder = await folderWith({ 'p.yaml': text(), 'r.json': JSON.stringify(resource) });
    return await inThisProcess(['apply', folder.file('p.yaml'), '-f', folder.file('r.json'), '-o', 'yaml']);
  }

  test.each([
    ['ConfigMap', 'a "ConfigMap"'],
    ['Pod', 'a "Pod"'],
    ['Lists', 'a "Lists"'],
    ['list', 'a "list"'],
  ])('a %s with items, which is a list to kubectl, is refused by name', async (kind, named) => {
    const { spec } = pod([signed]);
    for (const items of [[pod([unsigned])], [pod([signed])], [], null, 'x', {}]) {
      const { status, stdout, stderr } = await apply({ apiVersion: 'v1', kind, metadata: { name: 'a' }, spec, items });
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`r.json:1: items: kubectl takes ${named} with a field items for a list`);
    }
    // The same field deeper down is the kind's own affair, as a ConfigMap's volume has it.
    const metadata = { name: 'a', annotations: { items: 'x' } };
    expect((await apply({ apiVersion: 'v1', kind, metadata, spec: { ...spec, items: [] } })).status).toBe(0);
  });

  test.each(['List', 'PodList', 'ExampleList'])('a %s: each of its items is looked at', async (kind) => {
    const { status, stdout, stderr } = await apply(listOf(kind, pod([signed]), pod([unsigned])));
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no-signature');
    const passed = await apply(listOf(kind, pod([signed]), pod([signed], { name: 'b' })));
    expect(passed.status).toBe(0);
    expect(passed.stdout.match(/^kind: Pod$/gm)).toHaveLength(2);
  });

  test.each<[string, () => unknown, string]>([
    [
      'a list in a list',
      () => listOf('List', pod([signed]), listOf('List', pod([unsigned]))),
      'items[1].items: a list',
    ],
    ['a Pod with items in a list', () => listOf('List', { ...pod([signed]), items: [] }), 'items[0].items: a list'],
    ['items that are no list', () => ({ ...listOf('List'), items: pod([unsigned]) }), 'items: must be a list'],
    ['items without a kind', () => listOf('PodList', { spec: pod([unsigned]).spec }), 'needs apiVersion and kind'],
    ['no kind', () => ({ apiVersion: 'v1', items: [pod([unsigned])] }), 'takes an object with a field items'],
  ])('%s: refused', async (_, resource, problem) => {
    const { status, stdout, stderr } = await apply(resource());
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(problem);
  });
});

describe('what is not UTF-8 is refused, and not read as other text', () => {
  const invalid = (text: string) =>
    Buffer.from(text.replace('web', 'w\u0000b')).map((byte) => (byte === 0 ? 0xe9 : byte));
  const texts = () => ({
    policies: policy({ images: `${world.registry.host}/*`, keys: [world.team] }),
    resource: `# Größe, 名前, 🚀\n${JSON.stringify(pod([signed]))}\n`,
  });
  const problem = 'is not UTF-8: save it as UTF-8 (the first byte that is none is in line 2)';

  test('a resource: of a file, of a folder, of standard input', async () => {
    const { policies, resource } = texts();
    await using folder = await folderWith({ 'p.yaml': policies });
    await using bad = await folderWith({ 'r.yaml': invalid(resource) });
    await using good = await folderWith({ 'r.yaml': resource });
    for (const [named, file] of [
      [bad.path, bad.file('r.yaml')],
      [bad.file('r.yaml'), bad.file('r.yaml')],
    ] as const) {
      const { status, stderr } = await inThisProcess(['apply', folder.file('p.yaml'), '-f', named]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(`${file} ${problem}`)]);
    }
    const words = ['apply', folder.file('p.yaml'), '-f', '-'];
    const piped = await run(countersign, words, { input: invalid(resource) });
    expect([piped.status, piped.stderr]).toEqual([2, expect.stringContaining(`standard input ${problem}`)]);
    expect((await inThisProcess(['apply', folder.file('p.yaml'), '-f', good.path])).status).toBe(0);
  });

  test('a policy: of a command, of serve', async () => {
    const policies = texts().policies.replace('\n', ' # web\n');
    await using folder = await folderWith({ 'p.yaml': Buffer.concat([Buffer.from('# 名前\n'), invalid(policies)]) });
    const told = `${folder.file('p.yaml')} ${problem}`;
    for (const words of [
      ['verify', '--policy', folder.path, '--image', signed],
      ['serve', '--policies', folder.path],
    ]) {
      const { status, stderr } = await inThisProcess(words);
      expect([status, stderr]).toEqual([2, expect.stringContaining(told)]);
    }
  });
});
