import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { byKey, policy } from './documents.ts';
import { folderWith, inThisProcess } from './processes.ts';

// For the suites of Kyverno's command line: a signed and an unsigned image, and suites on disk.

export interface Result {
  readonly policy: string;
  readonly rule: string;
  readonly resource: string;
  readonly got: string | null;
  readonly outcome: string;
  readonly reason: string;
  readonly message: string;
  readonly images?: readonly unknown[];
}

export interface Told {
  readonly verdict: string;
  readonly summary: unknown;
  readonly suites: readonly { readonly file: string; readonly name: string; readonly results: readonly Result[] }[];
  readonly problems: readonly {
    readonly file: string;
    readonly line: number;
    readonly field: string;
    readonly message: string;
  }[];
}

export const spec = (image: string) => ({ containers: [{ name: 'c', image }] });
export const podOf = (name: string, image: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: spec(image),
});
export const deploymentOf = (name: string, image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: { template: { spec: spec(image) } },
});
export const textOf = (...objects: readonly unknown[]) =>
  objects.map((object) => JSON.stringify(object, null, 1)).join('\n---\n');
export const onlyWhen = (variable: string, value: string) => ({
  preconditions: { all: [{ key: `{{ ${variable} }}`, operator: 'Equals', value }] },
});

export const suite = (parts: object) => ({
  apiVersion: 'cli.kyverno.io/v1alpha1',
  kind: 'Test',
  metadata: { name: 'a-suite' },
  policies: ['policy.yaml'],
  resources: ['resources.yaml'],
  ...parts,
});
export const expects = (result: string, resource: string, more: object = {}) => ({
  policy: 'signed',
  rule: 'check',
  kind: 'Pod',
  resources: [resource],
  result,
  ...more,
});

export const resultsOf = ({ suites }: Told) => suites.flatMap(({ results }) => results);
export const shortly = (told: Told) =>
  resultsOf(told).map(({ rule, resource, outcome, reason }) => [rule, resource, outcome, reason]);

/** A registry with two images and a folder for suites, there while a file's tests run. */
export function suitesWorld() {
  const cleanUp = new AsyncDisposableStack();
  const key = newKey();
  let registry: LocalRegistry;
  let folder: Awaited<ReturnType<typeof folderWith>>;

  beforeAll(async () => {
    registry = cleanUp.use(await startRegistry());
    const destination = storeDestination(registry);
    const digest = await makeImage(destination, 'cli/signed', '1');
    await sign(destination, { repository: 'cli/signed', digest, key });
    await makeImage(destination, 'cli/unsigned', '1', { label: 'unsigned' });
    folder = cleanUp.use(await folderWith({}));
  });
  afterAll(() => cleanUp.disposeAsync());

  const signed = () => `${registry.host}/cli/signed:1`;
  const unsigned = () => `${registry.host}/cli/unsigned:1`;
  const keyed = (name = 'signed', more: object = {}) =>
    policy({ name, images: `${registry.host}/cli/*`, keys: [key], ...more });

  /** A rule of images with what depends on the object. */
  const varying = (name: string, rule: object, metadata: object = {}) => ({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name, ...metadata },
    spec: {
      validationFailureAction: 'Enforce',
      rules: [
        {
          name: 'check',
          match: { any: [{ resources: { kinds: ['Pod'] } }] },
          verifyImages: [
            {
              imageReferences: [`${registry.host}/cli/*`],
              attestors: [{ entries: [byKey(key)] }],
            },
          ],
          ...rule,
        },
      ],
    },
  });
  /** Writes a suite with its files, and gives back the name of its folder. */
  async function given(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    for (const [file, text] of Object.entries(files)) {
      const path = folder.file(`${name}/${file}`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    return folder.file(name);
  }

  async function tested(
    ...words: readonly string[]
  ): Promise<{ readonly status: number | null; readonly told: Told; readonly stderr: string }> {
    const { status, stdout, stderr } = await inThisProcess(['test', ...words, '-o', 'json']);
    return { status, told: JSON.parse(stdout) as Told, stderr };
  }
  const at = (name: string) => folder.file(name);
  const host = () => registry.host;
  return { host, signed, unsigned, keyed, varying, given, tested, at };
}
