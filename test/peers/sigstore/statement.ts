import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachBundle } from '../referrers.ts';
import { runOk, tool } from '../tools.ts';
import { type Cosign, environment, type SignedBy, type Sigstore, serviceArguments, signerArguments } from './cosign.ts';

/**
 * Attaches a whole statement, about whatever it is about, to an image: cosign makes those of `attest` itself, so it signs as of a blob's
 * (`attest-blob`), and attaches what comes of it. An envelope of cosign 2 by a key alone, else a bundle.
 * @param sigstore `undefined`: in no log
 */
export async function attestStatement(
  cosign: Cosign,
  sigstore: Sigstore | undefined,
  reference: string,
  by: SignedBy,
  statement: object,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-statement-'));
  try {
    const [stated, made] = [join(dir, 'statement.json'), join(dir, 'made.json')];
    await writeFile(stated, JSON.stringify(statement));
    const env = sigstore === undefined ? { COSIGN_PASSWORD: '' } : environment(cosign, sigstore.files);
    const args = ['attest-blob', ...signerArguments(by), ...servicesOf(cosign, sigstore), '--statement', stated];
    await runOk(await tool(cosign), [...args, ...outputOf(cosign, sigstore, made)], { env });
    await attach(cosign, sigstore, reference, made);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** `cosign attach` takes no bundle with a chain in it, nor any that cosign 2 has had logged. */
async function attach(cosign: Cosign, sigstore: Sigstore | undefined, reference: string, made: string): Promise<void> {
  if (cosign === 'cosign2' && sigstore === undefined) {
    await runOk(await tool(cosign), ['attach', 'attestation', '--attestation', made, reference]);
    return;
  }
  const [, host = '', repo = '', digest = ''] = /^([^/]+)\/(.+)@(.+)$/.exec(reference) ?? [];
  await attachBundle(host, repo, digest, await readFile(made), { 'dev.sigstore.bundle.content': 'dsse-envelope' });
}

function servicesOf(cosign: Cosign, sigstore: Sigstore | undefined): string[] {
  if (sigstore !== undefined) return serviceArguments(cosign, sigstore, {});
  return ['--tlog-upload=false', ...(cosign === 'cosign3' ? ['--use-signing-config=false'] : [])];
}

function outputOf(cosign: Cosign, sigstore: Sigstore | undefined, made: string): string[] {
  if (cosign === 'cosign3') return ['--bundle', made];
  return sigstore === undefined ? ['--output-signature', made] : ['--new-bundle-format', '--bundle', made];
}
