import type { Report } from '../../shared/answer/report.ts';
import { about, all, configMap, equals, openAttested, scanType } from './attested.ts';
import { pod } from './harness.ts';
import { countersign, folderWith, run } from './processes.ts';

/** Runs the command line with these files in its folder. */
async function cli(files: Readonly<Record<string, string>>, ...words: string[]) {
  await using folder = await folderWith(files);
  const { status, stdout, stderr } = await run(countersign, [...words, '-o', 'json'], { cwd: folder.path });
  return { status, stderr, report: JSON.parse(stdout === '' ? '{}' : stdout) as Report };
}

const conditions = [all(equals('{{ critical }}', 0))];

test('verify tells of each attestation who attested it, or why it does not do', async () => {
  await using it = await openAttested();
  await it.image.attest({ critical: 0 });
  const verify = (wanted: readonly unknown[]) =>
    cli({ 'p.yaml': about(it, { attestations: wanted }) }, 'verify', '--policy', 'p.yaml', '--image', it.image.name);
  const good = await verify([{ name: 'scan', type: scanType, conditions }]);
  expect(good.stderr).toBe('');
  expect(good.status).toBe(0);
  expect(good.report.results).toMatchObject([
    {
      result: 'pass',
      reason: 'verified',
      signers: [{ attestor: 'attestors[0].entries[0]' }, { attestor: 'attestations[0].attestors[0].entries[0]' }],
      attestations: [{ path: 'attestations[0]', name: 'scan', predicateType: scanType, pass: true }],
    },
  ]);
  const bad = await verify([
    { type: scanType },
    { name: 'scan', type: scanType, conditions: [all(equals('{{ critical }}', 1))] },
    { type: 'other' },
  ]);
  expect(bad.status).toBe(1);
  expect(bad.report.results).toMatchObject([
    {
      result: 'fail',
      reason: 'attestation-missing',
      attestations: [
        { path: 'attestations[0]', pass: true },
        { path: 'attestations[1]', pass: true, message: expect.stringContaining('; what it states was not weighed') },
        { path: 'attestations[2]', pass: false, code: 'attestation-missing' },
      ],
    },
  ]);
  const failed = await verify([{ name: 'scan', type: scanType, conditions: [all(equals('{{ critical }}', 1))] }]);
  expect(failed.report.results).toMatchObject([
    { result: 'fail', reason: 'condition-failed', attestations: [{ pass: false, code: 'condition-failed' }] },
  ]);
});

test('verify names an image and no object: what is about a request is invalid, what is about the image is not', async () => {
  await using it = await openAttested();
  // What a request would say, nobody else says.
  await it.image.attest({
    tag: '1',
    request: { namespace: '1' },
    serviceAccountName: '1',
    images: { containers: '1' },
  });
  const verify = (parts: Parameters<typeof about>[1], more: Readonly<Record<string, string>> = {}) =>
    cli({ 'p.yaml': about(it, parts), ...more }, 'verify', '--policy', 'p.yaml', '--image', it.image.name);
  const invalid = { status: 2, report: { results: [{ result: 'error', reason: 'variable-unresolved' }] } };
  expect(await verify({ preconditions: all(equals('{{ request.operation }}', 'CREATE')) })).toMatchObject(invalid);
  expect(await verify({ entry: ['annotations: {env: "{{ request.namespace }}"}'] })).toMatchObject(invalid);
  const asks = (key: string) => ({ attestations: [{ type: scanType, conditions: [all(equals(key, '1'))] }] });
  for (const key of ['{{ request.namespace }}', '{{ serviceAccountName }}', '{{ @.images.containers }}'])
    expect(await verify(asks(key))).toMatchObject({ status: 1, report: { results: [{ reason: 'condition-error' }] } });
  const passes = { status: 0, report: { results: [{ result: 'pass' }] } };
  expect(await verify(asks('{{ image.tag }}'))).toMatchObject(passes);
  expect(await verify({ preconditions: all(equals("{{ request.operation || 'none' }}", 'none')) })).toMatchObject(
    passes,
  );
});

test('verify reads ConfigMaps beside the policies', async () => {
  await using it = await openAttested();
  const text = about(it, {
    context: [{ name: 'keys', configMap: { name: 'keys' } }],
    attestors: [{ entries: [{ keys: { publicKeys: '{{ keys.data.team }}', rekor: { ignoreTlog: true } } }] }],
  });
  const files = { 'p.yaml': text, 'keys.yaml': configMap('keys', { team: it.team.publicKeyPem }) };
  const verify = (...policies: string[]) => cli(files, 'verify', '--policy', ...policies, '--image', it.image.name);
  expect(await verify('p.yaml', 'keys.yaml')).toMatchObject({ status: 0, report: { verdict: 'pass' } });
  expect(await verify('p.yaml')).toMatchObject({ status: 2, report: { results: [{ reason: 'variable-unresolved' }] } });
});

test('apply says which rules did not ask, as a webhook would', async () => {
  await using it = await openAttested();
  const isProd = all(equals("{{ request.object.metadata.labels.env || '' }}", 'prod'));
  const apply = (env: string) =>
    cli(
      {
        'p.yaml': about(it, { keys: [it.stranger], preconditions: isProd }),
        'pod.json': JSON.stringify(pod([it.image.name], { labels: { env } })),
      },
      'apply',
      'p.yaml',
      '--resource',
      'pod.json',
    );
  expect(await apply('dev')).toMatchObject({
    status: 0,
    report: { verdict: 'skip', results: [{ result: 'skip', reason: 'preconditions-unmet', requests: 0 }] },
  });
  expect(await apply('prod')).toMatchObject({
    status: 1,
    report: { results: [{ result: 'fail', reason: 'signature-mismatch' }] },
  });
});
