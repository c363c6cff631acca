import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificatesIn } from '../trust/x509/certificate.ts';

const stores = join(import.meta.dirname, '../../policies/samples/notary/truststore/x509/signingAuthority');

// As AWS publishes them: https://d2hvyiie56hcat.cloudfront.net/aws-signer-notation-root.cert and
// …/aws-us-gov-signer-notation-root.cert. A test cannot ask there, so it holds what was found to be right.
test.each([
  [
    'aws-signer-ts/aws-signer-notation-root.pem',
    'CN=AWS Signer Code Signing Root CA G1',
    '90:A8:7D:05:43:C3:F0:94:DB:FF:95:89:B6:64:9A:FF:E2:F3:D6:E0:F3:08:79:9B:E2:25:84:61:C6:86:47:3F',
  ],
  [
    'aws-us-gov-signer-ts/aws-us-gov-signer-notation-root.pem',
    'CN=AWS Signer Code Signing GovCloud (US) Root CA G1',
    '67:36:53:AB:76:F4:1A:10:54:6C:DE:B4:10:7E:CD:6D:F2:C1:5C:2C:9A:0D:32:ED:97:D2:71:B4:43:6F:C3:E8',
  ],
])('the sample store has the root of AWS Signer: %s', async (file, name, fingerprint) => {
  const [root, another] = certificatesIn(await readFile(join(stores, file), 'utf8'));
  if (root === undefined) throw new Error('no certificate');
  expect(another).toBeUndefined();
  expect(new X509Certificate(root.der).fingerprint256).toBe(fingerprint);
  expect(root.subject.split('\n')).toContain(name);
  expect(root.isSignedBy(root)).toBe(true);
  expect(root.pathLength).toBe(Number.POSITIVE_INFINITY);
});
