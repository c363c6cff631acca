import { namedHosts, writtenHosts } from './hosts.ts';
import { loadRule } from './testing/policies.ts';

test('the hosts that may be called: those that patterns and settings name, under each name of their registries', () => {
  const imageReferences = ['123456789012.dkr.ecr.us-east-1.amazonaws.com/*', 'GHCR.io/acme/*', '*.example.com/*'];
  const rule = loadRule({ verifyImages: [{ imageReferences, required: false }] });
  expect([...namedHosts(writtenHosts([rule], ['docker.io']))].sort()).toEqual([
    '123456789012.dkr-ecr-fips.us-east-1.on.aws',
    '123456789012.dkr-ecr.us-east-1.on.aws',
    '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com',
    'docker.io',
    'ghcr.io',
    'index.docker.io',
    'registry-1.docker.io',
    'registry.hub.docker.com',
  ]);
});
