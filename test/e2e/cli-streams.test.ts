import { mkdir, writeFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { policy } from './documents.ts';
import { countersign, folderWith, inThisProcess, run } from './processes.ts';

// What the command line reads from folders and from standard input, and what it writes for whoever reads it: people, programs,
// and `kubectl apply -f -`.

const cleanUp = new AsyncDisposableStack();
const key = newKey();
let registry: LocalRegistry;
let folder: Awaited<ReturnType<typeof folderWith>>;
let digest: Digest;

const podOf = (name: string, image: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: `${registry.host}/cli/${image}:1` }] },
});
const textOf = (...objects: readonly unknown[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };

beforeAll(async () => {
  registry = cleanUp.use(await startRegistry());
  const destination = storeDestination(registry);
  digest = await makeImage(destination, 'cli/signed', '1');
  await sign(destination, { repository: 'cli/signed', digest, key });
  await makeImage(destination, 'cli/unsigned', '1', { label: 'unsigned' });
  const images = `${registry.host}/cli/*`;
  folder = cleanUp.use(
    await folderWith({
      'policy.yaml': policy({ images, keys: [key] }),
      'audit.yaml': policy({ name: 'soft', images, keys: [key], action: 'Audit' }),
      'misspelt.yaml': policy({ images, keys: [key], entry: ['imageReferencez: []'] }),
      'good.json': textOf(podOf('good', 'signed')),
      'broken.yaml': 'apiVersion: v1\nkind: Pod\n  name: x\n',
      'second-broken.yaml': `${textOf(podOf('good', 'signed'))}\n---\napiVersion: v1\nmetadata: {}\n`,
    }),
  );
  const inFolder = async (name: string, text: string) => {
    await mkdir(folder.file(name.split('/').slice(0, -1).join('/')), { recursive: true });
    await writeFile(folder.file(name), text);
  };
  await inFolder('manifests/b/second.yml', textOf(podOf('second', 'signed'), configMap));
  await inFolder('manifests/a.yaml', textOf(podOf('first', 'signed')));
  await inFolder('manifests/c.json', textOf(podOf('third', 'signed')));
  await inFolder('manifests/comments.yaml', '# nothing\n');
  await inFolder('manifests/notes.txt', 'no resource');
  await inFolder('manifests/.github/workflow.yml', 'on: push');
  await inFolder('policies/README.md', 'what they are for');
  await inFolder('policies/prod/one.yaml', policy({ name: 'one', images, keys: [key] }));
  await inFolder('policies/samples/any.yaml', policy({ name: 'sample', images: '*', keys: [key] }));
  await inFolder('misnamed/one.yaml', policy({ name: 'one', images, keys: [key] }));
  await inFolder('misnamed/two.yaml.orig', policy({ name: 'two', images, keys: [newKey()] }));
  await mkdir(folder.file('nothing'));
});
afterAll(() => cleanUp.disposeAsync());

const cli = (words: readonly string[], input = '') => run(countersign, words, { cwd: folder.path, input });

function objectsOf(yaml: string): unknown[] {
  const documents = parseAllDocuments(yaml);
  return Array.isArray(documents) ? documents.map((document) => document.toJS()) : [];
}

describe('apply -o yaml: for kubectl', () => {
  test('resources on standard output, results on standard error', async () => {
    const words = ['apply', 'policy.yaml', '-f', '-', '-o', 'yaml'];
    const { status, stdout, stderr } = await cli(words, textOf(podOf('good', 'signed'), configMap));
    expect(status).toBe(0);
    expect(objectsOf(stdout)).toMatchObject([
      { kind: 'Pod', spec: { containers: [{ image: `${registry.host}/cli/signed:1@${digest}` }] } },
      configMap,
    ]);
    expect(stderr).toContain('pass: 1 pass');
  });

  test('one that is denied: nothing at all is left to apply, before it or after it', async () => {
    const words = ['apply', 'policy.yaml', '-f', '-', '-o', 'yaml'];
    const both = textOf(podOf('good', 'signed'), podOf('bad', 'unsigned'), configMap);
    const { status, stdout, stderr } = await cli(words, both);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('no-signature');
    expect(stderr).toContain('no resource is printed, since not all are admitted');
  });

  test('one that cannot be looked up: nothing either', async () => {
    const words = ['apply', 'policy.yaml', '-f', '-', '-o', 'yaml'];
    registry.settings.auth = { scheme: 'basic', user: 'robot', password: 'pass-word' };
    const { status, stdout } = await cli(words, textOf(configMap, podOf('good', 'signed')));
    registry.settings.auth = undefined;
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('what a rule that audits finds is told, and keeps nothing back', async () => {
    const { status, stdout, stderr } = await cli(
      ['apply', 'audit.yaml', '-f', '-', '-o', 'yaml'],
      textOf(podOf('bad', 'unsigned')),
    );
    expect(status).toBe(0);
    expect(objectsOf(stdout)).toEqual([podOf('bad', 'unsigned')]);
    expect(stderr).toContain('no-signature');
  });
});

describe('what is read', () => {
  const names = async (...words: string[]) => {
    const { status, stdout, stderr } = await cli(['apply', ...words, '-o', 'json']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^\d resources? holds? no image that is known here, so nothing was checked: ConfigMap\n$/);
    return (JSON.parse(stdout) as { patched: { metadata: { name: string } }[] }).patched.map(
      ({ metadata }) => metadata.name,
    );
  };

  test('a folder: its .yaml, .yml and .json files and those of its folders, in order, without what begins with a dot', async () => {
    expect(await names('policy.yaml', '--resource', 'manifests')).toEqual(['first', 'second', 'c', 'third']);
  });

  test('policies from a folder, whatever cluster they are for; samples are none', async () => {
    const { stdout } = await cli(['apply', 'policies', '-f', 'good.json', '-o', 'json']);
    expect(JSON.parse(stdout).results).toMatchObject([{ policy: 'one', result: 'pass' }]);
    const image = `${registry.host}/cli/signed:1`;
    expect(await cli(['verify', '--policy', 'policies', '--image', image])).toMatchObject({ status: 0 });
  });

  test('a file among policies that may be one misnamed: a wrong use', async () => {
    const { status, stderr } = await cli(['apply', 'misnamed', '-f', 'good.json']);
    expect(status).toBe(2);
    expect(stderr).toContain('two.yaml.orig: is neither a policy (.yaml, .yml, .json) nor documentation');
  });

  test.each([
    ['a folder without a resource', ['-f', 'nothing'], 'nothing: holds no resource'],
    ['standard input without one', ['-f', '-'], 'standard input: holds no resource'],
    ['standard input twice', ['-f', '-', '-'], 'standard input is read once'],
    ['policies and resources from it', ['-', '-f', '-'], "'-' is given twice: standard input is read once"],
  ])('%s: a wrong use', async (_, words, message) => {
    const { status, stdout, stderr } = await cli(['apply', 'policy.yaml', ...words]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('standard input over its bound is not read to its end', async () => {
    const { status, stderr } = await cli(['apply', 'policy.yaml', '-f', '-'], '#'.repeat(33 * 1024 * 1024));
    expect(status).toBe(2);
    expect(stderr).toContain('standard input is larger than 33554432 bytes');
  });
});

describe('-o json: standard output is JSON whatever happens', () => {
  const image = 'ghcr.io/org/app:1';

  test.each<[string, string[], unknown]>([
    [
      'a policy that does not load',
      ['verify', '--policy', 'misspelt.yaml', '--image', image],
      [
        {
          file: expect.stringMatching(/misspelt\.yaml$/),
          line: 14,
          field: 'spec.rules[0].verifyImages[0].imageReferencez',
          message: expect.any(String),
        },
      ],
    ],
    [
      'a policy that is absent',
      ['apply', 'absent.yaml', '-f', 'good.json'],
      [
        {
          file: expect.stringMatching(/absent\.yaml$/),
          line: null,
          field: null,
          message: expect.stringContaining('cannot read'),
        },
      ],
    ],
    [
      'a resource that is no YAML',
      ['apply', 'policy.yaml', '-f', 'broken.yaml'],
      expect.arrayContaining([
        { file: expect.stringMatching(/broken\.yaml$/), line: 2, field: null, message: expect.any(String) },
      ]),
    ],
    [
      'a resource without its kind, the second of its file',
      ['apply', 'policy.yaml', '-f', 'second-broken.yaml'],
      [
        {
          file: expect.stringMatching(/second-broken\.yaml$/),
          line: 3,
          field: 'kind',
          message: 'a resource needs apiVersion and kind, each a text',
        },
      ],
    ],
    [
      'an option that is none',
      ['verify', '--polcy', 'x'],
      [{ file: null, line: null, field: null, message: expect.stringContaining('--polcy') }],
    ],
    [
      'a command that is none',
      ['sign'],
      [{ file: null, line: null, field: null, message: expect.stringContaining("no command 'sign'") }],
    ],
    [
      'a folder of policies that is absent',
      ['manifests', '--policies', 'absent', '--url', 'https://a.example'],
      [expect.objectContaining({ message: expect.stringContaining('absent') })],
    ],
  ])('%s', async (_, words, problems) => {
    const inFolder = (word: string) => (/^[\w-]+\.(?:yaml|json)$/.test(word) ? folder.file(word) : word);
    for (const form of [['-o', 'json'], ['-ojson'], ['--output=json']]) {
      const { status, stdout, stderr } = await inThisProcess([...words.map(inFolder), ...form]);
      expect(status).toBe(2);
      expect(JSON.parse(stdout)).toEqual({ verdict: 'error', problems });
      expect(stderr).not.toBe('');
    }
    // Without it, nothing stands where a program would look for JSON.
    expect(await inThisProcess(words.map(inFolder))).toMatchObject({ status: 2, stdout: '' });
  });

  test('a defect of ours, wherever it is thrown: 2, not the 1 of a denial', async () => {
    await writeFile(
      folder.file('defect.cjs'),
      `const look = () => {
         if (process.listenerCount('uncaughtException') > 0) throw new Error('nobody caught this');
         setImmediate(look);
       };
       setImmediate(look);`,
    );
    const words = ['verify', '--policy', 'policy.yaml', '--image', image, '-o', 'json'];
    const env = { NODE_OPTIONS: `--require ${folder.file('defect.cjs')}` };
    const { status, stdout, stderr } = await run(countersign, words, { cwd: folder.path, env });
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      verdict: 'error',
      problems: [{ file: null, line: null, field: null, message: 'a defect in Countersign: nobody caught this' }],
    });
    expect(stderr).toContain('please report it');
  });
});
