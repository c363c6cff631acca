import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../shared/image/digest.ts';
import { inToto, statementOf } from '../fixtures/attached.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { bundleOf, signContent } from '../fixtures/authority/signing.ts';
import { makeTimestampAuthority } from '../fixtures/authority/tsa.ts';
import { pushImage } from './images.ts';
import { type RunningRegistry, startGgcr } from './registries.ts';
import { attachedBundles, shapeOf } from './sigstore/attached.ts';
import { keylessAttest, keylessSign, verifyLogged } from './sigstore/cosign.ts';
import { startTiles, type TilesOptions } from './sigstore/tiles.ts';
import { emailToken, githubToken } from './sigstore/token.ts';

// A real Rekor v2 and a real time-stamp authority: cosign 3 signs with them, and believes what it signed.

let dir: string;
let registry: RunningRegistry;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-rekor2-'));
  registry = await startGgcr();
});

afterAll(async () => {
  await registry?.stop();
  await rm(dir, { recursive: true, force: true });
});

const asImage = (digest: string) => ({ digest: digest as Digest, bytes: Buffer.alloc(0) });
const hour = 3_600_000;
const validity = { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + hour) };

test.each<[string, TilesOptions]>([
  ['Ed25519', {}],
  ['ECDSA', { key: 'p256' }],
  [
    'a stamp by RSA and SHA-512',
    { tsa: { authority: makeTimestampAuthority({ ...validity, key: 'rsa' }), hash: 'sha512' } },
  ],
  ['a stamp by P-384', { tsa: { authority: makeTimestampAuthority({ ...validity, key: 'p384' }), hash: 'sha384' } }],
])('cosign 3 signs and attests keyless, and verifies: %s', async (_, options) => {
  const sigstore = await startTiles(await mkdtemp(join(dir, 'tiles-')), options);
  try {
    const digest = await pushImage(registry.host, 'tiles', 'v1');
    const reference = `${registry.host}/tiles@${digest}`;
    await keylessSign('cosign3', sigstore, reference, githubToken(), { stamped: true });
    const workflow = { subject: githubSubject, issuer: githubIssuer };
    const args = ['--use-signed-timestamps'];
    expect(await verifyLogged('cosign3', sigstore, reference, workflow, { args })).toMatchObject({ code: 0 });
    const [bundle] = await attachedBundles(reference);
    const content = { message: statementOf(asImage(digest), { annotations: {} }), payloadType: inToto };
    // The first entry, as this is.
    const fixtures = makeAuthority({ rekor2: { before: 0 } });
    const first = { logs: [fixtures.rekor2], record: { after: 0 }, stamps: [{}] };
    const made = bundleOf(signContent(fixtures, content, first));
    expect(shapeOf(made)).toEqual(shapeOf(bundle));
    const [type, predicate] = ['https://example.test/review/v1', { approved: true }];
    const person = emailToken('dev@acme.test');
    await keylessAttest('cosign3', sigstore, reference, { type, predicate, stamped: true }, person);
    const identity = { subject: 'dev@acme.test', issuer: person.iss };
    expect(await verifyLogged('cosign3', sigstore, reference, identity, { type, args })).toMatchObject({ code: 0 });
  } finally {
    await sigstore.stop();
  }
});
