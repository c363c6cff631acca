import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEvidence } from '../shared/evidence/read.ts';
import { parseDigest } from '../shared/image/digest.ts';
import type { KeysAttestor } from '../shared/policy/policy.ts';
import { Refusal } from '../shared/reasons.ts';
import { buildCheck } from '../shared/trust/build.ts';
import { verify } from '../shared/verify/verify.ts';

/**
 * Other projects' vectors, which are not committed here: `npm run test:vectors -- DIR [--json FILE]`. DIR holds
 * sigstore-conformance/bundle-verify; of its cases those with a `key.pub` are run, since keyless verification is not built
 * yet. The signed artifact stands where an image's manifest would.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const cases = join(positionals[0] ?? '', 'sigstore-conformance', 'bundle-verify');
const repository = { registry: 'vectors.example', path: 'artifact' };

let passed = 0;
const wrong: string[] = [];
const folders = await readdir(cases, { withFileTypes: true }).then(
  (entries) => entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  () => [],
);
const logs = await logKeys();
for (const folder of folders) {
  const key = await optional(join(cases, folder, 'key.pub'));
  if (key === undefined) continue;
  const accepted = await accepts(folder, key.toString('utf8')).catch((thrown: unknown) => {
    // A key that is none is refused when the policy loads.
    if (thrown instanceof Refusal) return false;
    throw thrown;
  });
  if (accepted === folder.endsWith('_fail')) wrong.push(`${folder}: ${accepted ? 'accepted' : 'rejected'}`);
  else passed += 1;
}
for (const line of wrong) console.error(line);
const run = passed + wrong.length;
console.log(
  `vectors: ${run} run${folders.length > run ? `, ${folders.length - run} need keyless, not built yet` : ''}`,
);
console.log(`${passed} passed, ${wrong.length} failed`);
if (values.json !== undefined) {
  await writeFile(values.json, JSON.stringify({ numPassedTests: passed, numFailedTests: wrong.length }));
}
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Whether the bundle verifies with the key and the log that its own entry names, out of the logs in the trusted roots. */
async function accepts(folder: string, key: string): Promise<boolean> {
  const bytes = await readFile(join(cases, folder, 'bundle.sigstore.json'));
  const artifact = (await optional(join(cases, folder, 'artifact'))) ?? (await readFile(join(cases, 'a.txt')));
  const digest = sha256(artifact);
  const layer = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    digest,
    size: bytes.length,
    annotations: {},
  };
  const item = { source: 'referrer', repository, manifest: digest, artifactType: undefined, layer, bytes } as const;
  const logId = /"keyId":\s*"([^"]+)"/.exec(bytes.toString('utf8'))?.[1] ?? '';
  const log = logs.get(logId);
  const attestor: KeysAttestor = {
    kind: 'keys',
    publicKeys: [key],
    signatureAlgorithm: 'sha256',
    rekor: log === undefined ? { ignoreTlog: false } : { ignoreTlog: false, url: log.url, pubkey: log.pem },
    ctlog: { ignoreSCT: true },
  };
  const check = buildCheck({
    path: 'verifyImages[0]',
    imageReferences: ['*'],
    skipImageReferences: [],
    attestors: [{ entries: [attestor] }],
    annotations: {},
    mutateDigest: true,
    verifyDigest: true,
    required: true,
    useCache: true,
  });
  return verify({
    check,
    image: { digest, bytes: artifact },
    repository,
    evidence: readEvidence([item]),
    unreadable: [],
    now: Date.now(),
  }).pass;
}

/** The transparency logs of every trusted root beside the cases, by log ID in base64. */
async function logKeys(): Promise<ReadonlyMap<string, { url: string; pem: string }>> {
  const found = new Map<string, { url: string; pem: string }>();
  for (const folder of folders) {
    const text = await optional(join(cases, folder, 'trusted_root.json'));
    if (text === undefined) continue;
    const { tlogs = [] } = JSON.parse(text.toString('utf8')) as {
      tlogs?: { baseUrl: string; logId: { keyId: string }; publicKey: { rawBytes: string } }[];
    };
    for (const { baseUrl, logId, publicKey } of tlogs) {
      const pem = `-----BEGIN PUBLIC KEY-----\n${publicKey.rawBytes}\n-----END PUBLIC KEY-----\n`;
      if (!found.has(logId.keyId)) found.set(logId.keyId, { url: baseUrl, pem });
    }
  }
  return found;
}

function sha256(bytes: Uint8Array) {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  if (digest === undefined) throw new Error('no digest');
  return digest;
}

function optional(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}
