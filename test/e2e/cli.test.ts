import { join } from 'node:path';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { byKey, policy } from './documents.ts';
import { countersign, folderWith, inThisProcess, root, run } from './processes.ts';

const cleanUp = new AsyncDisposableStack();
const team = newKey();
const stranger = newKey();
let registry: LocalRegistry;
let host: string;
let folder: Awaited<ReturnType<typeof folderWith>>;
let digest: string;

beforeAll(async () => {
  registry = cleanUp.use(await startRegistry());
  host = registry.host;
  const destination = storeDestination(registry);
  const made = await makeImage(destination, 'cli/signed', '1');
  await sign(destination, { repository: 'cli/signed', digest: made, key: team });
  digest = made;
  await makeImage(destination, 'cli/unsigned', '1', { label: 'unsigned' });
  const images = `${host}/cli/*`;
  folder = cleanUp.use(
    await folderWith({
      'policy.yaml': policy({ images, keys: [team] }),
      'audit.yaml': policy({ name: 'soft', images, keys: [team], action: 'Audit' }),
      'several.yaml': `${policy({ name: 'first', images, keys: [team] })}---\n${policy({ name: 'second', images: 'ghcr.io/*', keys: [team] })}`,
      'two-keys.yaml': policy({ images, attestors: [{ count: 2, entries: [byKey(team), byKey(stranger)] }] }),
      'elsewhere.yaml': policy({ name: 'elsewhere', images: 'ghcr.io/*', keys: [team] }),
      'jobs.yaml': policy({ images, keys: [team], kinds: ['Job'] }),
      'lax.yaml': policy({ images, entry: ['required: false', 'mutateDigest: false', 'verifyDigest: false'] }),
      'digests.yaml': policy({ images, entry: ['required: false', 'mutateDigest: false'] }),
      'kinds.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: ['K\u001b[2J', 'A', 'A', 'B', 'C', 'D', 'E'].map((kind) => ({ apiVersion: 'a.example/v1', kind })),
      }),
      'misspelt.yaml': policy({ images, keys: [team], entry: ['imageReferencez: []'] }),
      'unbuilt.yaml': policy({
        images,
        attestors: [{ entries: [{ keys: { secret: { name: 'a', namespace: 'b' } } }] }],
      }),
      'pods.yaml': `${podText('good', ['signed'])}---\n${podText('bad', ['signed', 'unsigned'])}`,
      'good.yaml': podText('good', ['signed']),
      'list.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [podOf('one', ['signed']), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }],
      }),
      'deployment.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {spec: {containers: [{name: a, image: "${host}/cli/signed:1"}]}}}\n`,
      'listless.json': JSON.stringify({ ...podOf('listless', []), spec: { containers: {} } }),
      'malformed.yaml': 'apiVersion: v1\nkind: Pod\n  name: x\n',
      'empty.yaml': '# nothing\n',
      'credentials.json': JSON.stringify({
        auths: { [host]: { auth: Buffer.from('robot:pass-word').toString('base64') } },
      }),
      'no-docker-config.json': '{"auths": [',
    }),
  );
});
afterEach(() => {
  registry.settings.auth = undefined;
});
afterAll(() => cleanUp.disposeAsync());

function podOf(name: string, images: readonly string[]) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: images.map((image) => ({ name: image, image: `${host}/cli/${image}:1` })) },
  };
}

const podText = (name: string, images: readonly string[]) => `${JSON.stringify(podOf(name, images))}\n`;
const image = (name: string) => `${host}/cli/${name}:1`;
const inFolder = (word: string) => (/^[\w-]+\.(?:yaml|json)$/.test(word) ? folder.file(word) : word);
const cli = (...words: string[]) => run(countersign, words, { cwd: folder.path });

async function json(...words: string[]): Promise<{ status: number | null; report: Report; stderr: string }> {
  const { status, stdout, stderr } = await cli(...words, '-o', 'json');
  return { status, report: JSON.parse(stdout) as Report, stderr };
}

describe('verify', () => {
  test('a signed image: 0, and the shape that is promised', async () => {
    const { status, report, stderr } = await json('verify', '--policy', 'policy.yaml', '--image', image('signed'));
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(report).toEqual({
      verdict: 'pass',
      results: [
        {
          policy: 'signed',
          rule: 'check',
          image: image('signed'),
          digest,
          result: 'pass',
          action: 'enforce',
          reason: 'verified',
          message: expect.stringContaining('verified'),
          signers: [
            {
              attestor: 'attestors[0].entries[0]',
              kind: 'key',
              identity: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
            },
          ],
          attestors: [expect.objectContaining({ path: 'attestors[0]', pass: true })],
          attestations: [],
          requests: 6,
          ms: expect.any(Number),
          source: 'registry',
        },
      ],
      patched: [],
    });
  });

  test('an unsigned one: 1, and why', async () => {
    const { status, report } = await json('verify', '--policy', 'policy.yaml', '--image', image('unsigned'));
    expect(status).toBe(1);
    expect(report).toMatchObject({
      verdict: 'fail',
      results: [{ result: 'fail', reason: 'no-signature', signers: [] }],
    });
  });

  test('one that could not be read: 2; beside one that fails: 1', async () => {
    const words = ['verify', '--policy', 'policy.yaml', '--image'];
    registry.settings.auth = { scheme: 'basic', user: 'robot', password: 'pass-word' };
    const { status, report } = await json(...words, image('signed'));
    expect(status).toBe(2);
    expect(report).toMatchObject({ verdict: 'error', results: [{ result: 'error', reason: 'registry-unauthorized' }] });
    registry.settings.auth = undefined;
    const both = await json(...words, image('unsigned'), `${host}/cli/Unparsable:1`);
    expect(both.status).toBe(1);
    expect(both.report).toMatchObject({ verdict: 'fail', results: [{ result: 'fail' }, { result: 'error' }] });
    expect((await json(...words, `${host}/cli/Unparsable:1`)).status).toBe(2);
  });

  test('one result per image and rule, in the order asked; what no pattern covers is skipped', async () => {
    const { status, report } = await json(
      ...['verify', '--policy', 'several.yaml', '--image', image('signed'), image('none'), '--image', image('signed')],
    );
    expect(status).toBe(1);
    expect(report.results.map(({ image, policy, rule, reason }) => [image, policy, rule, reason])).toEqual([
      [image('signed'), 'first', 'check', 'verified'],
      [image('signed'), 'second', 'check', 'not-covered'],
      [image('none'), 'first', 'check', 'image-not-found'],
      [image('none'), 'second', 'check', 'not-covered'],
      [image('signed'), 'first', 'check', 'verified'],
      [image('signed'), 'second', 'check', 'not-covered'],
    ]);
    const skipped = await json('verify', '--policy', 'policy.yaml', '--image', 'ghcr.io/org/app:1');
    expect(skipped).toMatchObject({ status: 0, report: { verdict: 'skip' } });
  });

  test('several policy files; a rule that audits fails all the same', async () => {
    const { status, report } = await json(
      ...['verify', '--policy', 'policy.yaml', 'audit.yaml', '--image', image('unsigned')],
    );
    expect(status).toBe(1);
    expect(report.results.map(({ policy, action, result }) => [policy, action, result])).toEqual([
      ['signed', 'enforce', 'fail'],
      ['soft', 'audit', 'fail'],
    ]);
    expect((await cli('verify', '--policy', 'audit.yaml', '--image', image('unsigned'))).status).toBe(1);
  });

  test('the text is a tree of the attestors tried, without colours where there is no terminal', async () => {
    const { status, stdout } = await cli('verify', '--policy', 'two-keys.yaml', '--image', image('signed'));
    expect(status).toBe(1);
    const key = 'key sha256:[0-9a-f]{16}';
    const lines = [
      image('signed'),
      `  ${digest}`,
      '  ✗ fail  signed / check: too-few-attestors',
      '      failed to verify image: attestors\\[0\\]: 1 of 2 needed attestors verified',
      '      ✗ attestors\\[0\\]: 1 of 2 needed attestors verified',
      `        ✓ attestors\\[0\\].entries\\[0\\]: a signature verifies with ${key}`,
      `        ✗ attestors\\[0\\].entries\\[1\\]: no signature verifies with ${key} \\(1 signature tried\\)`,
      '      next: have the missing attestors sign',
      '      \\d+ requests, [\\d.]+ ms, from the registry',
      '',
      'fail: 1 fail',
      '',
    ];
    expect(stdout).toMatch(new RegExp(`^${lines.join('\n')}$`));
  });

  test('--credentials: a docker config that is needed, given, and never shown', async () => {
    registry.settings.auth = { scheme: 'basic', user: 'robot', password: 'pass-word' };
    const words = ['verify', '--policy', 'policy.yaml', '--image', image('signed'), '--credentials'];
    const { status, stdout, stderr } = await cli(...words, 'credentials.json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toContain('pass-word');
    expect(await cli(...words, 'no-docker-config.json')).toMatchObject({ status: 2, stdout: '' });
    const missing = await cli(...words, 'absent.json');
    expect(missing).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--credentials: cannot read absent.json'),
    });
  });

  test('--at takes a time, and nothing else', async () => {
    const words = ['verify', '--policy', 'policy.yaml', '--image', image('signed'), '--at'];
    expect((await cli(...words, '2020-02-29T12:00:00Z')).status).toBe(0);
    for (const wrong of ['yesterday', '2026-13-01T00:00:00Z']) {
      expect(await inThisProcess([...words, wrong].map(inFolder))).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining('--at'),
      });
    }
  });
});

describe('apply', () => {
  test('a resource that is admitted: 0, and as it would be left', async () => {
    const { status, report } = await json('apply', 'policy.yaml', '--resource', 'good.yaml');
    expect(status).toBe(0);
    expect(report).toMatchObject({
      verdict: 'pass',
      results: [{ resource: 'Pod/default/good', image: image('signed'), digest, result: 'pass' }],
      patched: [
        {
          metadata: { annotations: { 'kyverno.io/verify-images': expect.stringContaining(digest) } },
          spec: { containers: [{ image: `${image('signed')}@${digest}` }] },
        },
      ],
    });
  });

  test('several in a file: 1 if one of them is denied, which stays as it was', async () => {
    const { status, report } = await json('apply', 'policy.yaml', '--resource', 'pods.yaml');
    expect(status).toBe(1);
    expect(report.results.map(({ resource, image, reason }) => [resource, image, reason])).toEqual([
      ['Pod/default/good', image('signed'), 'verified'],
      ['Pod/default/bad', image('signed'), 'verified'],
      ['Pod/default/bad', image('unsigned'), 'no-signature'],
    ]);
    expect(report.patched[1]).toEqual(podOf('bad', ['signed', 'unsigned']));
  });

  test('a List, a Deployment, what no rule is about, several files and several policies', async () => {
    const { status, report } = await json(
      ...['apply', 'policy.yaml', 'audit.yaml', '--resource', 'list.json', 'deployment.yaml'],
    );
    expect(status).toBe(0);
    expect(report.results.map(({ resource, rule, policy }) => [resource, `${policy}/${rule}`])).toEqual([
      ['Pod/default/one', 'signed/check'],
      ['Pod/default/one', 'soft/check'],
      ['Deployment/shop/web', 'signed/autogen-check'],
      ['Deployment/shop/web', 'soft/autogen-check'],
    ]);
    expect(report.patched).toHaveLength(3);
    expect(report.patched[1]).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } });
  });

  test('an image that no pattern covers is told, as verify tells it: a misspelt pattern does not look like a pass', async () => {
    const { status, report, stderr } = await json('apply', 'several.yaml', '--resource', 'good.yaml');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(report.results.map(({ resource, policy, result, reason }) => [resource, policy, result, reason])).toEqual([
      ['Pod/default/good', 'first', 'pass', 'verified'],
      ['Pod/default/good', 'second', 'skip', 'not-covered'],
    ]);
    const text = await cli('apply', 'several.yaml', '--resource', 'pods.yaml');
    expect(text.status).toBe(1);
    expect(text.stdout.match(/- skip {2}second \/ check: not-covered\n.*no pattern of imageReferences/g)).toHaveLength(
      3,
    );
    expect(text.stdout).toMatch(/\nfail: 2 pass, 1 fail, 3 skip\n$/);
    const alone = await cli('apply', 'elsewhere.yaml', '--resource', 'deployment.yaml');
    expect(alone).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/\nskip: 1 skip\n$/) });
    expect(alone.stdout).toContain('elsewhere / autogen-check: not-covered');
  });

  test('an entry that asks for nothing is told; one whose digest alone is asked for is not told twice', async () => {
    const lax = await json('apply', 'lax.yaml', '--resource', 'good.yaml');
    expect(lax).toMatchObject({ status: 0, report: { results: [{ result: 'skip', reason: 'not-covered' }] } });
    expect(lax.report.results[0]?.message).toBe('the rule has no attestors and asks for no digest');
    const digests = await json('apply', 'digests.yaml', '--resource', 'good.yaml');
    expect(digests).toMatchObject({ status: 1, report: { results: [{ reason: 'digest-missing' }] } });
  });

  test('resources without an image, and those that no rule matches, are counted with their kinds', async () => {
    const list = await json('apply', 'policy.yaml', '--resource', 'list.json');
    expect(list.stderr).toBe('1 resource holds no image that is known here, so nothing was checked: ConfigMap\n');
    const other = await cli('apply', 'jobs.yaml', '--resource', 'pods.yaml', 'list.json');
    expect(other).toMatchObject({
      status: 0,
      stderr:
        '1 resource holds no image that is known here, so nothing was checked: ConfigMap\n' +
        '3 resources are matched by no rule, so nothing was checked: Pod\n',
    });
    expect(other.stdout).toMatch(/skip: nothing to check\n$/);
    const kinds = await cli('apply', 'policy.yaml', '--resource', 'kinds.json');
    expect(kinds.stderr).toBe(
      '7 resources hold no image that is known here, so nothing was checked: K\\u001b[2J, A, B, C, D, …\n',
    );
  });

  test('an object whose images cannot be listed is told as a whole, once for both webhooks', async () => {
    const { status, report } = await json('apply', 'audit.yaml', '--resource', 'listless.json');
    expect(status).toBe(2);
    expect(
      report.results.map(({ resource, image, reason, digest: found }) => [resource, image, reason, found]),
    ).toEqual([['Pod/default/listless', '(the object as a whole)', 'object-malformed', null]]);
    expect((await cli('apply', 'audit.yaml', '--resource', 'listless.json')).stdout).toContain(
      'Pod/default/listless  (the object as a whole)\n',
    );
  });

  test('a rule that audits: the failure is told, and the status is 0', async () => {
    const { status, report } = await json('apply', 'audit.yaml', '--resource', 'pods.yaml');
    expect(status).toBe(0);
    expect(report).toMatchObject({ verdict: 'fail' });
  });

  test('the text is the results alone', async () => {
    const { status, stdout } = await cli('apply', 'policy.yaml', '--resource', 'good.yaml');
    expect(status).toBe(0);
    expect(stdout).toContain(`Pod/default/good  ${image('signed')}`);
    expect(stdout).toMatch(/\npass: 1 pass\n$/);
    expect(stdout).not.toContain('apiVersion');
  });

  test.each([
    ['is no YAML', 'malformed.yaml'],
    ['holds nothing', 'empty.yaml'],
    ['is absent', 'absent.yaml'],
  ])('a resource file that %s: 2, by its name', async (_, name) => {
    const answer = await inThisProcess(['apply', 'policy.yaml', '--resource', name].map(inFolder));
    expect(answer).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(name) });
  });
});

describe('a wrong use: 2, and what to write instead', () => {
  test.each<[string, string[], RegExp]>([
    ['a command that is none', ['sign'], /there is no command 'sign', only verify, apply, test, serve/],
    ['an option that is none', ['verify', '--polcy', 'x'], /--polcy/],
    [
      'a bare policy for verify',
      ['verify', 'policy.yaml', '--image', 'a'],
      /policy\.yaml' stands after no option: write countersign verify --policy FILE/,
    ],
    [
      '--policy for apply',
      ['apply', '--policy', 'policy.yaml', '-f', 'good.yaml'],
      /no --policy here: .*write countersign apply POLICY/,
    ],
    [
      '--resource for verify',
      ['verify', '--policy', 'policy.yaml', '-f', 'good.yaml'],
      /no -f here: .*countersign apply POLICY/,
    ],
    ['--image for apply', ['apply', 'policy.yaml', '--image', 'a'], /no --image here: .*countersign verify --policy/],
    [
      'a word too many',
      ['verify', '--policy', 'policy.yaml', '--image', 'a', '--timeout', '1s', 'b'],
      /'b' stands after no option/,
    ],
    ['no policy', ['verify', '--image', 'a'], /--policy FILE, or --trust-policy DIR, is missing/],
    ...['serve', 'manifests', 'test'].map((command): [string, string[], RegExp] => [
      `--trust-policy for ${command}`,
      [command, '--trust-policy', 'x'],
      /no --trust-policy here: trust policies stand in a folder notary beside the policies/,
    ]),
    ['no image', ['verify', '--policy', 'policy.yaml'], /--image REF is missing/],
    ['no resource', ['apply', 'policy.yaml'], /--resource FILE is missing/],
    ['no policy to apply', ['apply', '--resource', 'good.yaml'], /POLICY is missing/],
    ['a policy that is absent', ['verify', '--policy', 'absent.yaml', '--image', 'a'], /absent\.yaml/],
    [
      'a policy without a rule',
      ['verify', '--policy', 'empty.yaml', '--image', 'a'],
      /no verifyImages rule in .*empty\.yaml/,
    ],
    [
      'a folder with samples alone',
      ['verify', '--policy', join(root, 'policies'), '--image', 'a'],
      /no verifyImages rule in .*policies; what is in the folder samples is left out: copy a policy out of it/,
    ],
    ['another output', ['verify', '--policy', 'policy.yaml', '--image', 'a', '-o', 'xml'], /-o takes text or json/],
    ['a timeout that is none', ['verify', '--policy', 'policy.yaml', '--image', 'a', '--timeout', 'x'], /--timeout/],
    ['an option without its value', ['verify', '--allow-http'], /allow-http/],
    ['an option twice', ['verify', '--at', 'a', '--at', 'b'], /--at is given twice/],
  ])('%s', async (_, words, message) => {
    const { status, stdout, stderr } = await inThisProcess(words.map(inFolder));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a field of a policy that is unknown, or not supported yet: file, line and field', async () => {
    const misspelt = await cli('verify', '--policy', 'misspelt.yaml', '--image', 'a');
    expect(misspelt.status).toBe(2);
    expect(misspelt.stderr).toMatch(/^misspelt\.yaml:14: .*verifyImages\[0\]\.imageReferencez/m);
    const unbuilt = await cli('verify', '--policy', 'unbuilt.yaml', '--image', 'a');
    expect(unbuilt.status).toBe(2);
    expect(unbuilt.stderr).toMatch(/^unbuilt\.yaml:14: .*not supported yet: .*secret/m);
  });

  test('--help is no wrong use', async () => {
    for (const words of [[], ['--help'], ['help'], ['verify', '--help']]) {
      expect(await inThisProcess(words)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('countersign verify'),
      });
    }
  });
});
