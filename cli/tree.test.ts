import type { ReportResult } from '../shared/answer/report.ts';
import { treeOf } from './tree.ts';

const result: ReportResult = {
  policy: 'p',
  rule: 'r',
  image: 'registry.example/app:1',
  digest: null,
  result: 'fail',
  action: 'enforce',
  reason: 'image-not-found',
  message: 'no such image',
  signers: [],
  attestors: [],
  attestations: [],
  requests: 0,
  ms: 1.5,
  source: 'registry',
};
const told = (requests: number) => treeOf({ verdict: 'fail', results: [{ ...result, requests }], patched: [] }, false);

test('what is wrong with an image stands in words that people look for', () => {
  const treeWith = (changes: Partial<ReportResult>) =>
    treeOf({ verdict: 'fail', results: [{ ...result, ...changes }], patched: [] }, false);
  expect(treeWith({})).toContain('\n      failed to verify image: no such image\n');
  expect(treeWith({ result: 'error' })).toContain('\n      failed to verify image: no such image\n');
  const undigested = treeWith({ reason: 'digest-missing', message: 'verifyDigest asks for one' });
  expect(undigested).toContain('\n      missing digest for registry.example/app:1: verifyDigest asks for one\n');
  expect(treeWith({ reason: 'no-attestors', message: 'none' })).toContain('\n      unverified image: none\n');
  expect(treeWith({ result: 'skip', reason: 'unchanged', message: 'as it was' })).toContain('\n      as it was\n');
});

test('one request is one', () => {
  expect(told(0)).toContain('      0 requests, 1.5 ms, from the registry\n');
  expect(told(1)).toContain('      1 request, 1.5 ms, from the registry\n');
  expect(told(2)).toContain('      2 requests, 1.5 ms, from the registry\n');
});
