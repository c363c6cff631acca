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

/** Reviews a Pod of images, each with an attestation, twice in a process of its own. */
async function reviewAttested(
  predicates: Iterable<object>,
  conditions: readonly object[],
  words: readonly string[],
): Promise<{ readonly peak: number; readonly reviews: readonly string[][] }> {
  await using registry = await startRegistry();
  const destination = storeDestination(registry);
  const key = newKey();
  const images: string[] = [];
  for (const predicate of predicates) {
    const repository = `acme/app-${images.length}`;
    const digest = await makeImage(destination, repository, '1', { label: repository });
    await sign(destination, { repository, digest, key });
    await attest(destination, { repository, digest, key, predicateType: sbomType, predicate });
    images.push(`${registry.host}/${repository}:1`);
  }
  const wanted = [{ type: sbomType, attestors: [{ entries: [byKey(key)] }], conditions: [{ all: conditions }] }];
  const file = join(folder, 'policy.yaml');
  const entry = [`attestations: ${JSON.stringify(wanted)}`];
  await writeFile(file, policy({ images: `${registry.host}/acme/*`, keys: [key], entry }));
  const child = join(import.meta.dirname, 'attested-child.ts');
  const all = ['--disable-warning=ExperimentalWarning', ...words, child, file, ...images];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return JSON.parse(stdout) as { peak: number; reviews: readonly string[][] };
}

test(`a Pod of ten images with an SBOM of 1 MB each under a condition: under ${bound} MB, and answered from memory the second time`, async () => {
  const sboms = Array.from({ length: 10 }, (_, at) => sbomOf(4500, at === 9 ? 'AGPL-3.0' : 'Apache-2.0'));
  const noCopyleft = { key: '{{ packages[].licenseConcluded }}', operator: 'AllNotIn', value: ['AGPL-*'] };
  const { peak, reviews } = await reviewAttested(sboms, [noCopyleft], ['--max-old-space-size=256']);
  expect(peak).toBeLessThan(bound);
  const [first, second] = reviews;
  expect(first).toEqual([...Array(9).fill('pass verified registry'), 'fail condition-failed registry']);
  expect(second).toEqual([...Array(9).fill('pass verified ledger'), 'fail condition-failed registry']);
}, 60_000);

/** As many fields as a predicate may have, all with names of their own: the most that 7 MB of text can be made to take. */
function fieldsOf(image: number): object {
  const object = (part: number) =>
    Object.fromEntries(Array.from({ length: 90_000 }, (_, at) => [`k${image}_${part}_${at}`, 1]));
  return { ok: true, parts: Array.from({ length: 5 }, (_, part) => object(part)) };
}

test('what is attested of a review is parsed up to a million values: two images of 450,000 are, and no third one, whoever remembers them', async () => {
  function* predicates() {
    for (let image = 0; image < 6; image += 1) yield fieldsOf(image);
  }
  const isOk = { key: '{{ ok }}', operator: 'Equals', value: true };
  const { peak, reviews } = await reviewAttested(predicates(), [isOk], []);
  // MB: the six of them would take as much again.
  expect(peak).toBeLessThan(700);
  for (const [time, verdicts] of reviews.entries()) {
    const passed = `pass verified ${time === 0 ? 'registry' : 'ledger'}`;
    expect(verdicts.toSorted()).toEqual([...Array(4).fill('fail review-too-large registry'), passed, passed]);
  }
}, 60_000);
