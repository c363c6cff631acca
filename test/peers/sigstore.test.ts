import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../shared/image/digest.ts';
import { inToto, payloadOf, statementOf } from '../fixtures/attached.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { bundleOf, layerOf, signContent } from '../fixtures/authority/signing.ts';
import { keyPair } from './cosign.ts';
import { pushImage } from './images.ts';
import { type RunningRegistry, startGgcr } from './registries.ts';
import { attachedBundles, shapeOf, taggedLayers } from './sigstore/attached.ts';
import {
  attestLogged,
  type Cosign,
  certify,
  keylessAttest,
  keylessSign,
  signLogged,
  verifyLogged,
} from './sigstore/cosign.ts';
import { type SigstoreServer, startSigstore } from './sigstore/server.ts';
import { emailToken, githubToken, type TokenClaims } from './sigstore/token.ts';

// The authority of test/fixtures is good enough for real cosigns: they sign with it, and believe what they signed.

let dir: string;
let registry: RunningRegistry;
let sigstore: SigstoreServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-sigstore-'));
  registry = await startGgcr();
  sigstore = await startSigstore(join(dir, 'sigstore'));
});

afterAll(async () => {
  await sigstore?.stop();
  await registry?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function image(repository: string): Promise<string> {
  return `${registry.host}/${repository}@${await pushImage(registry.host, repository, 'v1')}`;
}

const workflow = { subject: githubSubject, issuer: githubIssuer };

describe.each<Cosign>(['cosign2', 'cosign3'])('%s', (cosign) => {
  test.each([false, true])('signs keyless and verifies; stamped: %s', async (stamped) => {
    const reference = await image(`${cosign}/keyless`);
    await keylessSign(cosign, sigstore, reference, githubToken(), { stamped, annotations: { env: 'prod' } });
    expect(await verifyLogged(cosign, sigstore, reference, workflow)).toMatchObject({ code: 0 });
    const other = { ...workflow, subject: 'https://github.com/acme/other' };
    expect(await verifyLogged(cosign, sigstore, reference, other)).not.toMatchObject({ code: 0 });
  });

  test.each<[string, TokenClaims, string]>([
    ['an e-mail address', emailToken('dev@acme.test'), 'dev@acme.test'],
    ['a SPIFFE ID', { iss: 'https://spire.test', sub: 'spiffe://acme.test/ci' }, 'spiffe://acme.test/ci'],
    ['a name', { iss: 'https://names.test', sub: 'somebody' }, 'somebody'],
  ])('signs as %s', async (_, claims, subject) => {
    const reference = await image(`${cosign}/names`);
    await keylessSign(cosign, sigstore, reference, claims);
    const identity = { subject, issuer: claims.iss };
    expect(await verifyLogged(cosign, sigstore, reference, identity)).toMatchObject({ code: 0 });
  });

  test('attests keyless and verifies', async () => {
    const reference = await image(`${cosign}/attested`);
    const type = 'https://example.test/review/v1';
    await keylessAttest(cosign, sigstore, reference, { type, predicate: { approved: true } });
    expect(await verifyLogged(cosign, sigstore, reference, workflow, { type })).toMatchObject({ code: 0 });
  });

  test('signs and attests with a certificate', async () => {
    const reference = await image(`${cosign}/certificate`);
    const key = await keyPair(join(dir, cosign), 'ecdsa-p256');
    const names = [{ email: 'dev@acme.test' }];
    const issued = { names, claims: { 1: 'https://ca.test' }, logs: [sigstore.authority.certificateLog] };
    const by = { key, certificate: await certify(sigstore, join(dir, cosign), key, issued) };
    await signLogged(cosign, sigstore, reference, by);
    const type = 'https://example.test/review/v1';
    await attestLogged(cosign, sigstore, reference, by, { type, predicate: { approved: true } });
    const identity = { subject: 'dev@acme.test', issuer: 'https://ca.test' };
    const args = cosign === 'cosign3' ? ['--allow-certificate-chain'] : [];
    expect(await verifyLogged(cosign, sigstore, reference, identity, { args })).toMatchObject({ code: 0 });
    expect(await verifyLogged(cosign, sigstore, reference, identity, { args, type })).toMatchObject({ code: 0 });
  });

  test('signs and attests with a key, in the log', async () => {
    const reference = await image(`${cosign}/key`);
    const key = await keyPair(join(dir, cosign), 'ecdsa-p256', 'logged');
    await signLogged(cosign, sigstore, reference, { key }, { stamped: true });
    const type = 'https://example.test/review/v1';
    await attestLogged(cosign, sigstore, reference, { key }, { type, predicate: { approved: true } });
    expect(await verifyLogged(cosign, sigstore, reference, key)).toMatchObject({ code: 0 });
    expect(await verifyLogged(cosign, sigstore, reference, key, { type })).toMatchObject({ code: 0 });
  });
});

describe('the fixtures write what cosign writes', () => {
  const statement = (digest: string) => ({
    message: statementOf(asImage(digest), { annotations: { env: 'prod' } }),
    payloadType: inToto,
  });
  const asImage = (digest: string) => ({ digest: digest as Digest, bytes: Buffer.alloc(0) });

  test.each([false, true])('cosign 2, a layer; stamped: %s', async (stamped) => {
    const reference = await image('cosign2/shape');
    await keylessSign('cosign2', sigstore, reference, githubToken(), { stamped, annotations: { env: 'prod' } });
    const [layer] = await taggedLayers(reference, 'sig');
    const { authority } = sigstore;
    const message = payloadOf(asImage(reference.split('@')[1] ?? ''), { env: 'prod' });
    const made = layerOf(signContent(authority, { message }, { stamps: stamped ? [{}] : [] }), {
      chain: authority.ca.chain,
    });
    expect(shapeOf(made.annotations)).toEqual(shapeOf(layer?.annotations));
    expect(shapeOf(JSON.parse(made.bytes.toString()))).toEqual(shapeOf(JSON.parse(layer?.bytes.toString() ?? '')));
  });

  test.each([false, true])('cosign 3, a bundle; stamped: %s', async (stamped) => {
    const reference = await image('cosign3/shape');
    await keylessSign('cosign3', sigstore, reference, githubToken(), { stamped, annotations: { env: 'prod' } });
    const [bundle] = await attachedBundles(reference);
    const content = statement(reference.split('@')[1] ?? '');
    const made = bundleOf(signContent(sigstore.authority, content, { stamps: stamped ? [{}] : [] }));
    expect(shapeOf(made)).toEqual(shapeOf(bundle));
  });
});
