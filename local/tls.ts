import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface SelfSignedOptions {
  /** Host names and IP addresses; `localhost`, `127.0.0.1` and `::1` by default. */
  names?: readonly string[];
  now?: Date;
}

const hour = 3_600_000;

/**
 * A new ECDSA P-256 key and a certificate for it, PEM, made for a server on this machine: valid from an hour before
 * `now` for a year. It is its own authority (CA:TRUE), so the same PEM is what a client is given to trust, `caBundle`
 * of a webhook included.
 */
export async function selfSigned({
  names = ['localhost', '127.0.0.1', '::1'],
  now = new Date(),
}: SelfSignedOptions = {}): Promise<{ keyPem: string; certPem: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notBefore = new Date(now.getTime() - hour);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      // RFC 5280 §4.1.2.2: positive, 20 octets at most.
      serialNumber: `01${randomBytes(15).toString('hex')}`,
      name: 'CN=countersign on this machine',
      notBefore,
      notAfter: new Date(notBefore.getTime() + 365 * 24 * hour),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name }))),
      ],
    },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { keyPem: pem('PRIVATE KEY', der), certPem: pem('CERTIFICATE', Buffer.from(certificate.rawData)) };
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
