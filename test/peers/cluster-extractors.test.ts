import { policy } from '../e2e/documents.ts';
import { defineKind } from './custom-resources.ts';
import { oneCluster, type Scene, type SceneImage } from './scene.ts';

// Custom resources, in a namespace and in none, are sent for the kinds that rules have extractors for, and for what changes in them.

const cluster = oneCluster();

let scene: Scene;
let good: SceneImage;
let bad: SceneImage;

const about = (kind: string, ...paths: string[]) => [
  `      imageExtractors: ${JSON.stringify({ [kind]: paths.map((path) => ({ path })) })}`,
];

beforeAll(async () => {
  const example = { group: 'example.com', version: 'v1' };
  await defineKind(cluster(), { ...example, kind: 'Thing', plural: 'things', scope: 'Namespaced' });
  await defineKind(cluster(), { ...example, kind: 'Globe', plural: 'globes', scope: 'Cluster' });
  await defineKind(cluster(), { ...example, kind: 'Pipe', plural: 'pipes', scope: 'Namespaced' });
  scene = await cluster.open({
    shape: 'http-api',
    policies: (host, team) => {
      const common = { images: `${host}/*`, keys: [team] };
      const withExtractors = (text: string, lines: string[]) =>
        text.replace('      verifyImages:', `${lines.join('\n')}\n      verifyImages:`);
      const ofProd = 'any: [{resources: {kinds: [Globe], namespaceSelector: {matchLabels: {tier: prod}}}}]';
      return [
        policy({ ...common, name: 'pods' }),
        withExtractors(
          policy({ ...common, name: 'things', kinds: ['example.com/v1/Thing'] }),
          about('Thing', '/spec/image', '/data/*/image'),
        ),
        withExtractors(
          policy({ ...common, name: 'globes', kinds: ['example.com/*/Globe'] }),
          about('Globe', '/spec/image'),
        ),
        withExtractors(policy({ ...common, name: 'pipes', kinds: ['example.com/v1/Pipe'] }), [
          ...about('Pipe', '/steps/*/image'),
          '      preconditions: {all: [{key: "{{ request.object.mode }}", operator: NotEquals, value: draft}]}',
        ]),
        withExtractors(policy({ ...common, name: 'nobodys', match: ofProd }), about('Globe', '/spec/other')),
      ];
    },
    // The webhooks for a label that no namespace has are never called.
    webhooks: 2,
  });
  good = await scene.image('good');
  bad = await scene.image('bad', { signed: false });
});

const things = () => `/apis/example.com/v1/namespaces/${scene.namespace}/things`;
const object = (kind: string, name: string, more: object) => ({
  apiVersion: 'example.com/v1',
  kind,
  metadata: { name },
  ...more,
});
const create = (name: string, more: object) => cluster().api('POST', things(), object('Thing', name, more));
const patch = (path: string, change: object) => {
  scene.records.length = 0;
  return cluster().api('PATCH', path, change, 'application/merge-patch+json');
};

test('a signed image is stored pinned, in the spec and beside it; an unsigned one is denied', async () => {
  const made = await create('good', { spec: { image: good.tagged }, data: { 'a/b~c': { image: good.tagged } } });
  expect(made).toMatchObject({
    status: 201,
    body: { spec: { image: good.pinned }, data: { 'a/b~c': { image: good.pinned } } },
  });
  for (const more of [{ spec: { image: bad.tagged } }, { data: { a: { image: bad.tagged } } }]) {
    const { status, body } = await create('bad', more);
    expect(status).toBe(403);
    expect(body.message).toContain('policy things, rule check');
  }
});

test('an object with neither is created with a warning', async () => {
  const { status, warnings } = await create('empty', {});
  expect(status).toBe(201);
  expect(warnings.join('\n')).toContain("the rule's imageExtractors find nothing at /spec/image, /data/*/image");
});

test('updates of an object without a spec: a finalizer is not sent, new data are', async () => {
  expect(await create('bare', { data: { a: { image: good.tagged } } })).toMatchObject({ status: 201 });
  const bare = `${things()}/bare`;
  expect(await patch(bare, { metadata: { finalizers: ['example.com/x'] } })).toMatchObject({ status: 200 });
  expect(await patch(`${bare}/status`, { status: { phase: 'Ready' } })).toMatchObject({ status: 200 });
  expect(scene.records).toEqual([]);
  expect(await patch(bare, { data: { b: { image: bad.tagged } } })).toMatchObject({ status: 403 });
  expect(await patch(bare, { data: { b: { image: good.tagged } } })).toMatchObject({
    status: 200,
    body: { data: { b: { image: good.pinned } } },
  });
  expect(await patch(bare, { spec: { image: bad.tagged } })).toMatchObject({ status: 403 });
  expect(await patch(bare, { data: null })).toMatchObject({ status: 200 });
  expect(await patch(bare, { metadata: { finalizers: null } })).toMatchObject({ status: 200 });
});

test('what is in no namespace is asked about, and by no rule of namespaces with a label', async () => {
  const globe = (name: string, spec: object) =>
    cluster().api('POST', '/apis/example.com/v1/globes', object('Globe', name, { spec }));
  expect(await globe('good', { image: good.tagged, other: bad.tagged })).toMatchObject({
    status: 201,
    body: { spec: { image: good.pinned, other: bad.tagged } },
  });
  expect(await globe('bad', { image: bad.tagged })).toMatchObject({ status: 403 });
});

test('an update of what a precondition asks is sent, wherever it stands; one of status or finalizers is not', async () => {
  const pipes = `/apis/example.com/v1/namespaces/${scene.namespace}/pipes`;
  const draft = (name: string, more: object = {}) =>
    cluster().api('POST', pipes, object('Pipe', name, { mode: 'draft', steps: { a: { image: bad.tagged } }, ...more }));
  const denied = { status: 403, body: { message: expect.stringContaining('policy pipes, rule check') } };
  expect(await draft('draft')).toMatchObject({ status: 201 });
  expect(await patch(`${pipes}/draft`, { metadata: { finalizers: ['example.com/x'] } })).toMatchObject({ status: 200 });
  expect(await patch(`${pipes}/draft/status`, { status: { phase: 'Ready' } })).toMatchObject({ status: 200 });
  expect(scene.records).toEqual([]);
  expect(await patch(`${pipes}/draft`, { metadata: { finalizers: null } })).toMatchObject({ status: 200 });
  expect(await patch(`${pipes}/draft`, { mode: 'live' })).toMatchObject(denied);
  expect(await patch(`${pipes}/draft`, { mode: 'live', steps: { a: { image: good.tagged } } })).toMatchObject({
    status: 200,
    body: { mode: 'live', steps: { a: { image: good.pinned } } },
  });

  // So many are not compared one by one.
  const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`f${at}`, at]));
  expect(await draft('many', fields)).toMatchObject({ status: 201 });
  expect(await patch(`${pipes}/many`, { mode: 'live' })).toMatchObject(denied);
});
