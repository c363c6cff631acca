import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pod, policy } from '../e2e/documents.ts';
import { copyAttestations, copyBundle } from './attacks.ts';
import { pushImage } from './images.ts';
import { type Party, partyOf } from './parties.ts';
import { reviewType } from './predicates.ts';
import { oneCluster, type Scene } from './scene.ts';
import type { Cosign } from './sigstore/cosign.ts';
import { type SigstoreServer, startSigstore } from './sigstore/server.ts';

// A real API server asks about images that real cosigns attested: what is let in is stored pinned, and kubectl prints which attestation
// does not do, and why.

const cluster = oneCluster();
const cleanUp = new AsyncDisposableStack();
const cosigns = ['cosign2', 'cosign3'] as const;
const team = new Map<Cosign, Party>();
const stranger = new Map<Cosign, Party>();
let sigstore: SigstoreServer;
let scene: Scene;

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-attested-cluster-'));
  cleanUp.defer(() => rm(dir, { recursive: true, force: true }));
  sigstore = cleanUp.adopt(await startSigstore(join(dir, 'sigstore')), (each) => each.stop());
  for (const cosign of cosigns) {
    // One by a key, the other by a workflow.
    const kind = cosign === 'cosign2' ? 'key' : 'workflow';
    team.set(cosign, await partyOf(kind, cosign, sigstore, join(dir, cosign), 'team'));
    stranger.set(cosign, await partyOf(kind, cosign, sigstore, join(dir, cosign), 'stranger'));
  }
  scene = await cluster.open({
    shape: 'http-api',
    trustedRoot: sigstore.files.trustedRoot,
    policies: (host) => cosigns.map((cosign) => wanting(host, cosign)),
  });
});
afterAll(() => cleanUp.disposeAsync());

/** A review that approves, for the namespaces that it names. */
function wanting(host: string, cosign: Cosign): string {
  const conditions = [
    {
      all: [
        { key: '{{ approved }}', operator: 'Equals', value: true },
        {
          key: '{{ request.namespace }}',
          operator: 'AnyIn',
          value: '{{ namespaces }}',
          message: 'for another namespace',
        },
      ],
    },
  ];
  const attestors = [{ count: 1, entries: [team.get(cosign)?.attestor] }];
  const attestations = [{ name: 'review', type: reviewType, attestors, conditions }];
  const entry = [`attestations: ${JSON.stringify(attestations)}`];
  return policy({ name: `reviewed-${cosign}`, images: `${host}/${cosign}/*`, entry });
}

function create(name: string, image: string) {
  return scene.create(pod([image], { name, namespace: scene.namespace }));
}

interface Pushed {
  readonly repo: string;
  readonly digest: string;
  readonly tagged: string;
  readonly pinned: string;
  /** As cosign is told: by digest. */
  readonly name: string;
}

describe.each(cosigns)('%s', (cosign) => {
  const by = (parties: ReadonlyMap<Cosign, Party>): Party => {
    const party = parties.get(cosign);
    if (party === undefined) throw new Error('no party');
    return party;
  };

  /** All in one repository: what is copied stays in it. */
  async function image(tag: string): Promise<Pushed> {
    const { host } = scene.registry;
    const repo = `${cosign}/app`;
    const digest = await pushImage(host, repo, tag);
    const tagged = `${host}/${repo}:${tag}`;
    return { repo, digest, tagged, pinned: `${tagged}@${digest}`, name: `${host}/${repo}@${digest}` };
  }

  const copy = cosign === 'cosign2' ? copyAttestations : copyBundle;
  const reviewed = (approved: boolean, namespaces: readonly string[] = [scene.namespace]) => ({
    type: reviewType,
    predicate: { approved, namespaces },
  });

  async function denialOf(name: string, { tagged }: { tagged: string }): Promise<string> {
    const { code, stderr } = await create(name, tagged);
    expect(code).toBe(1);
    await expect(scene.stored(`pod/${name}`)).rejects.toThrow('NotFound');
    return stderr;
  }

  test('met: stored pinned, by a Pod and by a Deployment', async () => {
    const made = await image('met');
    await by(team).attest(made.name, reviewed(true));
    expect(await create(`met-${cosign}`, made.tagged)).toMatchObject({ code: 0, stderr: '' });
    expect((await scene.stored(`pod/met-${cosign}`)).spec.containers[0].image).toBe(made.pinned);
    const { images } = scene.records.findLast(({ step }) => step === 'validate') ?? { images: [] };
    expect(images).toMatchObject([{ reason: 'verified', source: 'ledger' }]);
    expect(images[0]?.signers[0]).toContain(by(team).identity.slice(0, 60));

    const labels = { app: cosign };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: made.tagged }] } };
    const spec = { selector: { matchLabels: labels }, template };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `met-${cosign}` }, spec };
    expect(await scene.create(deployment)).toMatchObject({ code: 0, stderr: '' });
    const stored = await scene.stored(`deployment/met-${cosign}`);
    expect(stored.spec.template.spec.containers[0].image).toBe(made.pinned);
  });

  test('not met: kubectl prints the attestation, the statement, the condition and what was found', async () => {
    const [refused, elsewhere] = [await image('refused'), await image('elsewhere')];
    await by(team).attest(refused.name, reviewed(false));
    await by(team).attest(elsewhere.name, reviewed(true, ['prod']));
    expect(await denialOf(`refused-${cosign}`, refused)).toContain(
      `Pod ${scene.namespace}/refused-${cosign}: 1 image denied\n` +
        `policy reviewed-${cosign}, rule check, image ${refused.pinned}\n` +
        '  denied (condition-failed): attestations[0] "review": the statement: {{ approved }} is false, wanted Equals true\n',
    );
    expect(await denialOf(`elsewhere-${cosign}`, elsewhere)).toContain(
      `denied (condition-failed): attestations[0] "review": the statement: for another namespace: ` +
        `{{ request.namespace }} is ${scene.namespace}, wanted AnyIn ["prod"]\n`,
    );
  });

  test('none, another type, somebody else’s, another image’s', async () => {
    const [none, other, foreign, source, thief] = [
      await image('none'),
      await image('other'),
      await image('foreign'),
      await image('copied'),
      await image('copied-to'),
    ];
    expect(await denialOf(`none-${cosign}`, none)).toContain(
      'denied (attestation-missing): attestations[0] "review": ',
    );
    await by(team).attest(other.name, { type: 'openvex', predicate: { statements: [], author: 'us' } });
    expect(await denialOf(`other-${cosign}`, other)).toContain('; there are "https://openvex.dev/ns"\n');
    await by(stranger).attest(foreign.name, reviewed(true));
    expect(await denialOf(`foreign-${cosign}`, foreign)).toContain('denied (attestation-untrusted): ');
    await by(team).attest(source.name, reviewed(true));
    await copy({ host: scene.registry.host, ...source }, thief.digest);
    expect(await denialOf(`thief-${cosign}`, thief)).toContain('denied (attestation-untrusted): ');
    expect(await create(`source-${cosign}`, source.tagged)).toMatchObject({ code: 0 });
  });
});
