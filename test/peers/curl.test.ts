import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { attest, makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { policy } from '../e2e/documents.ts';
import { countersign, folderWith, type Running, root, run, start } from '../e2e/processes.ts';

describe('curl with each review in events/ to `countersign serve`', () => {
  const folder = join(root, 'events');
  const names = readdirSync(folder).filter((name) => name.startsWith('review-'));
  let serving: Running;
  let url: string;
  let host: string;
  const cleanUp = new AsyncDisposableStack();

  beforeAll(async () => {
    const registry = cleanUp.use(await startRegistry());
    host = `localhost:${registry.port}`;
    const destination = storeDestination(registry);
    const team = newKey();
    const key: Readonly<Record<string, typeof team | undefined>> = { signed: team, foreign: newKey() };
    for (const name of ['signed', 'unsigned', 'foreign', 'attested']) {
      const repository = `demo/${name}`;
      const digest = await makeImage(destination, repository, '1', { label: name });
      const signer = key[name];
      if (signer !== undefined) await sign(destination, { repository, digest, key: signer });
      const predicateType = 'https://slsa.dev/provenance/v1';
      if (name === 'attested')
        await attest(destination, { repository, digest, key: team, predicateType, predicate: {} });
    }
    const policies = cleanUp.use(
      await folderWith({ 'policy.yaml': policy({ name: 'curl', images: `${host}/demo/*`, keys: [team] }) }),
    );
    serving = start(countersign, ['serve', '--policies', policies.path, '--addr', '127.0.0.1:0', '--log', 'json']);
    url = (await serving.line(/serving (https:\S+)\/mutate/))[1] ?? '';
  });
  afterAll(async () => {
    const { status } = await serving.stop('SIGTERM');
    await cleanUp.disposeAsync();
    expect(status).toBe(0);
  });

  const curl = (path: string, ...more: string[]) => run('curl', ['-sk', '--max-time', '10', ...more, `${url}${path}`]);
  const post = (path: string, body: string) =>
    run('curl', ['-sk', '--max-time', '10', '--data-binary', '@-', `${url}${path}`], { input: body });

  const allowed: Readonly<Record<string, boolean>> = {
    'review-cronjob-create.json': false,
    'review-deployment-create.json': false,
    'review-pod-10kb-six-containers.json': false,
    'review-pod-being-deleted.json': true,
    'review-pod-create.json': true,
    'review-pod-ephemeral.json': false,
    'review-pod-image-volume.json': false,
    'review-pod-small.json': true,
    'review-pod-unparsable-image.json': false,
    'review-pod-update-changed.json': false,
    'review-pod-update-unchanged.json': true,
  };

  test.each(names)('%s', async (name) => {
    const body = readFileSync(join(folder, name), 'utf8').replaceAll('localhost:5000', host);
    const { uid } = (JSON.parse(body) as { request: { uid: string } }).request;
    const answer = JSON.parse((await post('/mutate?timeout=10s', body)).stdout) as {
      response: { allowed: boolean; patchType?: string; patch?: string; status?: { code: number; message: string } };
    };
    expect(answer).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid, allowed: allowed[name] },
    });
    const { patch, patchType, status } = answer.response;
    expect(patchType).toBe(patch === undefined ? undefined : 'JSONPatch');
    expect(patch ?? '').toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
    const operations = JSON.parse(Buffer.from(patch ?? 'W10=', 'base64').toString('utf8')) as { value: unknown }[];
    if (answer.response.allowed) expect(status).toBeUndefined();
    else expect(status).toMatchObject({ code: 403, message: expect.stringContaining('policy curl') });
    for (const { value } of operations) {
      if (typeof value === 'string' && !value.startsWith('{')) expect(value).toMatch(/:1@sha256:[0-9a-f]{64}$/);
    }

    const validated = JSON.parse((await post('/validate?timeout=10s', body)).stdout) as typeof answer;
    expect(validated.response).toMatchObject({ uid });
    expect(validated.response.patch).toBeUndefined();
  });

  test('healthz; a path that is none; a body that is none', async () => {
    expect((await curl('/healthz')).stdout).toBe('ok\n');
    const status = async (...words: string[]) =>
      (await run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', ...words])).stdout;
    expect(await status(`${url}/nowhere`)).toBe('404');
    expect(await status(`${url}/mutate`)).toBe('405');
    expect(await status('-d', 'x', `${url}/mutate`)).toBe('400');
  });

  test('the certificate of the run is verified by a client that is given none', async () => {
    const { status } = await run('curl', ['-s', `${url}/healthz`]);
    expect(status).not.toBe(0);
  });

  test('one line of JSON per admission', async () => {
    const lines = serving
      .printed()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.length).toBe(2 * names.length);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      cluster: 'default',
      step: 'mutate',
      policySet: expect.any(String),
    });
  });
});
