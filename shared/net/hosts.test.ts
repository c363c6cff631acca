import { hostName, isLoopbackHost, matchesLabels, splitHost } from './hosts.ts';

test.each([
  ['ghcr.io', 'ghcr.io', undefined],
  ['localhost:5000', 'localhost', '5000'],
  ['[::1]:5000', '::1', '5000'],
  ['[::1]', '::1', undefined],
])('the parts of %s', (text, name, port) => {
  expect(splitHost(text)).toEqual({ name, port });
});

test('a URL host loses brackets and the trailing dot', () => {
  expect(hostName(new URL('https://[::1]:5000/v2/'))).toBe('::1');
  expect(hostName(new URL('https://localhost./v2/'))).toBe('localhost');
});

test.each(['localhost', 'registry.localhost', '127.0.0.1', '127.8.9.1', '::1'])('%s is this machine', (name) => {
  expect(isLoopbackHost(name)).toBe(true);
});

test.each(['localhost.evil.example', '127.0.0.1.evil.example', '128.0.0.1', '10.0.0.1', 'notlocalhost'])(
  '%s is not this machine',
  (name) => {
    expect(isLoopbackHost(name)).toBe(false);
  },
);

test.each([
  ['*.dkr.ecr.*.amazonaws.com', '123456789012.dkr.ecr.eu-west-1.amazonaws.com', true],
  ['*.dkr.ecr.*.amazonaws.com', '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example', false],
  ['*.dkr.ecr.*.amazonaws.com', 'evil.example.dkr.ecr.eu-west-1.amazonaws.com', false],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'a.b.example.com', false],
  ['reg?.ex*le.com', 'reg1.example.com', true],
  ['a*b*c.io', 'axxbyyc.io', true],
  ['a*b*c.io', 'axxbyy.io', false],
  ['*', 'localhost', true],
  ['ghcr.io', 'hcr.io', false],
  ['127.0.0.*', '127.0.0.1', false],
])('%s against %s: %s', (pattern, name, matches) => {
  expect(matchesLabels(pattern, name)).toBe(matches);
});
