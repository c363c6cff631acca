import dns from 'node:dns';
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { createConnector, createProbingConnector, createTrust } from './connector.ts';
import { selfSignedByRsa } from './testing/certificate.ts';

let identity: { readonly key: string; readonly cert: string };
beforeAll(async () => {
  identity = await selfSignedByRsa('127.0.0.1');
});

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** What a connection to a server of these ways of agreeing upon keys comes to: the cipher's name, or the error's code. */
async function agreed(options: TlsOptions, probing = false): Promise<string> {
  const server = createServer({ ...identity, ...options });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const settings = {
    addresses: 'any',
    ca: { [`127.0.0.1:${port}`]: identity.cert },
    connectTimeout: 5000,
    lookup: dns.lookup,
    trust: createTrust(() => []),
  } as const;
  const connect = probing ? createProbingConnector(settings) : createConnector(settings);
  return new Promise((resolve) => {
    const target = { hostname: '127.0.0.1', host: `127.0.0.1:${port}`, protocol: 'https:', port: `${port}` };
    connect(target, (error, socket) => {
      if (error !== null) return resolve(`${(error as NodeJS.ErrnoException).code}`);
      const { name } = (socket as unknown as { getCipher(): { name: string } }).getCipher();
      socket.destroy();
      resolve(name);
    });
  });
}

describe.each([false, true])('probing: %s', (probing) => {
  test('a server chooses no modulus of its own: finite fields are never agreed upon, curves are', async () => {
    const finite = { maxVersion: 'TLSv1.2', dhparam: 'auto', ciphers: 'DHE-RSA-AES128-GCM-SHA256' } as const;
    expect(await agreed(finite, probing)).toBe('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE');
    expect(await agreed({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, probing)).toBe(
      'ECDHE-RSA-AES128-GCM-SHA256',
    );
  });

  test('nor one of the large named ones of TLS 1.3', async () => {
    expect(await agreed({ minVersion: 'TLSv1.3', ecdhCurve: 'ffdhe8192' }, probing)).toBe(
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    );
    expect(await agreed({ minVersion: 'TLSv1.3', ecdhCurve: 'P-384' }, probing)).toMatch(/^TLS_/);
  });
});
