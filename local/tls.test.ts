import { createPublicKey, X509Certificate } from 'node:crypto';
import { Agent, request } from 'undici';
import { startRegistry } from './registry/server.ts';
import { selfSigned } from './tls.ts';

test('a client that trusts the certificate speaks with the server by each of its names; another does not', async () => {
  const tls = await selfSigned();
  await using registry = await startRegistry({ tls });
  expect(registry.url).toBe(`https://127.0.0.1:${registry.port}`);
  const trusting = new Agent({ connect: { ca: tls.certPem } });
  for (const name of ['127.0.0.1', 'localhost']) {
    const { statusCode, body } = await request(`https://${name}:${registry.port}/v2/`, { dispatcher: trusting });
    await body.dump();
    expect(statusCode).toBe(200);
  }
  await trusting.close();
  const stranger = new Agent({ connect: { ca: (await selfSigned()).certPem } });
  await expect(request(`${registry.url}/v2/`, { dispatcher: stranger })).rejects.toHaveProperty('code');
  await stranger.close();
});

test('the certificate is for servers, is its own authority, and is valid for a year from an hour ago', async () => {
  const now = new Date('2026-11-24T12:00:00Z');
  const { certPem } = await selfSigned({ names: ['webhook.example', '10.0.0.7'], now });
  const certificate = new X509Certificate(certPem);
  expect(certificate.subjectAltName).toBe('DNS:webhook.example, IP Address:10.0.0.7');
  expect(certificate.checkHost('webhook.example')).toBe('webhook.example');
  expect(certificate.checkHost('localhost')).toBeUndefined();
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(createPublicKey(certPem))).toBe(true);
  expect(certificate.validFromDate.toISOString()).toBe('2026-11-24T11:00:00.000Z');
  expect(certificate.validToDate.toISOString()).toBe('2027-11-24T11:00:00.000Z');
});
