import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { selfSigned } from '../../local/tls.ts';
import { selfSigned as stranger } from '../../shared/net/testing/certificate.ts';
import { policy } from './documents.ts';
import { countersign, folderWith, inThisProcess, run } from './processes.ts';

// A registry whose certificate no public authority has signed, as the command line meets it.

const cleanUp = new AsyncDisposableStack();
const key = newKey();
let registry: LocalRegistry;
let folder: Awaited<ReturnType<typeof folderWith>>;
let image: string;

beforeAll(async () => {
  const tls = await selfSigned({});
  registry = cleanUp.use(await startRegistry({ tls }));
  const destination = storeDestination(registry);
  await sign(destination, { repository: 'own/signed', digest: await makeImage(destination, 'own/signed', '1'), key });
  image = `${registry.host}/own/signed:1`;
  folder = cleanUp.use(
    await folderWith({
      'policy.yaml': policy({ images: `${registry.host}/own/*`, keys: [key] }),
      'pod.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web' },
        spec: { containers: [{ name: 'web', image }] },
      }),
      'ca.pem': tls.certPem,
      // Of another name: of two authorities with one name, OpenSSL tries the first alone.
      'other.pem': (await stranger('elsewhere.example')).cert,
      'expired.pem': (await selfSigned({ now: new Date('2020-01-01T00:00:00Z') })).certPem + tls.certPem,
      'key.pem': tls.keyPem,
      'none.pem': 'certificate\n',
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

const ask = (words: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  run(countersign, ['verify', '--policy', 'policy.yaml', '--image', image, ...words], { cwd: folder.path, env });

test('without its CA: unavailable, and what to give is said', async () => {
  const { status, stdout } = await ask();
  expect(status).toBe(2);
  expect(stdout).toContain('registry-unreachable');
  expect(stdout).toContain('--ca FILE');
  const other = await ask(['--ca', 'other.pem']);
  expect(other).toMatchObject({ status: 2, stdout: expect.stringContaining('they do not certify this host') });
  expect(other.stdout).not.toContain('(give');
});

test.each<[string, string[], Record<string, string>]>([
  ['--ca', ['--ca', 'ca.pem'], {}],
  ['SSL_CERT_FILE', [], { SSL_CERT_FILE: 'ca.pem' }],
  ['NODE_EXTRA_CA_CERTS', [], { NODE_EXTRA_CA_CERTS: 'ca.pem' }],
  ['NODE_EXTRA_CA_CERTS beside --ca for another', ['--ca', 'other.pem'], { NODE_EXTRA_CA_CERTS: 'ca.pem' }],
  ['SSL_CERT_FILE beside --ca for another', ['--ca', 'other.pem'], { SSL_CERT_FILE: 'ca.pem' }],
])('with it in %s: verified', async (_, words, env) => {
  expect(await ask(words, env)).toMatchObject({ status: 0, stderr: '' });
});

test('apply takes it as well', async () => {
  const words = ['apply', 'policy.yaml', '--resource', 'pod.json', '--ca', 'ca.pem'];
  expect(await run(countersign, words, { cwd: folder.path })).toMatchObject({ status: 0 });
});

test.each([
  ['a key', 'key.pem', 'holds a PRIVATE KEY: certificates alone belong there'],
  ['no certificate', 'none.pem', 'holds no certificate in PEM'],
  ['nothing', 'absent.pem', 'cannot read'],
])('--ca with a file that holds %s: a wrong use', async (_, name, message) => {
  const words = ['verify', '--policy', folder.file('policy.yaml'), '--image', image, '--ca', folder.file(name)];
  const { status, stdout, stderr } = await inThisProcess(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain(name);
  expect(stderr).not.toContain('AA');
});

test('a variable that names no certificates costs their trust, and is told of', async () => {
  const { status, stderr } = await ask(['--ca', 'ca.pem'], { SSL_CERT_FILE: 'absent.pem' });
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^countersign: SSL_CERT_FILE: absent\.pem cannot be read: .*; its certificates are not trusted$/m,
  );
});

test('a certificate that has expired is told of, and the others are of use', async () => {
  const { status, stderr } = await ask(['--ca', 'expired.pem']);
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: 'countersign: --ca: expired.pem: certificate 1 has expired on 2020-12-30\n',
  });
});
