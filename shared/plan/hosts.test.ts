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
    others: 'refuse',
  });
  expect(hostsOfRules([], 'call')(other)).toMatchObject({ named: new Set(['quay.io']), asked: new Set(['quay.io']) });
});
