import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyPair, sign2 } from './cosign.ts';
import { countersign, root } from './countersign.ts';
import { pushImage } from './images.ts';
import { startGgcr } from './registries.ts';
import { run, tool } from './tools.ts';

// The suites beside the samples are Kyverno's too: both command lines hold them, and both fail where a sample says something else.

const samples = join(root, 'policies', 'samples');

const statuses = async (folder: string) => {
  const [theirs, ours] = await Promise.all([
    run(await tool('kyverno'), ['test', folder]),
    run(countersign, ['test', folder, '--require-tests']),
  ]);
  return { theirs: theirs.code, ours: ours.code };
};

test('every suite is held', async () => {
  expect(await statuses(samples)).toEqual({ theirs: 0, ours: 0 });
});

test('one with images: signed ones pass, others fail', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-samples-'));
  const registry = await startGgcr();
  try {
    const { host } = registry;
    const key = await keyPair(dir, 'ecdsa-p256');
    const pushed = async (label: string) => `${host}/platform/app@${await pushImage(host, 'platform/app', label)}`;
    const [signed, unsigned] = [await pushed('signed'), await pushed('unsigned')];
    await sign2(signed, key);

    await cp(samples, join(dir, 'samples'), { recursive: true });
    const policy = join(dir, 'samples', 'one-key.yaml');
    const pem = key.pem.trim().replaceAll('\n', `\n${' '.repeat(22)}`);
    const text = (await readFile(policy, 'utf8'))
      .replace('registry.example.com/', `${host}/`)
      .replace(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/, pem);
    await writeFile(policy, text);
    const suite = join(dir, 'samples', '.kyverno-test', 'one-key');
    const images = { signed, unsigned };
    const pods = Object.entries(images).map(([name, image]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [{ name: 'app', image }] },
    }));
    await writeFile(join(suite, 'resources.yaml'), pods.map((pod) => JSON.stringify(pod)).join('\n---\n'));
    const expecting = (results: Readonly<Record<string, string>>) =>
      writeFile(
        join(suite, 'kyverno-test.yaml'),
        JSON.stringify({
          apiVersion: 'cli.kyverno.io/v1alpha1',
          kind: 'Test',
          metadata: { name: 'one-key' },
          policies: ['../../one-key.yaml'],
          resources: ['resources.yaml'],
          results: Object.entries(results).map(([name, result]) => {
            return { policy: 'require-signed-images', rule: 'platform-key', kind: 'Pod', resources: [name], result };
          }),
        }),
      );
    await expecting({ signed: 'pass', unsigned: 'fail' });
    expect(await statuses(suite)).toEqual({ theirs: 0, ours: 0 });
    await expecting({ signed: 'pass', unsigned: 'pass' });
    expect(await statuses(suite)).toEqual({ theirs: 1, ours: 1 });
  } finally {
    await registry.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
