import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report, ReportResult } from '../../shared/answer/report.ts';
import { pod, review } from '../e2e/documents.ts';
import { applyPatch } from '../e2e/json-patch.ts';
import { type AttestedImages, attestedImages, canStateText } from './attested.ts';
import { type AttestedCase, attestedCases, attestedPolicies, textCases } from './attested-cases.ts';
import { countersign, reasonsFor, verifyImages } from './countersign.ts';
import { pushImage } from './images.ts';
import { type PartyKind, partyOf } from './parties.ts';
import { policyOf } from './policies.ts';
import { reviewType } from './predicates.ts';
import { type RunningRegistry, startDistribution, startGgcr } from './registries.ts';
import { type RunningServer, startServe } from './serve.ts';
import type { Cosign } from './sigstore/cosign.ts';
import { type SigstoreServer, startSigstore } from './sigstore/server.ts';
import { run } from './tools.ts';

// What the command line and the webhooks, run as programs, say of images that real cosigns attested.

let dir: string;
let sigstore: SigstoreServer;
const registries = new Map<string, RunningRegistry>();
const making = 300_000;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-attestations-'));
  sigstore = await startSigstore(join(dir, 'sigstore'));
  registries.set('go-containerregistry', await startGgcr());
  registries.set('distribution', await startDistribution(join(dir, 'distribution')));
});

afterAll(async () => {
  await sigstore?.stop();
  for (const registry of registries.values()) await registry.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Each cosign and each kind of signer, with and without a referrers API. */
const ways: readonly [Cosign, PartyKind, string][] = [
  ['cosign2', 'key', 'distribution'],
  ['cosign3', 'key', 'go-containerregistry'],
  ['cosign2', 'certificate', 'go-containerregistry'],
  ['cosign3', 'certificate', 'distribution'],
  ['cosign2', 'workflow', 'distribution'],
  ['cosign3', 'workflow', 'go-containerregistry'],
];

interface Response {
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly code: number; readonly message: string };
}

describe.each(ways)('%s by a %s, on %s', (cosign, kind, registryName) => {
  const way = { cosign, kind };
  const cases = canStateText(way) ? [...attestedCases, ...textCases] : attestedCases;
  let made: AttestedImages;
  let verified: Report & { code: number };
  let applied: Report;
  let server: RunningServer;

  beforeAll(async () => {
    const host = registries.get(registryName)?.host ?? '';
    const folder = join(dir, `${cosign}-${kind}`);
    made = await attestedImages({ ...way, sigstore, host, dir: join(folder, 'parties') });
    const policies = join(folder, 'policies');
    await mkdir(policies);
    const texts = attestedPolicies(made);
    for (const [name, text] of texts) await writeFile(join(policies, `${name}.yaml`), text);
    const trust = ['--trusted-root', sigstore.files.trustedRoot];

    const images = [...made.images.values()].map(({ pinned }) => pinned);
    verified = await verifyImages([...texts.values()].join('---\n'), images, trust);

    const resources = join(folder, 'pods.json');
    await writeFile(resources, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: cases.map(podOf) }));
    const words = ['apply', policies, '--resource', resources, '-o', 'json', ...trust];
    applied = JSON.parse((await run(countersign, words)).stdout);

    server = await startServe(folder, policies, { args: trust });
  }, making);

  afterAll(() => server?.stop());

  function imageOf({ image }: AttestedCase) {
    const found = made.images.get(image);
    if (found === undefined) throw new Error(`no image ${image}`);
    return found;
  }

  /** A Pod whose namespace chooses the policy. */
  const podOf = (one: AttestedCase) => pod([imageOf(one).tagged], { name: one.image, namespace: one.policy });

  async function ask(step: string, object: object): Promise<Response> {
    const { status, body } = await server.post(`/${step}?timeout=10s`, review(object));
    expect(status).toBe(200);
    return JSON.parse(body).response;
  }

  /** A registry lists what is attached to an image in an order that may be another one each time. */
  const numberless = (message = '') => message.replace(/statement \d of/g, 'statement of');

  function expectTold({ told, reason }: AttestedCase, { message, signers, attestations }: ReportResult) {
    if (reason !== 'verified') {
      if (typeof told === 'string') expect(message).toBe(told);
      else expect(message).toMatch(told as RegExp);
      const [path = ''] = /^attestations\[\d\]/.exec(message) ?? [];
      expect(attestations.find((one) => one.path === path)).toMatchObject({ pass: false, code: reason });
    } else {
      const identities = (told as readonly ('team' | 'security' | 'stranger')[]).map((who) => made[who].identity);
      expect(signers.map(({ identity }) => identity).toSorted()).toEqual(identities.toSorted());
      expect(attestations.every(({ pass }) => pass)).toBe(true);
    }
  }

  test.each(cases)('$policy, $image: $reason', async (one) => {
    const { tagged, pinned, digest } = imageOf(one);
    const passes = one.reason === 'verified';
    const expected = { reason: one.reason, digest, result: passes ? 'pass' : 'fail' };

    const byVerify = verified.results.find(({ policy, image }) => policy === one.policy && image === pinned);
    expect(byVerify).toMatchObject(expected);
    const resource = `Pod/${one.policy}/${one.image}`;
    const byApply = applied.results.find((each) => each.policy === one.policy && each.resource === resource);
    expect(byApply).toMatchObject({ ...expected, image: tagged });
    for (const result of [byVerify, byApply]) if (result !== undefined) expectTold(one, result);

    const object = podOf(one);
    const mutated = await ask('mutate', object);
    if (passes) {
      const patch = JSON.parse(Buffer.from(mutated.patch ?? '', 'base64').toString());
      const pinnedPod = applyPatch(object, { patch });
      expect(pinnedPod).toMatchObject({ spec: { containers: [{ image: pinned }] } });
      expect(await ask('validate', pinnedPod)).toMatchObject({ allowed: true });
      expect(applied.patched).toContainEqual(pinnedPod);
    } else {
      expect(mutated).toMatchObject({ allowed: false, status: { code: 403 } });
      const unmutated = await ask('validate', pod([pinned], { name: one.image, namespace: one.policy }));
      for (const { status } of [mutated, unmutated]) {
        expect(numberless(status?.message)).toContain(`denied (${one.reason}): ${numberless(byVerify?.message)}\n`);
      }
    }
  });

  test('the exit status of verify is that of what fails', () => {
    expect([verified.code, verified.verdict, applied.verdict]).toEqual([1, 'fail', 'fail']);
  });
});

test('what one cosign attested counts beside what another one did', async () => {
  const host = registries.get('distribution')?.host ?? '';
  const folder = join(dir, 'mixed');
  const [before, now] = [
    await partyOf('key', 'cosign2', sigstore, folder, 'before'),
    await partyOf('key', 'cosign3', sigstore, folder, 'now'),
  ];
  const image = async () => `${host}/mixed/app@${await pushImage(host, 'mixed/app', '1')}`;
  const [both, one, refused] = [await image(), await image(), await image()];
  const reviewed = (approved: boolean) => ({ type: reviewType, predicate: { approved } });
  for (const name of [both, one, refused]) await before.attest(name, reviewed(true));
  await now.attest(both, reviewed(true));
  await now.attest(refused, reviewed(false));
  const conditions = [{ all: [{ key: '{{ approved }}', operator: 'Equals', value: true }] }];
  const attestors = [{ entries: [before.attestor, now.attestor] }];
  const policy = policyOf(`${host}/*`, [], { attestations: [{ type: reviewType, attestors, conditions }] });
  expect(await reasonsFor(policy, [both, one, refused])).toEqual([
    'verified',
    'attestation-untrusted',
    'condition-failed',
  ]);
  // Whoever is asked alone is asked for no more than was their own word.
  const alone = policyOf(`${host}/*`, [], {
    attestations: [{ type: reviewType, attestors: [{ entries: [before.attestor] }], conditions }],
  });
  expect(await reasonsFor(alone, [refused])).toEqual(['verified']);
});
