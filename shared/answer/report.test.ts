import type { AttestorResult } from '../verify/outcome.ts';
import { reportAttestor } from './report.ts';

test('an attestor is printed under stable names: its reason is `code`', () => {
  const path = 'attestors[0].entries[0]';
  const pass: AttestorResult = { path, kind: 'key', identity: 'ab', pass: true, message: 'verifies' };
  const fail: AttestorResult = { path, kind: 'key', pass: false, reason: 'no-signature', message: 'nothing' };
  const set: AttestorResult = {
    path: 'attestors[0]',
    kind: 'set',
    message: '1 of 2',
    children: [pass, fail],
    pass: false,
    reason: 'too-few-attestors',
  };
  const { reason, ...bare } = fail;
  const { reason: ofSet, children, ...above } = set;
  expect(reportAttestor(set)).toEqual({ ...above, code: ofSet, children: [pass, { ...bare, code: reason }] });
});
