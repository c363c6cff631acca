import { createLocalCore, type LocalCore, type LocalCoreOptions } from '../local/core.ts';
import { startRegistry } from '../local/registry/server.ts';
import { storeDestination } from '../local/signer/destination.ts';
import { attest, makeImage, newKey, type SigningKey, sign } from '../local/signer/signer.ts';
import { parseReview } from '../shared/admission/review.ts';
import { loadExpressions } from '../shared/expression/expressions.ts';
import { defaultLedgerSettings } from '../shared/ledger/settings.ts';
import { monotonic, startDeadline } from '../shared/net/deadline.ts';
import { loadPolicies } from '../shared/policy/kyverno/load.ts';
import type { Rule } from '../shared/policy/policy.ts';
import { loadRegExps } from '../shared/regexp.ts';
import { byKey, pod, policy, review } from '../test/e2e/documents.ts';
import { spreadText } from './spread.ts';

const rounds = 7;
/** How long one way's turn takes, about. */
const milliseconds = 300;

const scanType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const sbomType = 'https://spdx.dev/Document';
const packages = 4000;
/** Conditions of a rule whose cost is divided among them. */
const many = 10;

const critical = { key: '{{ critical }}', operator: 'Equals', value: 0 };
const recent = {
  key: "{{ time_since('','{{ metadata.scanFinishedOn }}','') }}",
  operator: 'LessThanOrEquals',
  value: '168h',
};
const named = { key: "{{ packages[?name == 'left-pad'].versionInfo }}", operator: 'AnyNotIn', value: ['1.0.0'] };

/**
 * What attestations and their conditions add to a review, in this process, without TLS and HTTP: CPU of one review of one image. Warm, the
 * ledger knows who signed and attested, and the conditions alone are evaluated; fresh, everything is fetched from a registry on
 * this machine and verified.
 */
export async function conditions(): Promise<void> {
  await loadRegExps();
  await loadExpressions();
  await using registry = await startRegistry();
  const key = newKey();
  const destination = storeDestination(registry);
  const repository = 'demo/app';
  const digest = await makeImage(destination, repository, '1');
  const about = { repository, digest, key };
  await sign(destination, about);
  const scan = { critical: 0, metadata: { scanFinishedOn: new Date(Date.now() - 3_600_000).toISOString() } };
  await attest(destination, { ...about, predicateType: scanType, predicate: scan });
  const sbom = sbomOf(packages);
  await attest(destination, { ...about, predicateType: sbomType, predicate: sbom });
  const images = [`${registry.host}/${repository}@${digest}`];
  const rulesOf = (attestations: readonly object[]) => rulesFor(`${registry.host}/demo/*`, key, attestations);
  const all = (...list: readonly object[]) => [{ all: list }];
  const ways: readonly (readonly [string, readonly Rule[]])[] = [
    ['signature alone', rulesOf([])],
    ['scan attested, no conditions', rulesOf([{ type: scanType }])],
    ['scan attested, 1 condition', rulesOf([{ type: scanType, conditions: all(critical) }])],
    [
      `scan attested, ${many} conditions`,
      rulesOf([{ type: scanType, conditions: all(...Array(many).fill(critical)) }]),
    ],
    [
      `scan attested, ${many} of freshness`,
      rulesOf([{ type: scanType, conditions: all(...Array(many).fill(recent)) }]),
    ],
    [
      `SBOM of ${Math.round(JSON.stringify(sbom).length / 1024)} KB, 1 projection`,
      rulesOf([{ type: sbomType, conditions: all(named) }]),
    ],
  ];
  console.log(
    `conditions: median of ${rounds} turns of about ${milliseconds} ms (range), microseconds of CPU for one review of one image`,
  );
  for (const [name, rules] of ways) {
    const warm = await timesOf(rules, images, {});
    const fresh = await timesOf(rules, images, { ledger: { ...defaultLedgerSettings, enabled: false } });
    console.log(`${name}: warm ${spreadText(warm)}, fresh ${spreadText(fresh)}`);
  }
}

function rulesFor(pattern: string, key: SigningKey, attestations: readonly object[]): readonly Rule[] {
  const wanted = attestations.map((one) => ({ attestors: [{ entries: [byKey(key)] }], ...one }));
  const entry = wanted.length === 0 ? [] : [`attestations: ${JSON.stringify(wanted)}`];
  const written = policy({ images: pattern, keys: [key], entry });
  return loadPolicies([{ name: 'policy.yaml', text: written }]).rules.filter(({ name }) => name === 'check');
}

/** An SPDX document as tools write it: some 250 bytes a package. */
function sbomOf(count: number): object {
  const list = Array.from({ length: count }, (_, at) => ({
    SPDXID: `SPDXRef-Package-${at}`,
    name: `package-${at}`,
    versionInfo: `1.${at % 100}.0`,
    downloadLocation: 'NOASSERTION',
    licenseConcluded: 'MIT',
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: `pkg:npm/package-${at}@1.${at % 100}.0`,
      },
    ],
  }));
  const pinned = { ...list[0], SPDXID: 'SPDXRef-left-pad', name: 'left-pad', versionInfo: '1.3.0' };
  return { spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', packages: [...list, pinned] };
}

async function timesOf(
  rules: readonly Rule[],
  images: readonly string[],
  options: LocalCoreOptions,
): Promise<readonly number[]> {
  const core = createLocalCore(options);
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const time = await perReview(core, rules, images);
    if (round > 0) times.push(time);
  }
  await core.close();
  return times;
}

/** Microseconds of this process's CPU; the registry's share of it is in what is fetched. */
async function perReview(core: LocalCore, rules: readonly Rule[], images: readonly string[]): Promise<number> {
  const parsed = parseReview(review(pod(images)));
  if (parsed.kind !== 'review') throw new Error(parsed.problem);
  const { request } = parsed;
  const began = performance.now();
  const before = process.cpuUsage();
  let times = 0;
  while (performance.now() - began < milliseconds) {
    const deadline = startDeadline(10_000, monotonic);
    const verdicts = await core.pipeline.review(rules, request, { purpose: 'mutate', deadline });
    deadline.stop();
    const [verdict] = verdicts;
    if (verdict?.result !== 'pass') throw new Error(verdict?.message ?? 'nothing was asked');
    times += 1;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
