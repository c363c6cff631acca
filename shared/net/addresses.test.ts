import { addressClass, allowsAddress, allowsHandOver } from './addresses.ts';

const deployed = [] as const;

test.each([
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  'ff02::1',
  '2001:db8::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2001::1',
  '4000::1',
  'not an address',
])('a deployed function does not call %s', (address) => {
  expect(allowsAddress(deployed, 'registry.example:443', address)).toBe(false);
});

test.each(['1.1.1.1', '140.82.112.33', '2606:4700::1111', '::ffff:1.1.1.1', '64:ff9b::101:101', '2002:101:101::'])(
  'a deployed function calls %s',
  (address) => {
    expect(allowsAddress(deployed, 'registry.example:443', address)).toBe(true);
  },
);

test('a grant holds for its ranges and its hosts alone', () => {
  const rules = [{ ranges: ['10.0.0.0/16', 'fd12::/16'], hosts: ['*.dkr.ecr.*.amazonaws.com', 'harbor.corp:8443'] }];
  const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com:443';
  expect(allowsAddress(rules, ecr, '10.0.3.4')).toBe(true);
  expect(allowsAddress(rules, ecr, '::ffff:10.0.3.4')).toBe(true);
  expect(allowsAddress(rules, ecr, 'fd12::5')).toBe(true);
  expect(allowsAddress(rules, ecr, '10.1.3.4')).toBe(false);
  expect(allowsAddress(rules, ecr, '169.254.169.254')).toBe(false);
  expect(allowsAddress(rules, 'harbor.corp:8443', '10.0.3.4')).toBe(true);
  expect(allowsAddress(rules, 'harbor.corp:443', '10.0.3.4')).toBe(false);
  expect(allowsAddress(rules, 'evil.example:443', '10.0.3.4')).toBe(false);
  const everywhere = [{ ranges: ['10.0.0.0/16'], hosts: 'any' as const }];
  expect(allowsAddress(everywhere, 'evil.example:443', '10.0.3.4')).toBe(true);
});

test('on the command line any address may be called', () => {
  expect(allowsAddress('any', 'localhost:5000', '127.0.0.1')).toBe(true);
});

test.each([
  ['https://registry.example/', 'https://cdn.example/', true],
  ['https://registry.example/', 'https://127.0.0.1/', false],
  ['https://registry.example/', 'https://localhost/', false],
  ['https://registry.example/', 'https://localhost./', false],
  ['https://registry.example/', 'https://0x7f000001/', false],
  ['https://registry.example/', 'https://2130706433/', false],
  ['https://registry.example/', 'https://017700000001/', false],
  ['https://registry.example/', 'https://[::ffff:169.254.169.254]/', false],
  ['https://registry.example/', 'https://10.0.0.1/', false],
  ['https://registry.example/', 'https://8.8.8.8/', true],
  ['http://localhost:5000/', 'http://127.0.0.1:9000/', true],
  ['http://localhost:5000/', 'http://192.168.0.7/', true],
  ['http://localhost:5000/', 'http://169.254.169.254/', false],
  ['https://10.0.0.1/', 'https://10.0.0.2/', true],
  ['https://10.0.0.1/', 'https://127.0.0.1/', false],
  ['https://169.254.1.1/', 'https://169.254.1.1/blob', true],
])('%s may send us to %s: %s', (from, to, allowed) => {
  expect(allowsHandOver(new URL(from), new URL(to))).toBe(allowed);
});

test('classes', () => {
  expect(['::1', '10.1.1.1', '1.1.1.1', 'ff02::1', 'x'].map(addressClass)).toEqual([
    'loopback',
    'private',
    'public',
    'special',
    'special',
  ]);
});
