import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuthorityKeyType, makeKey } from '../../fixtures/authority/keys.ts';
import { type Log, noteKeyId } from '../../fixtures/authority/log.ts';
import { freePorts, startProgram, untilReady } from '../programs.ts';
import { send } from '../wire.ts';

/** A real Rekor v2. */
export interface Rekor2 {
  readonly url: string;
  readonly log: Pick<Log, 'baseUrl' | 'key' | 'logId'>;
  stop(): Promise<void>;
}

/** Starts it with its tiles under `dir`, on loopback. It publishes a checkpoint four times a second, so that signing waits little. */
export async function startRekor2(dir: string, type: AuthorityKeyType = 'ed25519'): Promise<Rekor2> {
  await mkdir(dir, { recursive: true });
  const [http, grpc, metrics] = await freePorts(3);
  const key = makeKey(type);
  const signer = join(dir, 'signer.pem');
  await writeFile(signer, key.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  // The origin of its checkpoints, which has to be the host of its URL.
  const host = '127.0.0.1';
  const rekor = await startProgram('rekor2', join(dir, 'rekor2.log'), [
    'serve',
    `--http-port=${http}`,
    `--grpc-port=${grpc}`,
    `--http-metrics-port=${metrics}`,
    `--hostname=${host}`,
    `--signer-filepath=${signer}`,
    `--storage-dir=${join(dir, 'tiles')}`,
    '--checkpoint-interval=250ms',
    '--batch-max-age=50ms',
  ]);
  const url = `http://${host}:${http}`;
  try {
    await untilReady([rekor], 30_000, async () => (await send('GET', `${url}/healthz`)).status === 200);
  } catch (error) {
    await rekor.stop();
    throw error;
  }
  return { url, log: { baseUrl: url, key, logId: noteKeyId(host, key) }, stop: rekor.stop };
}
