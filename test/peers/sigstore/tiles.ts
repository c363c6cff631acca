import { join } from 'node:path';
import type { AuthorityKeyType } from '../../fixtures/authority/keys.ts';
import { type Rekor2, startRekor2 } from './rekor2.ts';
import { type SigstoreServer, signingConfig, startSigstore, writeJson } from './server.ts';
import { startTsa, type Tsa, type TsaOptions } from './tsa.ts';

/** A SigstoreServer's Fulcio with a real Rekor v2 and a real time-stamp authority: for cosign 3. */
export interface SigstoreTiles extends SigstoreServer {
  readonly rekor2: Rekor2;
  readonly tsa: Tsa;
  /** Its trusted_root.json. */
  readonly trustedRoot: Record<string, unknown>;
}

export interface TilesOptions {
  /** Rekor's key. */
  readonly key?: AuthorityKeyType;
  readonly tsa?: TsaOptions;
}

/** The trusted root knows none but these three. There is no configuration without time stamps: Rekor v2 has no times. */
export async function startTiles(dir: string, options: TilesOptions = {}): Promise<SigstoreTiles> {
  await using started = new AsyncDisposableStack();
  const sigstore = started.adopt(await startSigstore(join(dir, 'fulcio')), (each) => each.stop());
  const rekor2 = started.adopt(await startRekor2(join(dir, 'rekor2'), options.key), (each) => each.stop());
  const tsa = started.adopt(await startTsa(join(dir, 'tsa'), options.tsa), (each) => each.stop());
  const validFor = { start: sigstore.authority.ca.root.notBefore };
  const trustedRoot = sigstore.authority.trustedRoot({
    logs: [{ log: rekor2.log, validFor }],
    timestampAuthorities: [{ chain: tsa.chain, validFor }],
  });
  const config = signingConfig({ fulcio: sigstore.url, rekor2: rekor2.url, tsa: tsa.url });
  const files = {
    ...sigstore.files,
    trustedRoot: await writeJson(join(dir, 'trusted_root.json'), trustedRoot),
    signingConfig: await writeJson(join(dir, 'signing_config.json'), config),
  };
  const running = started.move();
  return { ...sigstore, files, rekor2, tsa, trustedRoot, stop: () => running.disposeAsync() };
}
