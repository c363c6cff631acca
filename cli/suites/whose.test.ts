import { Report } from '../../shared/policy/kyverno/report.ts';
import { readDocuments } from '../../shared/policy/kyverno/yaml/document.ts';
import type { Expected } from './suite.ts';
import { isNamed, leftToKyverno, policiesIn, whoseIs } from './whose.ts';

const policy = (name: string, rules: readonly unknown[], more: object = {}) => ({
  apiVersion: 'kyverno.io/v1',
  kind: 'ClusterPolicy',
  metadata: { name },
  spec: { rules },
  ...more,
});
const images = (name: string) => ({ name, verifyImages: [{ imageReferences: ['*'] }] });
const documents = [
  policy('mixed', [images('signed'), { name: 'labels', validate: { message: 'm' } }]),
  policy('mutates', [{ name: 'add', mutate: { patchStrategicMerge: { metadata: { labels: { a: 'b' } } } } }]),
  policy('own', [images('signed')], { kind: 'Policy', metadata: { name: 'own', namespace: 'shop' } }),
  { apiVersion: 'policies.kyverno.io/v1', kind: 'ValidatingPolicy', metadata: { name: 'cel' }, spec: {} },
  { apiVersion: 'v1', kind: 'List', items: [policy('listed', [images('signed')])] },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mixed' } },
];
const text = documents.map((each) => JSON.stringify(each)).join('\n---\n');
const { known } = policiesIn([{ name: 'policies.yaml', text }]);
const about = (written: string, rule: string) => whoseIs({ policy: written, rule } as Expected, known);

test.each<[string, string, unknown]>([
  ['mixed', 'signed', { beside: [] }],
  ['mixed', 'autogen-signed', { beside: [] }],
  ['mixed', 'autogen-cronjob-signed', { beside: [] }],
  ['mixed', '', { beside: ['labels'] }],
  ['own', 'signed', { beside: [] }],
  ['shop/own', 'signed', { beside: [] }],
  ['listed', 'signed', { beside: [] }],
  ['mixed', 'labels', { left: 'a validate rule' }],
  ['mutates', '', { left: 'a mutate rule' }],
  ['cel', '', { left: 'a ValidatingPolicy' }],
  ['cel', 'whatever', { left: 'a ValidatingPolicy' }],
])('%s / %s', (written, rule, expected) => {
  expect(about(written, rule)).toEqual(expected);
});

test.each([
  ['mixd', 'signed', 'no policy of this name'],
  ['other/own', 'signed', 'no policy of this name'],
  ['mixed', 'sined', 'no rule of this name: signed, labels'],
])('%s / %s: no such policy or rule', (written, rule, message) => {
  expect(about(written, rule)).toEqual({ missing: expect.stringContaining(message) });
});

test('a namespace need not be written, and a Policy without one is in default', () => {
  expect(['shop/own', 'own'].map((written) => isNamed('shop/own', written))).toEqual([true, true]);
  expect(['default/own', 'shop/own'].map((written) => isNamed('own', written))).toEqual([true, false]);
});

test('documents without a rule of images are left to Kyverno, and ConfigMaps and unknown kinds are not', () => {
  const unknown = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  const left = readDocuments(`${text}\n---\n${unknown}`, new Report('p')).filter(leftToKyverno);
  expect(left.map((place) => place.field('metadata').field('name').text)).toEqual(['mutates', 'cel']);
});
