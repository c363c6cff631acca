import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyBundle, copyLegacy, tamperBundle, tamperLegacy } from './attacks.ts';
import {
  attest2,
  attest3,
  type CosignKey,
  type KeyAlgorithm,
  keyPair,
  sign2,
  sign3,
  verify3,
  verifyAttestation3,
} from './cosign.ts';
import { identityOf, reasonsFor, verifyImages } from './countersign.ts';
import { pushImage, pushIndex } from './images.ts';
import { keys, policyOf } from './policies.ts';
import { bothRegistries, type RunningRegistry } from './registries.ts';

// What the command line says of images that real cosigns signed, on registries that store what is attached differently.

const type = 'https://example.test/review/v1';
const predicate = { approved: true };

let dir: string;
let team: CosignKey;
let stranger: CosignKey;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  team = await keyPair(join(dir, 'keys'), 'ecdsa-p256', 'team');
  stranger = await keyPair(join(dir, 'keys'), 'ecdsa-p256', 'stranger');
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe.each(bothRegistries)('on %s', (name, start) => {
  let registry: RunningRegistry;
  let host: string;
  /** Every image here has to be signed by the team. */
  let byTeam: string;

  beforeAll(async () => {
    registry = await start(join(dir, name));
    host = registry.host;
    byTeam = policyOf(`${host}/*`, [{ entries: [keys(team.pem)] }]);
  });

  afterAll(async () => {
    await registry?.stop();
  });

  /** A new image under the tag v1 and its name by digest. */
  async function image(repo: string, format: 'oci' | 'docker' = 'oci') {
    const digest = await pushImage(host, repo, 'v1', { format });
    return { host, repo, digest, tagged: `${host}/${repo}:v1`, name: `${host}/${repo}@${digest}` };
  }

  describe.each([
    {
      by: 'cosign 2',
      sign: sign2,
      attest: attest2,
      copy: copyLegacy,
      tamper: tamperLegacy,
      // A rule about signatures reads no `.att` tag.
    },
    {
      by: 'cosign 3',
      sign: sign3,
      attest: attest3,
      copy: copyBundle,
      tamper: tamperBundle,
    },
  ])('signed by $by', ({ by, sign, attest, copy, tamper }) => {
    const repo = by.replace(' ', '');

    test('by digest or by tag: passes, however the image is written, with its digest and who signed', async () => {
      const [one, other] = [await image(`${repo}/by-digest`), await image(`${repo}/by-tag`)];
      await sign(one.name, team);
      await sign(other.tagged, team);
      const written = [one, other].flatMap((each) => [each.name, each.tagged, `${each.tagged}@${each.digest}`]);
      const { code, verdict, results } = await verifyImages(byTeam, written);
      expect({ code, verdict }).toEqual({ code: 0, verdict: 'pass' });
      const signers = [{ attestor: 'attestors[0].entries[0]', kind: 'key', identity: identityOf(team.pem) }];
      const passed = { policy: 'signed', rule: 'by-the-team', result: 'pass', reason: 'verified', signers };
      expect(results).toEqual(
        written.map((text, at) =>
          expect.objectContaining({ ...passed, image: text, digest: at < 3 ? one.digest : other.digest }),
        ),
      );
    });

    test('a Docker image (schema 2) passes, and unsigned it does not', async () => {
      const [signed, unsigned] = [await image(`${repo}/docker`, 'docker'), await image(`${repo}/docker`, 'docker')];
      await sign(signed.name, team);
      expect(await reasonsFor(byTeam, [signed.name, unsigned.name])).toEqual(['verified', 'no-signature']);
    });

    test('only by someone else, or not at all: denied', async () => {
      const [signed, foreign, unsigned] = [await image(repo), await image(repo), await image(repo)];
      await sign(signed.name, team);
      await sign(foreign.name, stranger);
      const { code, verdict, results } = await verifyImages(byTeam, [signed.name, foreign.name, unsigned.name]);
      expect({ code, verdict }).toEqual({ code: 1, verdict: 'fail' });
      expect(results.map(({ reason }) => reason)).toEqual(['verified', 'signature-mismatch', 'no-signature']);
      expect(await reasonsFor(policyOf(`${host}/*`, [{ entries: [keys(stranger.pem)] }]), [foreign.name])).toEqual([
        'verified',
      ]);
    });

    test('a signature copied from another image does not count', async () => {
      const [signed, thief] = [await image(`${repo}/copied`), await image(`${repo}/copied`)];
      await sign(signed.name, team);
      await copy(signed, thief.digest);
      expect(await reasonsFor(byTeam, [signed.name, thief.name])).toEqual(['verified', 'other-image']);
    });

    test('a signature whose payload was changed does not count', async () => {
      const [signed, thief] = [await image(`${repo}/tampered`), await image(`${repo}/tampered`)];
      await sign(signed.name, team);
      await tamper(signed, thief.digest);
      expect(await reasonsFor(byTeam, [signed.name, thief.name])).toEqual(['verified', 'signature-mismatch']);
    });

    test('an attestation is no signature, and takes none away', async () => {
      const [attested, both] = [await image(`${repo}/attested`), await image(`${repo}/attested`)];
      await attest(attested.name, team, { type, predicate });
      await sign(both.name, team);
      await attest(both.name, team, { type, predicate });
      expect(await reasonsFor(byTeam, [attested.name, both.name])).toEqual(['only-attestations', 'verified']);
    });

    test('annotations: every one that the rule asks for has to be in the signature', async () => {
      const [annotated, plain] = [await image(`${repo}/annotated`), await image(`${repo}/annotated`)];
      await sign(annotated.name, team, { annotations: { env: 'prod', team: 'web' } });
      await sign(plain.name, team);
      const images = [annotated.name, plain.name];
      const asking = (annotations: Record<string, string>) =>
        policyOf(`${host}/*`, [{ entries: [keys(team.pem, { annotations })] }]);
      expect(await reasonsFor(byTeam, images)).toEqual(['verified', 'verified']);
      expect(await reasonsFor(asking({ env: 'prod' }), images)).toEqual(['verified', 'annotation-mismatch']);
      expect(await reasonsFor(asking({ env: 'prod', team: 'web' }), images)).toEqual([
        'verified',
        'annotation-mismatch',
      ]);
      expect(await reasonsFor(asking({ env: 'dev' }), images)).toEqual(['annotation-mismatch', 'annotation-mismatch']);
    });

    test('annotations in two signatures do not add up', async () => {
      const split = await image(`${repo}/split`);
      await sign(split.name, team, { annotations: { env: 'prod' } });
      await sign(split.name, team, { annotations: { team: 'web' } });
      const asking = (annotations: Record<string, string>) =>
        policyOf(`${host}/*`, [{ entries: [keys(team.pem, { annotations })] }]);
      expect(await reasonsFor(asking({ env: 'prod' }), [split.name])).toEqual(['verified']);
      expect(await reasonsFor(asking({ team: 'web' }), [split.name])).toEqual(['verified']);
      expect(await reasonsFor(asking({ env: 'prod', team: 'web' }), [split.name])).toEqual(['annotation-mismatch']);
    });

    test('kept in another repository: found there by a rule that names it, and only by such a rule', async () => {
      const kept = await image(`${repo}/kept`);
      const repository = `${host}/elsewhere/${repo}`;
      await sign(kept.name, team, { repository });
      const inEntry = policyOf(`${host}/*`, [{ entries: [keys(team.pem)] }], { repository });
      const inAttestor = policyOf(`${host}/*`, [{ entries: [keys(team.pem, { repository })] }]);
      expect(await reasonsFor(inEntry, [kept.name, kept.tagged])).toEqual(['verified', 'verified']);
      expect(await reasonsFor(inAttestor, [kept.name])).toEqual(['verified']);
      expect(await reasonsFor(byTeam, [kept.name])).toEqual(['no-signature']);
      const own = await image(`${repo}/kept`);
      await sign(own.name, team);
      expect(await reasonsFor(inEntry, [own.name])).toEqual(['no-signature']);
    });

    test('an index: its own signature counts, its images have theirs', async () => {
      const index = await pushIndex(host, `${repo}/index`, 'v1');
      const named = (digest: string) => `${host}/${repo}/index@${digest}`;
      const all = [`${host}/${repo}/index:v1`, named(index.digest), ...index.children.map(named)];
      await sign(named(index.digest), team);
      expect(await reasonsFor(byTeam, all)).toEqual(['verified', 'verified', 'no-signature', 'no-signature']);
      await sign(named(index.digest), team, { recursive: true });
      expect(await reasonsFor(byTeam, all)).toEqual(['verified', 'verified', 'verified', 'verified']);
    });

    test('a skipped image is not looked at', async () => {
      const [signed, unsigned, mirror] = [
        await image(`${repo}/a`),
        await image(`${repo}/a`),
        await image(`${repo}/mirror`),
      ];
      await sign(signed.name, team);
      const policy = policyOf(`${host}/*`, [{ entries: [keys(team.pem)] }], {
        skipImageReferences: [`${host}/${repo}/mirror*`],
      });
      const { code, results } = await verifyImages(policy, [signed.name, mirror.name, mirror.tagged]);
      expect(code).toBe(0);
      expect(results.map(({ reason, requests }) => [reason, requests > 0])).toEqual([
        ['verified', true],
        ['image-skipped', false],
        ['image-skipped', false],
      ]);
      expect(await reasonsFor(policy, [unsigned.name])).toEqual(['no-signature']);
    });

    test.each<KeyAlgorithm>(['ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'ed25519'])('a key of kind %s', async (kind) => {
      const key = await keyPair(join(dir, 'keys'), kind);
      const other = await keyPair(join(dir, 'keys'), kind, `other-${kind}`);
      const signed = await image(`${repo}/${kind}`);
      await sign(signed.name, key);
      expect(await reasonsFor(policyOf(`${host}/*`, [{ entries: [keys(key.pem)] }]), [signed.name])).toEqual([
        'verified',
      ]);
      expect(await reasonsFor(policyOf(`${host}/*`, [{ entries: [keys(other.pem)] }]), [signed.name])).toEqual([
        'signature-mismatch',
      ]);
    });
  });

  describe('both formats at once', () => {
    test("a cosign 2 signature passes beside someone else's cosign 3 attestation, which hides it from cosign", async () => {
      const signed = await image('union/attested');
      await sign2(signed.name, team);
      await attest3(signed.name, stranger, { type, predicate });
      expect(await reasonsFor(byTeam, [signed.name])).toEqual(['verified']);
      expect((await verify3(signed.name, team)).code).not.toBe(0);
    });

    test("each passes beside someone else's signature in the other format", async () => {
      const [old, bundled, foreign] = [await image('union'), await image('union'), await image('union')];
      await sign2(old.name, team);
      await sign3(old.name, stranger);
      await sign3(bundled.name, team);
      await sign2(bundled.name, stranger);
      await sign2(foreign.name, stranger);
      await sign3(foreign.name, stranger);
      expect(await reasonsFor(byTeam, [old.name, bundled.name, foreign.name])).toEqual([
        'verified',
        'verified',
        'signature-mismatch',
      ]);
    });

    test("a rule's type narrows what counts", async () => {
      const [old, bundled] = [await image('typed'), await image('typed')];
      await sign2(old.name, team);
      await sign3(bundled.name, team);
      const typed = (type: string) => policyOf(`${host}/*`, [{ entries: [keys(team.pem)] }], { type });
      expect(await reasonsFor(typed('Cosign'), [old.name, bundled.name])).toEqual(['verified', 'verified']);
      expect(await reasonsFor(typed('SigstoreBundle'), [old.name, bundled.name])).toEqual(['no-signature', 'verified']);
    });

    test("cosign 2's signature as a referrer counts too", async () => {
      const [signed, foreign] = [await image('oci11'), await image('oci11')];
      await sign2(signed.name, team, { asReferrer: true });
      await sign2(foreign.name, stranger, { asReferrer: true });
      expect(await reasonsFor(byTeam, [signed.name, foreign.name])).toEqual(['verified', 'signature-mismatch']);
    });

    test('cosign 3 takes an attestation for a signature; this project does not', async () => {
      const attested = await image('attested');
      await attest3(attested.name, team, { type, predicate });
      expect((await verifyAttestation3(attested.name, team, { type })).code).toBe(0);
      expect((await verify3(attested.name, team)).code).toBe(0);
      expect(await reasonsFor(byTeam, [attested.name])).toEqual(['only-attestations']);
    });
  });

  test('an image that is not there, a text that is no image, and one that no pattern covers', async () => {
    const absent = await verifyImages(byTeam, [`${host}/absent:v1`]);
    expect([absent.code, absent.results[0]?.reason]).toEqual([1, 'image-not-found']);
    const unparsable = await verifyImages(byTeam, [`${host}/UPPER:v1`]);
    expect([unparsable.code, unparsable.results[0]?.reason]).toEqual([2, 'image-unparsable']);
    const uncovered = await verifyImages(byTeam, ['registry.example/other:v1']);
    expect([uncovered.code, uncovered.results[0]?.reason]).toEqual([0, 'not-covered']);
  });
});
