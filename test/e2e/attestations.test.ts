import { attest, makeImage, type SigningKey, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { byKey, openWorld, pod, policy, type Response, review, type World } from './harness.ts';
import { folderWith, inThisProcess } from './processes.ts';

const scanType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const provenanceType = 'https://slsa.dev/provenance/v1';

interface AttestedImage {
  readonly world: World;
  readonly image: string;
  readonly repository: string;
  readonly digest: Digest;
  attest(predicate: object, parts?: Parts): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Parts {
  readonly key?: SigningKey;
  readonly type?: string;
  readonly format?: 'att' | 'bundle';
  /** Another image's statement, attached to this one. */
  readonly about?: Digest;
}

async function open(): Promise<AttestedImage> {
  const world = await openWorld();
  const repository = 'acme/app';
  const digest = await makeImage(world.destination, repository, '1');
  await sign(world.destination, { repository, digest, key: world.team });
  return {
    world,
    repository,
    digest,
    image: `${world.registry.host}/${repository}:1`,
    async attest(predicate, { key = world.team, type = scanType, format = 'att' } = {}) {
      await attest(world.destination, { repository, digest, key, predicateType: type, predicate, format });
    },
    [Symbol.asyncDispose]: () => world.close(),
  };
}

/** A policy that wants an attestation beside a signature. `attestation` is written as JSON. */
function wanting(world: World, attestation: object, more: readonly string[] = []): string {
  return policy({
    images: `${world.registry.host}/acme/*`,
    keys: [world.team],
    entry: [`attestations: ${JSON.stringify([attestation])}`, ...more],
  });
}

const by = (key: SigningKey) => [{ entries: [byKey(key)] }];
const critical = { all: [{ key: '{{ critical }}', operator: 'Equals', value: 0 }] };

async function admit(world: World, image: string, purpose: 'mutate' | 'validate' = 'mutate'): Promise<Response> {
  return world.send(`/${purpose}`, review(pod([image])));
}

/** `allowed`, or the reason and what is told after it. */
function told(answer: Response): string {
  if (answer.allowed === true) return 'allowed';
  return /\((?<reason>[a-z-]+)\): (?<message>.*)/.exec(answer.message)?.[0] ?? answer.message;
}

describe.each(['att', 'bundle'] as const)('an attestation as %s', (format) => {
  test('that meets its conditions lets the image in, by tag and by digest, and pins it', async () => {
    await using it = await open();
    await it.attest({ critical: 0 }, { format });
    it.world.policies(wanting(it.world, { type: scanType, attestors: by(it.world.team), conditions: [critical] }));
    const answer = await admit(it.world, it.image);
    expect(told(answer)).toBe('allowed');
    expect(answer.patch[0]?.value).toBe(`${it.image}@${it.digest}`);
  });

  test('that does not meet them is denied with the condition and the value found', async () => {
    await using it = await open();
    await it.attest({ critical: 3 }, { format });
    it.world.policies(
      wanting(it.world, { type: scanType, name: 'scan', attestors: by(it.world.team), conditions: [critical] }),
    );
    expect(told(await admit(it.world, it.image))).toBe(
      '(condition-failed): attestations[0] "scan": the statement: {{ critical }} is 3, wanted Equals 0',
    );
  });

  test('none of the type, by somebody else, and about another image', async () => {
    await using it = await open();
    const wanted = { type: scanType, attestors: by(it.world.team), conditions: [critical] };
    it.world.policies(wanting(it.world, wanted));
    expect(told(await admit(it.world, it.image))).toContain(
      '(attestation-missing): attestations[0]: no attestation of type',
    );
    await it.attest({ critical: 0 }, { type: provenanceType, format });
    expect(told(await admit(it.world, it.image))).toContain(`; there are ${JSON.stringify(provenanceType)}`);
    await it.attest({ critical: 0 }, { key: it.world.stranger, format });
    expect(told(await admit(it.world, it.image))).toContain(
      '(attestation-untrusted): attestations[0]: no signature verifies',
    );
    await it.attest({ critical: 0 }, { format });
    expect(told(await admit(it.world, it.image))).toBe('allowed');
  });

  test('every statement by the attestor has to meet the conditions', async () => {
    await using it = await open();
    await it.attest({ critical: 0 }, { format });
    await it.attest({ critical: 1 }, { format });
    it.world.policies(wanting(it.world, { type: scanType, attestors: by(it.world.team), conditions: [critical] }));
    expect(told(await admit(it.world, it.image))).toContain('(condition-failed): attestations[0]: statement ');
  });
});

test('without attestors of its own an attestation asks those of the entry; without any it does not load', async () => {
  await using it = await open();
  await it.attest({ critical: 0 });
  it.world.policies(wanting(it.world, { type: scanType, conditions: [critical] }));
  expect(told(await admit(it.world, it.image))).toBe('allowed');
  const nobody = policy({
    images: `${it.world.registry.host}/acme/*`,
    entry: [`attestations: [{type: ${JSON.stringify(scanType)}}]`],
  });
  expect(() => it.world.policies(nobody)).toThrow('attestors are required');
});

test('what the ledger knows answers, and conditions are asked each time: time moves on', async () => {
  await using it = await open();
  await it.attest({ metadata: { scanFinishedOn: '2025-12-31T00:00:00Z' } });
  const fresh = {
    all: [
      {
        key: "{{ time_since('','{{ metadata.scanFinishedOn }}','') }}",
        operator: 'LessThanOrEquals',
        value: '168h',
      },
    ],
  };
  it.world.policies(wanting(it.world, { type: scanType, attestors: by(it.world.team), conditions: [fresh] }));
  expect(told(await admit(it.world, it.image))).toBe('allowed');
  const before = it.world.registry.requests.length;
  it.world.now += 10_000;
  expect(told(await admit(it.world, it.image))).toBe('allowed');
  expect(it.world.registry.requests.length).toBe(before);
  it.world.now += 10 * 24 * 3_600_000;
  expect(told(await admit(it.world, it.image))).toContain('(condition-failed)');
});

test('verify on the command line looks at an image of which only an attestation is wanted', async () => {
  await using it = await open();
  await it.attest({ critical: 3 });
  const wanted = { type: scanType, name: 'scan', attestors: by(it.world.team), conditions: [critical] };
  const rule = policy({
    images: `${it.world.registry.host}/acme/*`,
    entry: [`attestations: ${JSON.stringify([wanted])}`],
  });
  await using folder = await folderWith({ 'policy.yaml': rule, 'zero.yaml': rule.replace('"value":0', '"value":3') });
  const verify = (name: string, ...more: string[]) =>
    inThisProcess(['verify', '--policy', folder.file(name), '--image', it.image, ...more]);
  const { status, stdout } = await verify('policy.yaml', '-o', 'json');
  expect({ status, ...JSON.parse(stdout) }).toMatchObject({
    status: 1,
    results: [
      {
        reason: 'condition-failed',
        message: 'attestations[0] "scan": the statement: {{ critical }} is 3, wanted Equals 0',
        attestations: [
          {
            path: 'attestations[0]',
            name: 'scan',
            predicateType: scanType,
            pass: false,
            code: 'condition-failed',
            message: 'the statement: {{ critical }} is 3, wanted Equals 0',
          },
        ],
      },
    ],
  });
  const text = await verify('policy.yaml');
  expect(text.stdout).toContain('✗ attestations[0] "scan": the statement: {{ critical }} is 3');
  expect(await verify('zero.yaml')).toMatchObject({ status: 0, stdout: expect.stringContaining('pass: 1 pass') });
});
