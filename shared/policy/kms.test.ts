import { parseAwsKms } from './kms.ts';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const mrk = `mrk-${'0123456789abcdef'.repeat(2)}`;
const arn = `arn:aws:kms:eu-central-1:111122223333:key/${id}`;

test.each<[string, ReturnType<typeof parseAwsKms>]>([
  [`awskms:///${id}`, { keyId: id }],
  [`awskms:///${mrk}`, { keyId: mrk }],
  ['awskms:///alias/cosign', { keyId: 'alias/cosign' }],
  ['awskms:///alias/team/cosign_2', { keyId: 'alias/team/cosign_2' }],
  [`awskms:///${arn}`, { keyId: arn, region: 'eu-central-1' }],
  [
    'awskms:///arn:aws-cn:kms:cn-north-1:111122223333:alias/cosign',
    { keyId: 'arn:aws-cn:kms:cn-north-1:111122223333:alias/cosign', region: 'cn-north-1' },
  ],
  [
    `awskms:///arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${mrk}`,
    { keyId: `arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${mrk}`, region: 'us-gov-west-1' },
  ],
  [
    `awskms://kms.us-east-2.amazonaws.com/${id}`,
    { keyId: id, endpoint: 'kms.us-east-2.amazonaws.com', region: 'us-east-2' },
  ],
  [
    'awskms://kms-fips.us-gov-west-1.amazonaws.com/alias/a',
    { keyId: 'alias/a', endpoint: 'kms-fips.us-gov-west-1.amazonaws.com', region: 'us-gov-west-1' },
  ],
  [
    'awskms://vpce-1a2b.kms.eu-west-1.vpce.amazonaws.com/alias/a',
    { keyId: 'alias/a', endpoint: 'vpce-1a2b.kms.eu-west-1.vpce.amazonaws.com', region: 'eu-west-1' },
  ],
  [
    'awskms://kms.eu-west-1.api.aws/alias/a',
    { keyId: 'alias/a', endpoint: 'kms.eu-west-1.api.aws', region: 'eu-west-1' },
  ],
  [
    'awskms://kms.cn-north-1.amazonaws.com.cn/alias/a',
    { keyId: 'alias/a', endpoint: 'kms.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' },
  ],
  [
    'awskms:///arn:aws-eusc:kms:eusc-de-east-1:111122223333:alias/cosign',
    { keyId: 'arn:aws-eusc:kms:eusc-de-east-1:111122223333:alias/cosign', region: 'eusc-de-east-1' },
  ],
  [
    'awskms://kms.eusc-de-east-1.amazonaws.eu/alias/a',
    { keyId: 'alias/a', endpoint: 'kms.eusc-de-east-1.amazonaws.eu', region: 'eusc-de-east-1' },
  ],
  ['awskms://localhost:4566/alias/a', { keyId: 'alias/a', endpoint: 'localhost:4566' }],
  [
    `awskms://kms.eu-central-1.amazonaws.com/${arn}`,
    { keyId: arn, endpoint: 'kms.eu-central-1.amazonaws.com', region: 'eu-central-1' },
  ],
])('%s is read', (text, expected) => {
  expect(parseAwsKms(text)).toEqual(expected);
});

test.each<[string, RegExp]>([
  ['awskms://', /^is no key in AWS KMS/],
  ['awskms:///', /^is no key in AWS KMS/],
  ['awskms:///cosign', /^is no key in AWS KMS/],
  ['awskms://alias/cosign', /^is no key in AWS KMS/],
  ['awskms:///alias/', /^is no key in AWS KMS/],
  ['awskms:///alias/a b', /^is no key in AWS KMS/],
  [`awskms:///${id}/x`, /^is no key in AWS KMS/],
  [`awskms:///${id.slice(1)}`, /^is no key in AWS KMS/],
  [`awskms:///arn:aws:s3:eu-central-1:111122223333:key/${id}`, /^is no key in AWS KMS/],
  [`awskms:///arn:aws:kms:eu-central-1:1111:key/${id}`, /^is no key in AWS KMS/],
  [`AWSKMS:///${id}`, /^is no key in AWS KMS/],
  [`gcpkms:///${id}`, /^is no key in AWS KMS/],
  [`awskms://user@host/${id}`, /^names an endpoint that is no host/],
  [`awskms://host:port/${id}`, /^names an endpoint that is no host/],
  [`awskms://kms.us-east-1.amazonaws.com/${arn}`, /^names a key of eu-central-1 and an endpoint of us-east-1$/],
])('%s is a problem', (text, message) => {
  const parsed = parseAwsKms(text);
  expect('problem' in parsed ? parsed.problem : '').toMatch(message);
});

test('a host that only looks like KMS gives no region', () => {
  expect(parseAwsKms('awskms://kms.eu-west-1.amazonaws.com.example.org/alias/a')).toEqual({
    keyId: 'alias/a',
    endpoint: 'kms.eu-west-1.amazonaws.com.example.org',
  });
});
