import { decodeCbor } from '../evidence/notary-signature/cbor.ts';
import { compileRegExp } from '../regexp.ts';
import { loadSet, type SetOptions } from './load.ts';

const options: SetOptions = {
  namespace: undefined,
  trust: 'leave',
  unasked: 'refuse',
  openHosts: 'allow',
  registries: [],
};

function policy(keyless: string): string {
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: a}
spec:
  validationFailureAction: Enforce
  rules:
    - name: a
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["ghcr.io/acme/*"]
          attestors:
            - entries:
                - keyless: {${keyless}, rekor: {url: "https://rekor.sigstore.dev"}}
`;
}

const load = (keyless: string) => loadSet(['a.yaml'], async (name) => ({ name, text: policy(keyless) }), options);

test('regular expressions are loaded with the first policy that has one, however its field is written', async () => {
  expect((await load('issuer: "https://a", subject: b')).rules).toHaveLength(3);
  expect(() => compileRegExp('a')).toThrow('regular expressions are not loaded');
  const { rules } = await load('"issuer\\x52egExp": "^https://a$", subject: b');
  expect(rules[0]?.entries[0]?.attestors[0]?.entries[0]).toMatchObject({ issuerRegExp: '^https://a$' });
  expect(compileRegExp('a')('a')).toBe(true);
  await expect(load('issuer: "https://a", subjectRegExp: "("')).rejects.toThrow(
    'a.yaml:13: spec.rules[0].verifyImages[0].attestors[0].entries[0].keyless.subjectRegExp: is no regular expression',
  );
});

test('trust policies are read, and what reads COSE is loaded, for a rule of type Notary, however it is written', async () => {
  const asking = (type: string) => policy('issuer: a').replace(/attestors:[\s\S]*/, `type: ${type}\n`);
  const bytes = Buffer.from(
    JSON.stringify({
      version: '1.0',
      trustPolicies: [{ name: 'a', registryScopes: ['ghcr.io/acme/a'], signatureVerification: { level: 'skip' } }],
    }),
  );
  let reads = 0;
  const notary = async () => {
    reads += 1;
    return { title: 'notary', files: [{ name: 'notary/trustpolicy.json', path: 'trustpolicy.json', bytes }] };
  };
  const loaded = (text: string) => loadSet(['a.yaml'], async (name) => ({ name, text }), { ...options, notary });
  await loaded(policy('issuer: "https://a", subject: b'));
  expect(reads).toBe(0);
  expect(() => decodeCbor(Buffer.of(0xa0), 'a map')).toThrow('before loadCbor was awaited');
  for (const type of ['Notary', '"\\x4eotary"', '"\\u004eotary"', '"Not\\\n           ary"']) {
    const { rules } = await loaded(asking(type));
    expect(rules[0]?.entries[0]?.attestors[0]?.entries[0]).toMatchObject({ kind: 'notary', by: { trust: {} } });
  }
  expect(reads).toBe(4);
  expect(decodeCbor(Buffer.of(0xa0), 'a map')).toEqual(new Map());
});
