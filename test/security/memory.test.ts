import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer, type TestServer } from '../../shared/net/testing/server.ts';
import { createStore, type Store, type Stored, sha256, types } from '../../shared/registry/testing/store.ts';

/** MB that a process may take for a review, whatever is attached; the function has 1769. */
const bound = 400;
/** The same where a rule asks what is attested: the statements are kept, and a predicate is parsed at a time, what is left of others among it. */
const boundStated = 650;
const mebi = 1024 * 1024;

let store: Store;
let server: TestServer;
beforeEach(async () => {
  store = createStore();
  server = await startServer((request, response) => store.listener(request, response));
});
afterEach(() => server.close());

interface Found {
  readonly evidence: readonly string[];
  readonly predicates: readonly string[];
  readonly rejected: readonly string[];
  readonly unreadable: readonly string[];
}

/** Reads what is attached to these images in a process of its own, each as one review does; its heap is bounded, as a function's is. */
async function readAll(images: readonly Stored[], most = bound): Promise<readonly Found[]> {
  const child = join(import.meta.dirname, 'memory-child.ts');
  const words = ['--max-old-space-size=256', child, server.host, ...images.map(({ digest }) => digest)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const { peak, found } = JSON.parse(stdout) as { peak: number; found: readonly Found[] };
  expect(peak).toBeLessThan(most);
  return found;
}

const found = (parts: Partial<Found>): Found => ({
  evidence: [],
  predicates: [],
  rejected: [],
  unreadable: [],
  ...parts,
});

/** `{"k0":1},{"k1":1},…`: each with a name of its own, the dearest values for a parser. */
const named = (values: number) => Array.from({ length: values }, (_, at) => `{"k${at}":1},`).join('');
const objects = (bytes: number) => '{},'.repeat(Math.floor(bytes / 3));

/** Attaches a manifest with this layer, more of them as text, and an annotation that makes it `size` bytes long. */
function attach(subject: Stored, layer: unknown, layers = '', size = 0): void {
  const head = { schemaVersion: 2, mediaType: types.manifest, config: {}, subject, number: store.manifests.size };
  const text = `${JSON.stringify(head).slice(0, -1)},"layers":[${JSON.stringify(layer)},${layers}{}],"annotations":{"x":"`;
  const stored = store.manifest(`${text}${'x'.repeat(Math.max(0, size - text.length - 3))}"}}`);
  store.referrers.set(subject.digest, [...(store.referrers.get(subject.digest) ?? []), stored]);
}

test(`15 referrers of 4 MiB, of empty objects, of lists in lists, of as many values as are read: under ${bound} MB`, async () => {
  const deep = `${'['.repeat(2 * mebi - 500)}${']'.repeat(2 * mebi - 500)},`;
  const images = [objects(4 * mebi - 1000), deep, named(4_900)].map((layers, kind) => {
    const image = store.image(`${kind}`);
    for (let at = 0; at < 15; at += 1) attach(image, store.blob(`${at}`, types.bundle), layers, 4 * mebi - 100);
    return image;
  });
  expect(await readAll(images)).toEqual([
    found({ unreadable: Array(15).fill('too-large') }),
    found({ unreadable: Array(15).fill('too-large') }),
    // The twin, within the bound: it is read down to its layer, which is no bundle.
    found({ rejected: Array(15).fill('the bundle is no JSON object') }),
  ]);
});

test(`4 bundles of 16 MiB, of empty objects, of lists in lists, with SBOMs as large: under ${bound} MB`, async () => {
  const bundle = (payload: string, more = '') =>
    `{"mediaType":"${types.bundle}","verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":${envelope(payload)}${more}}`;
  const contents: readonly ((image: Stored) => string)[] = [
    () => bundle('x', `,"more":[${objects(15.8 * mebi)}{}]`),
    () => '['.repeat(15.9 * mebi),
    (image) => bundle(sbom(image, objects(11.8 * mebi))),
    (image) => bundle(sbom(image, named(600_000))),
  ];
  const images = contents.map((content, kind) => {
    const image = store.image(`${kind}`);
    const text = content(image);
    for (let at = 0; at < 4; at += 1) {
      const bytes = Buffer.from(`${text}${' '.repeat(at)}`);
      store.blobs.set(sha256(bytes), bytes);
      attach(image, { mediaType: types.bundle, digest: sha256(bytes), size: bytes.length });
    }
    return image;
  });
  const tooMany = found({ rejected: Array(4).fill('the bundle holds over 10000 values') });
  const tooDeep = found({ rejected: Array(4).fill('the bundle is nested over 64 deep') });
  const read = found({ evidence: Array(4).fill('attestation'), predicates: Array(4).fill(tooManyStated) });
  expect(await readAll(images)).toEqual([tooMany, tooDeep, read, read]);
});

test(`4 envelopes of 16 MiB under the .att tag, whose SBOMs are read: under ${boundStated} MB`, async () => {
  const contents: readonly [predicate: string, told: string][] = [
    [`${named(245_000)}"${'x'.repeat(8 * mebi)}",`, 'object'],
    [objects(11.8 * mebi), tooManyStated],
    [`"${'x'.repeat(11.5 * mebi)}",`, 'object'],
  ];
  const images = contents.map(([predicate], kind) => {
    const image = store.image(`${kind}`);
    const layers = Array.from({ length: 4 }, (_, at) => {
      const bytes = Buffer.from(`${envelope(sbom(image, predicate))}${' '.repeat(at)}`);
      store.blobs.set(sha256(bytes), bytes);
      return { mediaType: types.envelope, digest: sha256(bytes), size: bytes.length };
    });
    store.manifest({ schemaVersion: 2, config: {}, layers }, `${image.digest.replace(':', '-')}.att`);
    return image;
  });
  expect(await readAll(images, boundStated)).toEqual(
    contents.map(([, told]) => found({ evidence: Array(4).fill('attestation'), predicates: Array(4).fill(told) })),
  );
});

const tooManyStated = 'the predicate holds over 500000 values';

function envelope(payload: string): string {
  return `{"payloadType":"application/vnd.in-toto+json","payload":"${Buffer.from(payload).toString('base64')}","signatures":[{"sig":"AAAA"}]}`;
}

function sbom(image: Stored, predicate: string): string {
  return `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${image.digest.slice(7)}"}}],"predicateType":"https://cyclonedx.org/bom","predicate":[${predicate}{}]}`;
}
