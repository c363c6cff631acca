import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CosignKey, keyPair, sign2, sign3 } from './cosign.ts';
import { identityOf, reasonsFor, verifyImages } from './countersign.ts';
import { pushImage } from './images.ts';
import { type AttestorSet, keys, nested, policyOf } from './policies.ts';
import { bothRegistries, type RunningRegistry } from './registries.ts';

// Which sets of attestors are satisfied by which images, each signed by real cosigns: none, one, or several of three keys.

let dir: string;
let build: CosignKey;
let security: CosignKey;
let release: CosignKey;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  build = await keyPair(join(dir, 'keys'), 'ecdsa-p256', 'build');
  security = await keyPair(join(dir, 'keys'), 'ecdsa-p256', 'security');
  release = await keyPair(join(dir, 'keys'), 'ecdsa-p256', 'release');
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe.each(bothRegistries)('on %s', (name, start) => {
  let registry: RunningRegistry;
  /** Images by who signed them. */
  let none: string;
  let byBuild: string;
  let byBuildTwice: string;
  let byBuildAndSecurity: string;
  let bySecurityAndRelease: string;
  let byAll: string;

  beforeAll(async () => {
    registry = await start(join(dir, name));
    none = await image();
    byBuild = await image();
    await sign2(byBuild, build);
    byBuildTwice = await image();
    await sign2(byBuildTwice, build);
    await sign2(byBuildTwice, build, { annotations: { again: 'yes' } });
    await sign3(byBuildTwice, build);
    byBuildAndSecurity = await image();
    await sign2(byBuildAndSecurity, build);
    await sign3(byBuildAndSecurity, security);
    bySecurityAndRelease = await image();
    await sign3(bySecurityAndRelease, security);
    await sign3(bySecurityAndRelease, release);
    byAll = await image();
    await sign2(byAll, build);
    await sign2(byAll, security);
    await sign3(byAll, release);
  });

  afterAll(async () => {
    await registry?.stop();
  });

  async function image(): Promise<string> {
    return `${registry.host}/signed/app@${await pushImage(registry.host, 'signed/app', 'v1')}`;
  }

  const images = () => [none, byBuild, byBuildTwice, byBuildAndSecurity, bySecurityAndRelease, byAll];
  const reasons = (...sets: AttestorSet[]) => reasonsFor(policyOf(`${registry.host}/*`, sets), images());
  const few = 'too-few-attestors';

  test('two keys: count 1, 2, and unset, which asks for both', async () => {
    const entries = [keys(build.pem), keys(security.pem)];
    const both = ['no-signature', few, few, 'verified', few, 'verified'];
    expect(await reasons({ count: 1, entries })).toEqual([
      'no-signature',
      'verified',
      'verified',
      'verified',
      'verified',
      'verified',
    ]);
    expect(await reasons({ count: 2, entries })).toEqual(both);
    expect(await reasons({ entries })).toEqual(both);
  });

  test('two of three keys', async () => {
    const entries = [keys(build.pem), keys(security.pem), keys(release.pem)];
    expect(await reasons({ count: 2, entries })).toEqual([
      'no-signature',
      few,
      few,
      'verified',
      'verified',
      'verified',
    ]);
  });

  test('the same signer twice is not two, in the signatures or in the rule', async () => {
    const twice = [keys(build.pem), keys(build.pem)];
    expect(await reasons({ count: 2, entries: twice })).toEqual(['no-signature', few, few, few, few, few]);
    expect(await reasons({ count: 1, entries: twice })).toEqual([
      'no-signature',
      'verified',
      'verified',
      'verified',
      few,
      'verified',
    ]);
  });

  test('a PEM text of two keys is two attestors', async () => {
    const entries = [keys(`${build.pem}${security.pem}`)];
    expect(await reasons({ count: 1, entries })).toEqual([
      'no-signature',
      'verified',
      'verified',
      'verified',
      'verified',
      'verified',
    ]);
    expect(await reasons({ entries })).toEqual(['no-signature', few, few, 'verified', few, 'verified']);
  });

  test('several sets: each has to be satisfied', async () => {
    const expected = [
      'no-signature',
      'signature-mismatch',
      'signature-mismatch',
      'verified',
      'signature-mismatch',
      'verified',
    ];
    expect(await reasons({ entries: [keys(build.pem)] }, { entries: [keys(security.pem)] })).toEqual(expected);
  });

  test('a set inside a set: the build, and one of two approvers', async () => {
    const approver = nested({ count: 1, entries: [keys(security.pem), keys(release.pem)] });
    const policy = policyOf(`${registry.host}/*`, [{ entries: [keys(build.pem), approver] }]);
    const { results } = await verifyImages(policy, images());
    expect(results.map(({ reason }) => reason)).toEqual(['no-signature', few, few, 'verified', few, 'verified']);
    expect(results[3]?.signers).toEqual([
      { attestor: 'attestors[0].entries[0]', kind: 'key', identity: identityOf(build.pem) },
      { attestor: 'attestors[0].entries[1].attestor.entries[0]', kind: 'key', identity: identityOf(security.pem) },
    ]);
    const tried = JSON.stringify(results[4]?.attestors);
    expect(tried).toContain('attestors[0].entries[0]');
    expect(tried).toContain('signature-mismatch');
  });

  test('one key outside and the same inside is one signer', async () => {
    const inner = nested({ count: 1, entries: [keys(build.pem), keys(release.pem)] });
    const set = { count: 2, entries: [keys(build.pem), inner] };
    expect(await reasons(set)).toEqual(['no-signature', few, few, few, few, 'verified']);
  });
});
