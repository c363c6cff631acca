import { signatureHash } from './hash.ts';

const [one, other] = [Buffer.from('one'), Buffer.from('other')];
const material = {
  certificates: [one],
  timestamps: [other],
  logEntries: [
    {
      logIndex: '1',
      logId: { keyId: one },
      kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
      integratedTime: '2',
      inclusionPromise: { signedEntryTimestamp: one },
      inclusionProof: {
        logIndex: '1',
        rootHash: one,
        treeSize: '2',
        hashes: [one],
        checkpoint: { envelope: 'note' },
      },
      canonicalizedBody: one,
    },
  ],
};
type Material = typeof material;
type Entry = Material['logEntries'][number];

const hashOf = (changes: Partial<Material> = {}) =>
  signatureHash({ format: 'payload', payload: one, signature: one, material: { ...material, ...changes } });
const withEntry = (change: (entry: Entry) => Partial<Record<keyof Entry, unknown>>) =>
  hashOf({ logEntries: material.logEntries.map((entry) => ({ ...entry, ...change(entry) }) as Entry) });

test.each([
  ['another promise', withEntry(() => ({ inclusionPromise: { signedEntryTimestamp: other } }))],
  ['no promise', withEntry(() => ({ inclusionPromise: undefined }))],
  ['no proof', withEntry(() => ({ inclusionProof: undefined }))],
  ['another log', withEntry(() => ({ logId: { keyId: other } }))],
  ['another time', withEntry(() => ({ integratedTime: '3' }))],
  ['another index', withEntry(() => ({ logIndex: '3' }))],
  ['another kind', withEntry(() => ({ kindVersion: { kind: 'dsse', version: '0.0.1' } }))],
  ['another path', withEntry(({ inclusionProof }) => ({ inclusionProof: { ...inclusionProof, hashes: [other] } }))],
  [
    'another checkpoint',
    withEntry(({ inclusionProof }) => ({ inclusionProof: { ...inclusionProof, checkpoint: { envelope: 'another' } } })),
  ],
  ['a certificate where a time stamp was', hashOf({ certificates: [one, other], timestamps: [] })],
  ['a time stamp where a certificate was', hashOf({ certificates: [], timestamps: [one, other] })],
])('what is judged otherwise has another hash: %s', (_, hash) => {
  expect(hash).not.toBe(hashOf());
  expect(hashOf()).toBe(hashOf(structuredClone(material)));
});
