import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Subject, type Trusted, verifyBundle } from '../cli/bundle.ts';
import { digestOf } from '../local/registry/store.ts';
import { readTrustRoot } from '../shared/trust/root/read.ts';
import { carriedBytes } from '../shared/trust-roots/carried.ts';
import { notaryEnvelopes } from './notary-envelopes.ts';
import { timestampTokens } from './notary-vectors.ts';

/**
 * Other projects' vectors, which are not committed here: `npm run test:vectors -- DIR [--json FILE]`. DIR holds
 * sigstore-conformance/bundle-verify, the cases of Sigstore's conformance suite: each is run with the artifact, and with its digest
 * alone; notary/envelopes, signatures of the Notary Project, each of which is read; and notary/timestamp-tokens, each of which is a time
 * stamp as its name says.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const [directory = ''] = positionals;
const cases = join(directory, 'sigstore-conformance', 'bundle-verify');

let passed = 0;
const wrong: string[] = [];
const folders = await readdir(cases, { withFileTypes: true }).then(
  (entries) => entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  () => [],
);
for (const folder of folders) {
  const bytes = (await optional(folder, 'artifact')) ?? (await readFile(join(cases, 'a.txt')));
  const forms: readonly [string, Subject][] = [
    ['by path', { digest: undefined, bytes }],
    ['by digest', { digest: digestOf(bytes), bytes: undefined }],
  ];
  for (const [form, subject] of forms) {
    const accepted = await accepts(folder, subject);
    if (accepted === folder.endsWith('_fail')) wrong.push(`${folder}, ${form}: ${accepted ? 'accepted' : 'rejected'}`);
    else passed += 1;
  }
}
for (const notary of [await notaryEnvelopes(directory), await timestampTokens(directory)]) {
  passed += notary.passed;
  wrong.push(...notary.wrong);
}
for (const line of wrong) console.error(line);
console.log(`vectors: ${passed + wrong.length} run`);
console.log(`${passed} passed, ${wrong.length} failed`);
if (values.json !== undefined) {
  await writeFile(values.json, JSON.stringify({ numPassedTests: passed, numFailedTests: wrong.length }));
}
process.exitCode = wrong.length === 0 ? 0 : 1;

async function accepts(folder: string, subject: Subject): Promise<boolean> {
  const bundle = await readFile(join(cases, folder, 'bundle.sigstore.json'));
  const root = (await optional(folder, 'trusted_root.json')) ?? carriedBytes();
  const outcome = verifyBundle({
    bundle,
    subject,
    root: readTrustRoot(root).root,
    trusted: await trustedIn(folder),
    now: Date.now(),
  });
  return outcome.pass;
}

/** The identity of the suite's own workflow, unless the case has another. */
async function trustedIn(folder: string): Promise<Trusted> {
  const key = await optional(folder, 'key.pub');
  if (key !== undefined) return { key: key.toString('utf8') };
  const beacon = 'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon';
  const subject = `${beacon}/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main`;
  return {
    subject: (await optional(folder, 'identity'))?.toString('utf8').trim() ?? subject,
    issuer:
      (await optional(folder, 'issuer'))?.toString('utf8').trim() ?? 'https://token.actions.githubusercontent.com',
  };
}

function optional(folder: string, name: string): Promise<Buffer | undefined> {
  return readFile(join(cases, folder, name)).catch(() => undefined);
}
