import { newKey } from '../../local/signer/keys.ts';
import { pod, policy } from './documents.ts';
import { folderWith, inThisProcess } from './processes.ts';

// A registry that only a wildcard covers is its author's choice, and one that is named the operator's: --registries names it.

const files = {
  'policy.yaml': policy({ images: '*', keys: [newKey()], failurePolicy: 'Ignore' }),
  'pod.json': JSON.stringify(pod(['localhost:1/team/app:v1'])),
};
const told =
  "rule 'check' of 'signed': where only \"*\" covers a registry, its failures deny; name yours in --registries";

test('apply says it in one line, and denies; with the registry named it is an outage', async () => {
  await using folder = await folderWith(files);
  const words = ['apply', folder.file('policy.yaml'), '-f', folder.file('pod.json')];
  const open = await inThisProcess(words);
  expect(open.status).toBe(1);
  expect(open.stderr.split('\n').filter((line) => line.includes(told))).toHaveLength(1);
  expect(open.stdout).toContain('registry-not-named');

  const named = await inThisProcess([...words, '--registries', 'ghcr.io,localhost:1']);
  expect(named.status).toBe(2);
  expect(named.stderr).not.toContain(told);
  expect(named.stdout).toContain('registry-unreachable');
});

test('whoever names the image on the command line has chosen its registry', async () => {
  await using folder = await folderWith(files);
  const words = ['verify', '--policy', folder.file('policy.yaml'), '--image', 'localhost:1/team/app:v1'];
  expect(await inThisProcess(words)).toMatchObject({
    status: 2,
    stdout: expect.stringContaining('registry-unreachable'),
  });
});

test('serve says it as well; what the options do not take is named', async () => {
  await using folder = await folderWith({ 'policy.yaml': files['policy.yaml'] });
  const serve = ['serve', '--policies', folder.path, '--addr', '203.0.113.1:1'];
  const open = await inThisProcess(serve);
  expect(open.stderr).toContain(told);
  expect((await inThisProcess([...serve, '--registries', 'ghcr.io'])).stderr).not.toContain(told);
  for (const [option, value, why] of [
    ['--registries', 'https://ghcr.io', '--registries takes hosts'],
    ['--max-images', '0', '--max-images takes a whole number from 1 to 1000'],
    ['--max-images', '1001', '--max-images takes a whole number from 1 to 1000'],
  ] as const) {
    const wrong = await inThisProcess([...serve, option, value]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining(why)]);
  }
});
