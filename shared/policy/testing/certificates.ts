import { selfSigned } from '../../net/testing/certificate.ts';

/** Self-signed certificates as PEM, made for one run of tests. */
export const [certA, certB] = await Promise.all([make('a.example.com'), make('b.example.com')]);

async function make(name: string): Promise<string> {
  return `${(await selfSigned(name)).cert.trim()}\n`;
}
