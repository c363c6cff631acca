import { compileTemplate } from '../expression/expressions.ts';
import { loadSet, type SetOptions } from './load.ts';

const options: SetOptions = {
  namespace: undefined,
  trust: 'leave',
  unasked: 'refuse',
  openHosts: 'allow',
  registries: [],
};

const policy = (rule: string) => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: a}
spec:
  validationFailureAction: Enforce
  rules:
    - name: a
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages: [{imageReferences: ["ghcr.io/acme/*"], required: false}]
      ${rule}
`;
const load = (files: Readonly<Record<string, string>>) =>
  loadSet(Object.keys(files), async (name) => ({ name, text: files[name] ?? '' }), options);

test('expressions are loaded with the first policy that may have one, however its fields are written', async () => {
  expect((await load({ 'a.yaml': policy('') })).rules).toHaveLength(3);
  expect(() => compileTemplate('{{ a }}')).toThrow('expressions are not loaded');
  const { rules } = await load({ 'a.yaml': policy('"precon\\x64itions": [{key: 1, operator: Equals, value: 1}]') });
  expect(rules[0]?.preconditions).toBeDefined();
  expect(compileTemplate('{{ a }}').names).toEqual(new Set(['a']));
});

test('ConfigMaps of any file of a set are for its rules, and a set of them alone is none', async () => {
  const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\ndata: {a: b}\n';
  const { rules } = await load({
    'keys.yaml': configMap,
    'prod/a.yaml': policy('context: [{name: k, configMap: {name: keys}}]'),
  });
  expect([...(rules[0]?.configMaps.keys() ?? [])]).toEqual(['default/keys']);
  expect((await load({ 'keys.yaml': configMap })).rules).toEqual([]);
  await expect(load({ 'a.yaml': policy(''), 'k.yaml': configMap, 'l.yaml': configMap })).rejects.toThrow(
    'l.yaml:3: metadata.name: ConfigMap default/keys is already defined',
  );
});
