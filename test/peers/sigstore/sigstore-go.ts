import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunResult, run, tool } from '../tools.ts';

export interface GoVerification {
  readonly trustedRoot: object;
  readonly bundle: object;
  /** Of the artifact, in hex. */
  readonly sha256: string;
  readonly subject: string;
  readonly issuer: string;
}

/** Asks sigstore-go about a bundle with a certificate: one log, one time and one SCT have to be there. Exit status 0: it verifies. */
export async function verifyWithGo({ trustedRoot, bundle, ...words }: GoVerification): Promise<RunResult> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-sigstore-go-'));
  try {
    const [root, signed] = [join(dir, 'trusted_root.json'), join(dir, 'bundle.json')];
    await writeFile(root, JSON.stringify(trustedRoot));
    await writeFile(signed, JSON.stringify(bundle));
    const files = ['--trusted-root', root, '--bundle', signed];
    const { sha256, subject, issuer } = words;
    const args = [...files, '--sha256', sha256, '--subject', subject, '--issuer', issuer];
    return await run(await tool('sigstore-go'), args);
  } finally {
    await rm(dir, { recursive: true });
  }
}
