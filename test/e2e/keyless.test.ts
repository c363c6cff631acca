import { makeImage } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { type LeafChanges, signedBundle, signedLayer, signedMessage } from '../fixtures/authority/signing.ts';
import { trustIn } from '../fixtures/carriers.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { review } from './documents.ts';
import { openWorld, type PolicyParts, pod, policy, type World, type WorldOptions } from './harness.ts';
import { folderWith, inThisProcess } from './processes.ts';

// Signers who are known by their certificates: what their signatures cost, what is remembered, and how they are told.

const authority = makeAuthority();
const formats = { sig: signedLayer, bundle: signedBundle, 'message-bundle': signedMessage } as const;
type Format = keyof typeof formats;
const minute = 60_000;
let made = 0;

const opened = (options: WorldOptions = {}) => openWorld({ core: { roots: () => trustIn(authority) }, ...options });

async function signedImage(world: World, { format = 'sig' as Format, certificate = {} as LeafChanges } = {}) {
  made += 1;
  const name = `keyless/app-${made}`;
  const digest = await makeImage(world.destination, name, '1', { label: name });
  attachItems(world, name, digest, [formats[format](authority, imageIn(world, name, digest), { certificate })]);
  const tagged = `${world.registry.host}/${name}:1`;
  return { tagged, pinned: `${tagged}@${digest}` };
}

const rekor = { url: 'https://rekor.sigstore.dev' };
const workflow = { issuer: githubIssuer, subject: githubSubject, rekor };

function rule(world: World, keyless: object = workflow, parts: Partial<PolicyParts> = {}): string {
  return policy({ images: `${world.registry.host}/*`, attestors: [{ entries: [{ keyless }] }], ...parts });
}

const asked = (world: World, image: string, purpose = 'mutate') => world.send(`/${purpose}`, review(pod([image])));

async function roundsOf(world: World, image: string): Promise<number> {
  const { value, rounds } = await world.registry.rounds.measure(() => asked(world, image));
  expect(value).toMatchObject({ allowed: true, warnings: [] });
  return rounds.length;
}

describe('what a keyless signature costs', () => {
  test.each<[Format, number]>([
    ['sig', 3],
    ['bundle', 4],
    ['message-bundle', 4],
  ])(
    '%s: %i rounds of requests by tag, one less by digest: nobody but the registry is asked',
    async (format, rounds) => {
      await using world = await opened();
      world.policies(rule(world));
      expect(await roundsOf(world, (await signedImage(world, { format })).tagged)).toBe(rounds);
      expect(await roundsOf(world, (await signedImage(world, { format })).pinned)).toBe(rounds - 1);
    },
  );

  test.each<Format>(['sig', 'bundle'])('%s: a second review asks nobody, mutate or validate', async (format) => {
    await using world = await opened();
    world.policies(rule(world));
    const { tagged, pinned } = await signedImage(world, { format });
    const { patch } = await asked(world, tagged);
    expect(patch[0]?.value).toBe(pinned);
    world.registry.requests.length = 0;
    expect(await asked(world, tagged)).toMatchObject({ allowed: true });
    expect(await asked(world, pinned, 'validate')).toMatchObject({ allowed: true });
    world.now += 59 * minute;
    expect(await asked(world, pinned)).toMatchObject({ allowed: true });
    expect(world.registry.requests).toEqual([]);
    expect(world.records.at(-1)?.images[0]).toMatchObject({
      reason: 'verified',
      source: 'ledger',
      signers: [`${githubSubject} (issuer ${githubIssuer})`],
    });
  });

  test('what was remembered of one identity is no answer for another', async () => {
    await using world = await opened();
    world.policies(rule(world));
    const { pinned } = await signedImage(world);
    expect(await asked(world, pinned)).toMatchObject({ allowed: true });
    world.policies(rule(world, { ...workflow, subject: `${githubSubject}x` }));
    expect(await asked(world, pinned)).toMatchObject({ allowed: false, code: 403 });
  });
});

describe('who signed is told', () => {
  test('in JSON, and in the text', async () => {
    await using world = await opened();
    const { pinned } = await signedImage(world);
    const trustedRoot = JSON.stringify(authority.trustedRoot());
    await using folder = await folderWith({ 'policy.yaml': rule(world), 'root.json': trustedRoot });
    const words = ['verify', '--policy', folder.file('policy.yaml'), '--image', pinned];
    const trust = ['--trusted-root', folder.file('root.json')];
    const { status, stdout } = await inThisProcess([...words, ...trust, '-o', 'json']);
    expect(status).toBe(0);
    const attestor = 'attestors[0].entries[0]';
    const { results }: Report = JSON.parse(stdout);
    expect(results[0]?.signers).toEqual([
      { attestor, kind: 'identity', identity: githubSubject, issuer: githubIssuer },
    ]);
    const message = `verified: ${attestor} by ${githubSubject} (issuer ${githubIssuer})`;
    expect(results[0]?.message).toBe(message);
    expect((await inThisProcess([...words, ...trust])).stdout).toContain(`      ${message}\n`);
  });

  test('in the log and in the audit annotation', async () => {
    await using world = await opened();
    world.policies(rule(world));
    const answer = await asked(world, (await signedImage(world)).tagged);
    const signers = [`${githubSubject} (issuer ${githubIssuer})`];
    expect(world.records.at(-1)?.images).toMatchObject([{ result: 'pass', signers }]);
    const { auditAnnotations } = JSON.parse(answer.body).response;
    expect(JSON.parse(auditAnnotations.images)).toMatchObject([{ signers }]);
  });
});

describe('a denial names who signed and whom the policy wants', () => {
  test('another subject', async () => {
    await using world = await opened();
    const subject = 'https://github.com/acme/other/*';
    world.policies(rule(world, { ...workflow, subject }));
    const { pinned, tagged } = await signedImage(world, { format: 'bundle' });
    const why =
      `signed by ${githubSubject} (issuer ${githubIssuer}); ` +
      `the policy wants subject ${subject}, issuer ${githubIssuer}`;
    expect((await asked(world, tagged)).message).toBe(
      'Pod default/web: 1 image denied\n' +
        `policy signed, rule check: failed to verify image ${pinned}\n` +
        `  denied (subject-mismatch): ${why}\n` +
        `  - no attestors[0].entries[0]: ${why}\n` +
        '  next: compare subject in the policy with who signed, in the message',
    );
    world.policies(rule(world, { ...workflow, subject }, { action: 'Audit' }));
    const { allowed, warnings } = await asked(world, tagged);
    expect([allowed, warnings]).toEqual([true, [expect.stringContaining('subject-mismatch: signed by https://')]]);
  });

  test('a long name in a certificate buries nothing, and does nothing to a terminal', async () => {
    await using world = await opened();
    world.policies(rule(world));
    const name = `https://github.com/mallory\n  ok attestors[0]: verified\u001b[2J\u202e${'x'.repeat(10_000)}`;
    const { tagged } = await signedImage(world, {
      certificate: { names: [{ otherName: name }, { otherName: name }] },
    });
    const { message, code } = await asked(world, tagged);
    expect(code).toBe(403);
    expect(message.length).toBeLessThan(4500);
    expect(message).toContain('https://github.com/mallory\\n  ok attestors[0]: verified\\u001b[2J\\u202exxx');
    expect(message).toContain(`x… (issuer ${githubIssuer}); the policy wants subject ${githubSubject}`);
    expect(message.split('\n')).toHaveLength(5);
    world.policies(rule(world, workflow, { action: 'Audit' }));
    const [warning = '', ...more] = (await asked(world, tagged)).warnings;
    expect([warning.length <= 256, more]).toEqual([true, []]);
    expect(warning).toContain('subject-mismatch: signed by https://github.com/mallory');
  });
});
