import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { attest, makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { byKey, policy } from '../e2e/documents.ts';

/** MB that a process may take for a review, whatever is attested; the function has 1769. */
const bound = 400;
const sbomType = 'https://spdx.dev/Document';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-attested-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** An SPDX document of some 250 bytes a package. */
function sbomOf(packages: number, license: string): object {
  const list = Array.from({ length: packages }, (_, at) => ({
    SPDXID: `SPDXRef-Package-${at}`,
    name: `package-${at}`,
    versionInfo: `1.${at % 100}.0`,
    downloadLocation: 'NOASSERTION',
    licenseConcluded: at === 7 ? license : 'MIT',
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: `pkg:npm/package-${at}` },
    ],
  }));
  return { spdxVersion: 'SPDX-2.3', packages: list };
}

test(`a Pod of ten images with an SBOM of 1 MB each under a condition: under ${bound} MB, and answered from memory the second time`, async () => {
  await using registry = await startRegistry();
  const destination = storeDestination(registry);
  const key = newKey();
  const images: string[] = [];
  for (let at = 0; at < 10; at += 1) {
    const repository = `acme/app-${at}`;
    const digest = await makeImage(destination, repository, '1', { label: `${at}` });
    await sign(destination, { repository, digest, key });
    const predicate = sbomOf(4500, at === 9 ? 'AGPL-3.0' : 'Apache-2.0');
    await attest(destination, { repository, digest, key, predicateType: sbomType, predicate });
    images.push(`${registry.host}/${repository}:1`);
  }
  const noCopyleft = { key: '{{ packages[].licenseConcluded }}', operator: 'AllNotIn', value: ['AGPL-*'] };
  const wanted = [{ type: sbomType, attestors: [{ entries: [byKey(key)] }], conditions: [{ all: [noCopyleft] }] }];
  const file = join(folder, 'policy.yaml');
  const entry = [`attestations: ${JSON.stringify(wanted)}`];
  await writeFile(file, policy({ images: `${registry.host}/acme/*`, keys: [key], entry }));
  const child = join(import.meta.dirname, 'attested-child.ts');
  const words = ['--disable-warning=ExperimentalWarning', '--max-old-space-size=256', child, file, ...images];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const { peak, reviews } = JSON.parse(stdout) as { peak: number; reviews: readonly string[][] };
  expect(peak).toBeLessThan(bound);
  const [first, second] = reviews;
  expect(first).toEqual([...Array(9).fill('pass verified registry'), 'fail condition-failed registry']);
  expect(second).toEqual([...Array(9).fill('pass verified ledger'), 'fail condition-failed registry']);
}, 60_000);
