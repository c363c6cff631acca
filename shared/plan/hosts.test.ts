import { loadRule } from '../policy/testing/policies.ts';
import { hostsOfRules } from './hosts.ts';

const ruleOf = (...imageReferences: string[]) => loadRule({ verifyImages: [{ imageReferences, required: false }] });

test('a host is named by any rule in force, and called where others are refused by those that are asked alone', () => {
  const [asked, other] = [[ruleOf('ghcr.io/acme/*')], [ruleOf('quay.io/acme/*', '*/acme/*')]];
  const hosts = hostsOfRules(['registry.example'], 'refuse')(asked, [...asked, ...other]);
  expect(hosts).toEqual({
    named: new Set(['registry.example', 'ghcr.io', 'quay.io']),
    asked: new Set(['registry.example', 'ghcr.io']),
    written: new Set(['registry.example', 'ghcr.io']),
    others: expect.any(Function),
    said: false,
  });
  expect(hostsOfRules([], 'call')(other)).toMatchObject({ named: new Set(['quay.io']), asked: new Set(['quay.io']) });
});

test('others are called where a pattern’s host fits them, and not where its path alone does', () => {
  const others = (how: 'call' | 'refuse', ...patterns: string[]) => hostsOfRules([], how)([ruleOf(...patterns)]).others;
  const inEcr = others('call', '*.dkr.ecr.*.amazonaws.com/acme/*', 'ghcr.io/acme/*', '*.example.com:5000/*');
  for (const host of [
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr-ecr.eu-west-1.on.aws',
    'a.example.com:5000',
  ]) {
    expect([host, inEcr(host)]).toEqual([host, true]);
  }
  for (const host of ['127.0.0.9:9', 'x.dkr.ecr.y.amazonaws.com.evil.example', 'evil.example', 'a.example.com']) {
    expect([host, inEcr(host)]).toEqual([host, false]);
  }
  expect(others('call', '*.example.com/*')('a.example.com')).toBe(true);
  for (const open of ['*', '*/acme/*', '*team/app*', 'ghcr.io*/acme/*']) {
    expect(others('call', '*.example.com/*', open)('127.0.0.9:9')).toBe(true);
    expect(others('refuse', open)('127.0.0.9:9')).toBe(false);
  }
});
