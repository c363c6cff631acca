import { isWebhookToken, parseWebhookPath, tokenMatches } from './path.ts';

const hash = '0123456789abcdef';

test.each([
  ['/prod/mutate/fail', { cluster: 'prod', purpose: 'mutate', scope: { kind: 'fail' }, token: undefined }],
  [
    '/prod/validate/ignore/T0k_en-1',
    { cluster: 'prod', purpose: 'validate', scope: { kind: 'ignore' }, token: 'T0k_en-1' },
  ],
  ['/prod/validate/audit/T', { cluster: 'prod', purpose: 'validate', scope: { kind: 'audit' }, token: 'T' }],
  [
    `/p_1/mutate/fail-${hash}/T`,
    { cluster: 'p_1', purpose: 'mutate', scope: { kind: 'fail', selector: hash }, token: 'T' },
  ],
  [
    `/p/mutate/ignore-${hash}`,
    { cluster: 'p', purpose: 'mutate', scope: { kind: 'ignore', selector: hash }, token: undefined },
  ],
  ['/mutate', { cluster: 'default', purpose: 'mutate', scope: { kind: 'all' }, token: undefined }],
  ['/validate/T', { cluster: 'default', purpose: 'validate', scope: { kind: 'all' }, token: 'T' }],
  ['/mutate/fail', { cluster: 'default', purpose: 'mutate', scope: { kind: 'all' }, token: 'fail' }],
  ['/mutate/validate/fail', { cluster: 'mutate', purpose: 'validate', scope: { kind: 'fail' }, token: undefined }],
])('%s is a webhook', (path, expected) => {
  expect(parseWebhookPath(path)).toEqual(expected);
});

test.each([
  '',
  '/',
  'mutate',
  '//mutate/fail',
  '/healthz',
  '/prod',
  '/prod/mutate',
  '/prod/mutate/',
  '/prod/mutate/fail/',
  '/prod/mutate/fail/T/',
  '/prod/mutate/fail/T/more',
  '/stage/prod/mutate/fail/T',
  '/prod/approve/fail/T',
  '/prod/Mutate/fail/T',
  '/prod/mutate/all/T',
  '/prod/mutate/Fail/T',
  '/prod/mutate/audit-0123456789abcdef/T',
  '/prod/mutate/fail-0123456789ABCDEF/T',
  '/prod/mutate/fail-0123456789abcde/T',
  '/prod/mutate/fail-/T',
  '/-prod/mutate/fail/T',
  '/pr.od/mutate/fail/T',
  '/pr%6fd/mutate/fail/T',
  '/prod/mutate/fail/T%20',
  '/prod/mutate/fail/T?x=1',
  `/prod/mutate/fail/${'T'.repeat(257)}`,
  `/${'p'.repeat(101)}/mutate/fail/T`,
  `/mutate/${'/'.repeat(100_000)}`,
])('%s is none', (path) => {
  expect(parseWebhookPath(path)).toBe(undefined);
});

test.each(['a.b_c~d-', '01234567', 't'.repeat(256)])('%s may be a token, and stands in a path as it is', (token) => {
  expect(isWebhookToken(token, 8)).toBe(true);
  expect(parseWebhookPath(`/mutate/${token}`)).toMatchObject({ token });
});

test.each(['', 'short', '0123456', 't'.repeat(257), 'with/a/slash', 'with a space', '100%25-of-it', 'a\nb-c-d-e-f'])(
  '%j may not',
  (token) => expect(isWebhookToken(token, 8)).toBe(false),
);

test('either of two tokens is valid, and nothing like them', () => {
  const valid = ['current-token', 'previous-token'];
  expect(tokenMatches('current-token', valid)).toBe(true);
  expect(tokenMatches('previous-token', valid)).toBe(true);
  for (const given of ['', 'current', 'current-token ', 'Current-token', 'current-tokenprevious-token']) {
    expect(tokenMatches(given, valid)).toBe(false);
  }
  expect(tokenMatches('', [])).toBe(false);
});
