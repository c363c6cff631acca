import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { freePorts, startProgram, untilReady } from '../programs.ts';
import { expectStatus, send } from '../wire.ts';

/** A real time-stamp authority. */
export interface Tsa {
  readonly url: string;
  /** The leaf first. */
  readonly chain: readonly { readonly der: Buffer; readonly pem: string }[];
  stop(): Promise<void>;
}

export interface TsaOptions {
  /** Whose key and certificates it has; its own, of ECDSA, without. */
  readonly authority?: TimestampAuthority;
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
}

/** Starts it with its files under `dir`, on loopback. */
export async function startTsa(dir: string, { authority, hash = 'sha256' }: TsaOptions = {}): Promise<Tsa> {
  await mkdir(dir, { recursive: true });
  const [port] = await freePorts(1);
  const tsa = await startProgram('tsa', join(dir, 'tsa.log'), [
    'serve',
    '--host=127.0.0.1',
    `--port=${port}`,
    '--disable-ntp-monitoring',
    ...(authority === undefined ? ['--timestamp-signer=memory'] : await signerArguments(dir, authority, hash)),
  ]);
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady([tsa], 30_000, async () => (await send('GET', `${url}/ping`)).status === 200);
    const { body } = await expectStatus(200, 'GET', `${url}/api/v1/timestamp/certchain`);
    return { url, chain: certificatesIn(body.toString()), stop: tsa.stop };
  } catch (error) {
    await tsa.stop();
    throw error;
  }
}

async function signerArguments(dir: string, { key, chain }: TimestampAuthority, hash: string): Promise<string[]> {
  const [signer, certificates] = [join(dir, 'tsa.key'), join(dir, 'tsa.pem')];
  await writeFile(signer, key.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  await writeFile(certificates, chain.map(({ pem }) => pem).join(''));
  return [
    '--timestamp-signer=file',
    `--file-signer-key-path=${signer}`,
    `--certificate-chain-path=${certificates}`,
    `--timestamp-signer-hash=${hash}`,
  ];
}

function certificatesIn(pem: string): { der: Buffer; pem: string }[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
  return found.map((each) => ({ pem: each, der: Buffer.from(each.replace(/-----[^-]+-----|\s/g, ''), 'base64') }));
}
