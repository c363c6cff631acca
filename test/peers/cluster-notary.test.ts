import { pod, policy } from '../e2e/documents.ts';
import { policyOf as statementsOf } from './notary/case.ts';
import { chainOf, day, now } from './notary/certificates.ts';
import { image as anyImage } from './notary/corners.ts';
import { type Format, type Made, type SignRequest, signAll } from './notary/peer.ts';
import { oneCluster, type Scene } from './scene.ts';

// A real API server asks about images that notation-go signed: by a trust policy beside the policies, and by a rule with its CA. What is let
// in is stored pinned, and kubectl prints why the rest is not, and what is only warned of.

const cluster = oneCluster();

/** Signers of two CAs, and one of the first whose certificate has expired. */
let [acme, others, expired]: readonly Made[] = [];

beforeAll(async () => {
  const signer = (request: Partial<SignRequest>): SignRequest => ({
    format: 'jws',
    certificates: chainOf(),
    target: anyImage,
    scheme: 'notary.x509',
    signingTime: now - 10 * day,
    ...request,
  });
  [acme, others, expired] = await signAll([
    signer({}),
    signer({ certificates: chainOf({ leaf: { key: 'rsa-2048' }, root: { key: 'ec-256/others' } }) }),
    signer({ certificates: chainOf({ leaf: { key: 'ec-384', notAfter: now - day } }) }),
  ]);
});

/** An image that somebody signed with notation-go; it is named by its digest to it. */
async function signedImage(scene: Scene, name: string, by: Made | undefined, request: Partial<SignRequest> = {}) {
  const image = await scene.image(name, { signed: false });
  const { chain = [], key = '' } = by ?? {};
  const format: Format = 'jws';
  await signAll([{ format, chain, key, image: image.pinned.replace(':1@', '@'), ...request }]);
  return image;
}

function create(scene: Scene, name: string, image: string) {
  return scene.create(pod([image], { name, namespace: scene.namespace }));
}

async function expectPinned(scene: Scene, name: string, { tagged, pinned }: { tagged: string; pinned: string }) {
  expect(await create(scene, name, tagged)).toMatchObject({ code: 0, stderr: '' });
  expect((await scene.stored(`pod/${name}`)).spec.containers[0].image).toBe(pinned);
}

async function denialOf(scene: Scene, name: string, image: string): Promise<string> {
  const { code, stderr } = await create(scene, name, image);
  expect(code).toBe(1);
  await expect(scene.stored(`pod/${name}`)).rejects.toThrow('NotFound');
  return stderr;
}

const root = (made: Made | undefined) => made?.chain.at(-1) ?? '';

describe('a trust policy beside the policies', () => {
  let scene: Scene;
  let lenient: Scene;

  beforeAll(async () => {
    const open = (level: string) =>
      cluster.open({
        shape: 'http-api',
        policies: (host) => [policy({ images: `${host}/*`, entry: ['type: Notary'] })],
        trust: {
          policy: statementsOf({
            signatureVerification: { level },
            trustedIdentities: ['x509.subject:C=US, ST=WA, O=Acme, CN=signer'],
          }),
          stores: { 'ca:acme': root(acme) + root(expired) },
        },
      });
    scene = await open('strict');
    lenient = await open('permissive');
  });

  test.each<Format>(['jws', 'cose'])('signed, %s', async (format) => {
    await expectPinned(scene, `signed-${format}`, await signedImage(scene, `signed-${format}`, acme, { format }));
  });

  test('by another CA', async () => {
    const { tagged, pinned } = await signedImage(scene, 'others', others);
    const text = await denialOf(scene, 'others', tagged);
    expect(text).toContain(`policy signed, rule check: failed to verify image ${pinned}\n`);
    expect(text).toContain('denied (certificate-untrusted)');
  });

  test('nobody signed', async () => {
    const { tagged } = await scene.image('unsigned', { signed: false });
    expect(await denialOf(scene, 'unsigned', tagged)).toContain('denied (no-signature)');
  });

  test('a signature of cosign is none', async () => {
    const { tagged } = await scene.image('cosign');
    expect(await denialOf(scene, 'cosign', tagged)).toContain('denied (no-signature)');
  });

  test('a certificate that has expired: denied where it is enforced, warned of where it is not', async () => {
    const signing = { scheme: 'notary.x509', signingTime: now - 10 * day };
    const strict = await signedImage(scene, 'expired', expired, signing);
    expect(await denialOf(scene, 'expired', strict.tagged)).toContain('denied (certificate-expired)');
    const { tagged, pinned } = await signedImage(lenient, 'expired', expired, signing);
    const { code, stderr } = await create(lenient, 'expired', tagged);
    expect(stderr).toContain('Warning:');
    expect(stderr).toContain('expired');
    expect(code).toBe(0);
    expect((await lenient.stored('pod/expired')).spec.containers[0].image).toBe(pinned);
  });

  test('a signature that has expired', async () => {
    const signing = { scheme: 'notary.x509', signingTime: now - 10 * day, expiry: now - day };
    const { tagged } = await signedImage(scene, 'over', acme, signing);
    expect(await denialOf(scene, 'over', tagged)).toContain('denied (signature-expired)');
  });
});

describe("a rule with the CA's certificate", () => {
  test('signed, and by another CA', async () => {
    const attestors = [{ entries: [{ certificates: { certChain: root(acme) } }] }];
    const scene = await cluster.open({
      shape: 'rest-api',
      policies: (host) => [policy({ images: `${host}/*`, entry: ['type: Notary'], attestors })],
    });
    await expectPinned(scene, 'signed', await signedImage(scene, 'signed', acme));
    const { tagged } = await signedImage(scene, 'others', others);
    expect(await denialOf(scene, 'others', tagged)).toContain('denied (certificate-untrusted)');
  });
});
