import { readFile, writeFile } from 'node:fs/promises';
import { makeImage } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { carriedRecord } from '../../shared/trust-roots/record.ts';
import { startRepository } from '../../shared/trust-roots/testing/repository.ts';
import { cosignItem, payloadOf } from '../fixtures/attached.ts';
import { makeLog } from '../fixtures/log.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { trustedRootOf } from '../fixtures/trusted-root.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { openWorld, policy, type World } from './harness.ts';
import { countersign, folderWith, inThisProcess, run } from './processes.ts';

// The command line with a trust root: the carried one, that of a file, none, and how a newer one is fetched.

const cleanUp = new AsyncDisposableStack();
const signer = makeSigner();
const log = await makeLog();
const name = 'team/app';
const ofLog = trustedRootOf([log]);
let world: World;
let folder: Awaited<ReturnType<typeof folderWith>>;
let image: string;

beforeAll(async () => {
  world = cleanUp.use(await openWorld());
  const digest = await makeImage(world.destination, name);
  const made = imageIn(world, name, digest);
  const message = payloadOf(made);
  const signature = signer.sign(message);
  const { annotation } = await log.record('hashedrekord 0.0.1', { message, signature, signer });
  attachItems(world, name, digest, [cosignItem(message, signer, { signature, log: annotation })]);
  image = `${world.registry.host}/${name}@${digest}`;
  const keys = { publicKeys: signer.pem };
  const logged = (entry: object) =>
    policy({ images: `${world.registry.host}/*`, attestors: [{ entries: [{ keys: { ...keys, ...entry } }] }] });
  folder = cleanUp.use(
    await folderWith({
      'policy.yaml': logged({}),
      'own-log.yaml': logged({ rekor: { url: log.url } }),
      'ours.json': ofLog,
      'broken.json': '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

async function verified(...words: string[]): Promise<string> {
  const asked = ['verify', '--policy', folder.file('policy.yaml'), '--image', image, '-o', 'json', ...words];
  const { stdout } = await inThisProcess(asked);
  return (JSON.parse(stdout) as Report).results[0]?.reason ?? stdout;
}

describe('--trusted-root', () => {
  test('left out, the log is the public one; a file replaces it; none trusts nobody', async () => {
    expect(await verified()).toBe('log-entry-mismatch');
    expect(await verified('--trusted-root', folder.file('ours.json'))).toBe('verified');
    expect(await verified('--trusted-root', 'none')).toBe('trust-missing');
  });

  test('apply has it, and warns of rules that nothing can satisfy', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'a', image }] },
    };
    await writeFile(folder.file('pod.json'), JSON.stringify(pod));
    const apply = (...words: string[]) =>
      inThisProcess(['apply', folder.file('own-log.yaml'), '-f', folder.file('pod.json'), '-o', 'json', ...words]);
    expect(await apply('--trusted-root', folder.file('ours.json'))).toMatchObject({ status: 0, stderr: '' });
    const { status, stderr } = await apply();
    expect(status).toBe(2);
    expect(stderr).toContain(`the trust root has no log ${log.url}`);
  });

  test.each([
    ['broken.json', /broken\.json is no trust root: it names no authority and no log/],
    ['policy.yaml', /policy\.yaml is no trust root: /],
    ['gone.json', /cannot read .*gone\.json/],
  ])('a file that is none, %s, is told', async (file, told) => {
    const words = ['verify', '--policy', folder.file('policy.yaml'), '--image', image];
    const { status, stderr } = await inThisProcess([...words, '--trusted-root', folder.file(file)]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(told)]);
  });
});

describe('trust show', () => {
  test('the carried one: source, hash, date and whom it names', async () => {
    const { status, stdout } = await run(countersign, ['trust', 'show']);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `the carried trust root\n  SHA-256  ${carriedRecord.sha256}\n  as of    ${carriedRecord.date}`,
    );
    expect(stdout).toContain('signatures are logged by\n    https://rekor.sigstore.dev  since 2021-01-12\n');
    const json = await inThisProcess(['trust', 'show', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      source: 'the carried trust root',
      sha256: carriedRecord.sha256,
      authorities: [{ until: '2022-12-31T23:59:59.999Z' }, { until: null }],
      transparencyLogs: [{ url: 'https://rekor.sigstore.dev', from: '2021-01-12T11:53:27.000Z' }, {}],
    });
  });

  test('a file, and none', async () => {
    const { stdout } = await inThisProcess(['trust', 'show', '--trusted-root', folder.file('ours.json')]);
    expect(stdout).toMatch(/ours\.json\n {2}SHA-256 {2}[0-9a-f]{64}\n {2}as of {4}\d{4}-\d\d-\d\d, 0 days ago\n/);
    expect(stdout).toContain(`signatures are logged by\n    ${log.url}  since 2025-01-01\n`);
    expect(stdout).not.toContain('warning');
    expect(await inThisProcess(['trust', 'show', '--trusted-root', 'none'])).toMatchObject({
      stdout: 'no trust root\n',
    });
  });

  test('an old one is warned of', async () => {
    const { stdout, status } = await inThisProcess(['trust', 'show', '--max-age', '0']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/warning: the carried trust root is \d+ days old/)]);
    expect(await inThisProcess(['trust', 'show', '--max-age', 'x'])).toMatchObject({ status: 2 });
  });
});

describe('trust update', () => {
  test('fetches and verifies what a mirror publishes; a failure leaves the file as it was', async () => {
    await using mirror = await startRepository(ofLog);
    await writeFile(folder.file('root.json'), mirror.firstRoot);
    const out = folder.file('fetched.json');
    const words = ['--mirror', mirror.url, '--root', folder.file('root.json'), '--out', out];
    const update = () =>
      run(countersign, ['trust', 'update', ...words], { env: { XDG_CACHE_HOME: folder.file('cache') } });
    expect(await update()).toMatchObject({ status: 0, stdout: expect.stringContaining('SHA-256'), stderr: '' });
    expect(await readFile(out)).toEqual(ofLog);
    expect(await verified('--trusted-root', out)).toBe('verified');

    mirror.publish(Buffer.from('{}'));
    const none = await update();
    expect([none.status, none.stderr]).toEqual([
      2,
      expect.stringContaining('what the mirror publishes is no trust root'),
    ]);
    mirror.publish(ofLog, { foreign: true });
    const foreign = await update();
    expect(foreign.status).toBe(2);
    expect(foreign.stderr).toMatch(/^countersign: no trust root from http:.*\n$/);
    expect(await readFile(out)).toEqual(ofLog);
  });

  test('what it needs, and where it may not keep what it knows', async () => {
    const update = (...words: string[]) => inThisProcess(['trust', 'update', '--cache', folder.file('kept'), ...words]);
    expect(await update('--mirror', 'https://tuf.example')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('https://tuf.example needs its root.json'),
    });
    for (const [file, why] of [
      ['ours.json', 'it has no signed root'],
      ['policy.yaml', 'is not valid JSON'],
      ['gone.json', 'ENOENT'],
    ] as const) {
      const { status, stderr } = await update('--mirror', 'https://tuf.example', '--root', folder.file(file));
      expect([status, stderr]).toEqual([2, expect.stringContaining(`${file} is no root.json of a TUF repository`)]);
      expect(stderr).toContain(why);
    }
    expect(await inThisProcess(['trust', 'update', '--cache', '/dev/null/x'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('give --cache DIR'),
    });
    expect(await inThisProcess(['trust', 'update', '--cache', '/tmp'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('others may write to /tmp'),
    });
    expect(await inThisProcess(['trust'])).toMatchObject({ status: 2, stderr: expect.stringContaining('trust show') });
  });
});
