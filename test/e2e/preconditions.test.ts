import { about, admit, all, configMap, equals, openAttested, told } from './attested.ts';
import { pod, review } from './harness.ts';

const isProd = all(equals("{{ request.object.metadata.labels.env || '' }}", 'prod'));
const labelled = (image: string, env: string) => pod([image], { labels: { env } });

describe.each(['mutate', 'validate'] as const)('%s', (purpose) => {
  test('a rule whose preconditions do not hold asks nothing, and says so; one whose do asks all', async () => {
    await using it = await openAttested();
    it.policies(about(it, { keys: [it.stranger], preconditions: isProd }));
    const asked = (env: string) => admit(it, labelled(it.image.pinned, env), purpose);
    const before = it.registry.requests.length;
    const skipped = await asked('dev');
    expect(skipped).toMatchObject({ allowed: true, warnings: [], patch: [] });
    expect(it.registry.requests.length).toBe(before);
    expect(it.records.at(-1)?.images).toMatchObject([{ result: 'skip', reason: 'preconditions-unmet' }]);
    expect(told(await asked('prod'))).toContain('403 (signature-mismatch)');
  });

  test('an image without a digest is let by where they do not hold, required and verifyDigest included', async () => {
    await using it = await openAttested();
    it.policies(about(it, { preconditions: isProd, entry: ['mutateDigest: false'] }));
    expect(told(await admit(it, labelled(it.image.name, 'dev'), purpose))).toBe('allowed');
    if (purpose === 'validate')
      expect(told(await admit(it, labelled(it.image.name, 'prod'), purpose))).toContain('403 (digest-missing)');
  });

  test.each(['Fail', 'Ignore'] as const)('one that has no value is invalid under %s: 403', async (failurePolicy) => {
    await using it = await openAttested();
    it.policies(
      about(it, { failurePolicy, preconditions: all(equals('{{ request.object.metadata.labels.env }}', 'prod')) }),
    );
    expect(told(await admit(it, pod([it.image.pinned]), purpose))).toContain(
      '403 (variable-unresolved): preconditions: conditions[0].all[0].key: {{ request.object.metadata.labels.env }}: Unknown key',
    );
    expect(told(await admit(it, labelled(it.image.pinned, 'dev'), purpose))).toBe('allowed');
  });
});

test('the older list form is all of them', async () => {
  await using it = await openAttested();
  it.policies(
    about(it, {
      keys: [it.stranger],
      preconditions: [equals('{{ request.operation }}', 'CREATE'), equals('{{ request.namespace }}', 'shop')],
    }),
  );
  expect(told(await admit(it, pod([it.image.name])))).toBe('allowed');
  expect(told(await admit(it, pod([it.image.name], { namespace: 'shop' })))).toContain('403 (signature-mismatch)');
});

test('a rule of a controller is asked about the Pod in it', async () => {
  await using it = await openAttested();
  it.policies(about(it, { keys: [it.stranger], preconditions: isProd }));
  const deployment = (outside: string, inside: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { env: outside } },
    spec: { template: { metadata: { labels: { env: inside } }, spec: pod([it.image.name]).spec } },
  });
  const cronJob = (inside: string) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'web', namespace: 'default' },
    spec: { jobTemplate: { spec: deployment('', inside).spec } },
  });
  expect(told(await admit(it, deployment('prod', 'dev')))).toBe('allowed');
  expect(told(await admit(it, deployment('dev', 'prod')))).toContain('403 (signature-mismatch)');
  expect(told(await admit(it, cronJob('dev')))).toBe('allowed');
  expect(told(await admit(it, cronJob('prod')))).toContain('403 (signature-mismatch)');
});

test('they may be about the context, which is read for them', async () => {
  await using it = await openAttested();
  const context = [{ name: 'limits', configMap: { name: 'limits' } }];
  const preconditions = all({
    key: '{{ request.namespace }}',
    operator: 'AnyIn',
    value: '{{ parse_json(limits.data.namespaces) }}',
  });
  it.policies(
    about(it, { keys: [it.stranger], context, preconditions }),
    configMap('limits', { namespaces: '["shop","pay"]' }),
  );
  expect(told(await admit(it, pod([it.image.name])))).toBe('allowed');
  expect(told(await admit(it, pod([it.image.name], { namespace: 'pay' })))).toContain('403 (signature-mismatch)');
});

test('the context is read where an image of the rule is there, and where its names are asked for', async () => {
  await using it = await openAttested();
  const context = [{ name: 'missing', configMap: { name: 'missing' } }];
  const other = 'ghcr.example/other/app:1';
  // Nothing asks for the name.
  it.policies(about(it, { context }));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
  // Something does, about images of the rule alone.
  it.policies(about(it, { context, preconditions: all(equals('{{ missing.data.a }}', 'a')) }));
  expect(told(await admit(it, other))).toBe('allowed');
  expect(told(await admit(it, it.image.name))).toContain('403 (variable-unresolved): preconditions: ');
  // What stands before it in the block decides.
  const either = { any: [equals('{{ request.operation }}', 'CREATE'), equals('{{ missing.data.a }}', 'a')] };
  it.policies(about(it, { context, preconditions: either }));
  expect(told(await admit(it, it.image.name))).toBe('allowed');
});

test('one rule that does not ask lets another one ask', async () => {
  await using it = await openAttested();
  const preconditions = isProd;
  it.policies(about(it, { name: 'prod', keys: [it.stranger], preconditions }), about(it, { name: 'all' }));
  const answer = await admit(it, labelled(it.image.name, 'dev'));
  expect(told(answer)).toBe('allowed');
  expect(answer.patch[0]?.value).toBe(it.image.pinned);
});

test('an UPDATE whose image is as it was is unchanged where the preconditions held before; what is relabelled into them is verified', async () => {
  await using it = await openAttested();
  const isX = all(equals("{{ request.object.metadata.labels.env || '' }}", 'x'));
  it.policies(about(it, { keys: [it.stranger], preconditions: isX }));
  const labelled = (env: string, more = {}) => pod([it.image.name], { labels: { env, ...more } });
  const update = async (before: object, after: object, purpose = 'mutate') =>
    told(await it.send(`/${purpose}`, review(after, before)));
  expect(await update(labelled('x'), labelled('x', { a: 'b' }))).toBe('allowed');
  expect(await update(labelled('y'), labelled('y', { a: 'b' }))).toBe('allowed');
  expect(await update(labelled('x'), labelled('y'))).toBe('allowed');
  expect(await update(labelled('y'), labelled('x'))).toContain('403 (signature-mismatch)');
  expect(await update(labelled('y'), labelled('x'), 'validate')).toContain('403 (');
});

test('what a rule cannot be asked of an object, before as now, stops no finalizer and no label', async () => {
  await using it = await openAttested();
  it.policies(about(it, { preconditions: all(equals('{{ request.object.metadata.labels.env }}', 'x')) }));
  const before = pod([it.image.name]);
  const send = async (after: object) => told(await it.send('/mutate', review(after, before)));
  expect(await send(pod([it.image.name], { finalizers: ['a/b'] }))).toBe('allowed');
  expect(await send(pod([it.image.name], { annotations: { a: 'b' } }))).toBe('allowed');
  expect(told(await it.send('/mutate', review(before)))).toContain('403 (variable-unresolved)');
});

test('an image that does not parse is invalid, whatever the preconditions would say, as in Kyverno', async () => {
  await using it = await openAttested();
  it.policies(about(it, { preconditions: isProd }));
  expect(told(await admit(it, labelled('UPPER CASE', 'dev')))).toContain('403 (image-unparsable)');
});
