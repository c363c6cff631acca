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

test('one request is one', () => {
  expect(told(0)).toContain('      0 requests, 1.5 ms, from the registry\n');
  expect(told(1)).toContain('      1 request, 1.5 ms, from the registry\n');
  expect(told(2)).toContain('      2 requests, 1.5 ms, from the registry\n');
});
