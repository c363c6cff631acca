import { matchesLabels } from '../net/hosts.ts';
import { ecrHosts, ecrRegistry, registryName, registryNames } from './registry-names.ts';

const account = '123456789012';

test.each<[string, readonly string[]]>([
  ['docker.io', ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']],
  ['public.ecr.aws', ['public.ecr.aws', 'ecr-public.aws.com']],
  [
    `${account}.dkr.ecr.us-east-1.amazonaws.com`,
    [
      `${account}.dkr.ecr.us-east-1.amazonaws.com`,
      `${account}.dkr.ecr-fips.us-east-1.amazonaws.com`,
      `${account}.dkr-ecr.us-east-1.on.aws`,
      `${account}.dkr-ecr-fips.us-east-1.on.aws`,
    ],
  ],
  [
    `${account}.dkr.ecr.cn-north-1.amazonaws.com.cn`,
    [
      `${account}.dkr.ecr.cn-north-1.amazonaws.com.cn`,
      `${account}.dkr.ecr-fips.cn-north-1.amazonaws.com.cn`,
      `${account}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`,
      `${account}.dkr-ecr-fips.cn-north-1.on.amazonwebservices.com.cn`,
      `${account}.dkr-ecr.cn-north-1.on.aws`,
      `${account}.dkr-ecr-fips.cn-north-1.on.aws`,
    ],
  ],
  [
    `${account}.dkr.ecr.eusc-de-east-1.amazonaws.eu`,
    [
      `${account}.dkr.ecr.eusc-de-east-1.amazonaws.eu`,
      `${account}.dkr.ecr-fips.eusc-de-east-1.amazonaws.eu`,
      `${account}.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu`,
      `${account}.dkr-ecr-fips.eusc-de-east-1.on.amazonwebservices.eu`,
    ],
  ],
])('the names of %s, each of which knows the others', (first, names) => {
  for (const name of names) {
    expect(registryNames(name)).toEqual(names);
    expect(registryName(name)).toBe(first);
  }
});

test.each([
  'ghcr.io',
  'registry.docker.io',
  'docker.io:5000',
  'docker.io.evil.example',
  `${account}.dkr.ecr.us-east-1.amazonaws.com.evil.example`,
  `${account}.dkr.ecr.us-east-1.amazonaws.com:8443`,
  `x${account}.dkr.ecr.us-east-1.amazonaws.com`,
  `${account}.dkr-ecr.us-east-1.amazonaws.com`,
  `${account}.dkr.ecr.us-east-1.on.aws`,
  `${account}.dkr.ecr.us.east.1.amazonaws.com`,
  `${account}.dkr.ecr.eusc-de-east-1.amazonaws.eu.evil.example`,
  `${account}.dkr.ecr.eusc-de-east-1.on.amazonwebservices.eu`,
])('%s has no other name', (host) => {
  expect(registryNames(host)).toEqual([host]);
  expect(ecrRegistry(host)).toBeUndefined();
});

test('a registry of another region or account is another', () => {
  const names = [
    `${account}.dkr-ecr.us-west-2.on.aws`,
    `${account}.dkr-ecr.us-east-1.on.aws`,
    `223456789012.dkr-ecr.us-east-1.on.aws`,
  ];
  expect(new Set(names.map(registryName)).size).toBe(3);
});

test('the globs fit what the names fit', () => {
  const fits = (host: string) => ecrHosts.some((glob) => matchesLabels(glob, host));
  const suffixes = { 'us-east-1': 'com', 'us-gov-west-1': 'com', 'cn-north-1': 'com.cn', 'eusc-de-east-1': 'eu' };
  for (const [region, suffix] of Object.entries(suffixes)) {
    for (const host of registryNames(`${account}.dkr.ecr.${region}.amazonaws.${suffix}`)) {
      expect([host, fits(host)]).toEqual([host, true]);
      expect(ecrRegistry(host)).toEqual({ account, region });
    }
  }
  expect(fits(`${account}.dkr.ecr.us-east-1.amazonaws.com.evil.example`)).toBe(false);
});
