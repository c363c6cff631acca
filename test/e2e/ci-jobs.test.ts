import { chmod, readFile, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { blocksOf } from '../peers/markdown.ts';
import { policy } from './documents.ts';
import { folderWith, root, run } from './processes.ts';
import { expects, podOf, suite, textOf } from './suites-world.ts';

// The jobs that docs/suites.md shows for CI: their commands, in a repository with policies, suites and a chart. What fetches this project
// and installs it is not run; helm is a stand-in that prints what a chart would come to.

interface Jobs {
  readonly jobs?: { readonly images: { readonly steps: readonly { readonly run?: string }[] } };
  readonly images?: { readonly before_script: readonly string[]; readonly script: readonly string[] };
}

const page = await readFile(join(root, 'docs', 'suites.md'), 'utf8');
const written = blocksOf(page)
  .filter(({ language }) => language === 'yaml')
  .map(({ text }) => parse(text) as Jobs);
const github = written
  .flatMap(({ jobs }) => jobs?.images.steps ?? [])
  .flatMap(({ run: commands }) => (commands === undefined ? [] : [commands]));
const gitlab = written.flatMap(({ images }) =>
  images === undefined ? [] : [...images.before_script, ...images.script],
);

const cleanUp = new AsyncDisposableStack();
const key = newKey();
let registry: LocalRegistry;

beforeAll(async () => {
  registry = cleanUp.use(await startRegistry());
  const destination = storeDestination(registry);
  const digest = await makeImage(destination, 'shop/signed', '1');
  await sign(destination, { repository: 'shop/signed', digest, key });
  await makeImage(destination, 'shop/unsigned', '1', { label: 'unsigned' });
});
afterAll(() => cleanUp.disposeAsync());

const imageOf = (name: string) => `${registry.host}/shop/${name}:1`;

/** The exit status of the first command that fails, as a runner's, or 0; and what was printed. */
async function ran(commands: readonly string[], helm: string, expected = 'pass') {
  await using folder = await folderWith({
    'policies/signed.yaml': policy({ images: `${registry.host}/shop/*`, keys: [key] }),
    'policies/.kyverno-test/kyverno-test.yaml': textOf(
      suite({ policies: ['../signed.yaml'], results: [expects(expected, 'web')] }),
    ),
    'policies/.kyverno-test/resources.yaml': textOf(podOf('web', imageOf('signed'))),
    'bin/helm': `#!/bin/sh\n${helm}\n`,
  });
  await chmod(folder.file('bin/helm'), 0o755);
  await symlink(root, folder.file('countersign'));
  const own = commands.filter((command) => !/^(?:npm ci|git clone) /.test(command));
  expect([own.length, commands.length > own.length]).toEqual([2, true]);
  const PATH = [folder.file('bin'), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  let output = '';
  for (const command of own) {
    const { status, stdout, stderr } = await run('bash', ['-eo', 'pipefail', '-c', command], {
      cwd: folder.path,
      env: { PATH },
    });
    output += stdout + stderr;
    if (status !== 0) return { status, output };
  }
  const junit = await readFile(folder.file('countersign.xml'), 'utf8').catch(() => undefined);
  return { status: 0, output, junit };
}

const printing = (image: string) => `cat <<'END'\n${textOf(podOf('web', image))}\nEND`;

describe.each([
  ['GitHub Actions', github],
  ['GitLab CI', gitlab],
])('%s', (where, commands) => {
  test('signed images pass', async () => {
    const { status, junit } = await ran(commands, printing(imageOf('signed')));
    expect(status).toBe(0);
    if (where === 'GitLab CI') expect(junit).toContain('<testsuites');
  });

  test.each([
    ['an image that is not signed', () => printing(imageOf('unsigned')), 1, 'no-signature'],
    ['a chart that does not render', () => 'echo broken >&2; exit 1', 2, 'broken'],
    ['a chart that breaks off behind a signed image', () => `${printing(imageOf('signed'))}\nexit 3`, 3, ''],
  ])('%s ends the job', async (_, helm, expected, told) => {
    const { status, output } = await ran(commands, helm());
    expect(status).toBe(expected);
    expect(output).toContain(told);
  });

  test('a suite that does not hold ends it before', async () => {
    const { status } = await ran(commands, 'exit 7', 'fail');
    expect(status).toBe(1);
  });
});
