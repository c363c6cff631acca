import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inToto, makeImage, statementOf } from '../fixtures/attached.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../fixtures/authority/certificate.ts';
import { type BundleOptions, bundleOf, type SigningOptions, signContent } from '../fixtures/authority/signing.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { countersign, type Ended, folderWith, inThisProcess, root, run } from './processes.ts';

// The command that Sigstore's public conformance suite runs (its docs/cli_protocol.md), on bundles of the authority of the tests.

const authority = makeAuthority();
const file = makeImage('a file that somebody signed');
const signer = makeSigner();
const logged = { logs: [authority.rekor2], stamps: [{}] };
const message = { message: file.bytes };
const statement = { message: statementOf(file), payloadType: inToto };
const otherStatement = { message: statementOf(makeImage('another')), payloadType: inToto };

type Content = Parameters<typeof signContent>[1];
const made = (content: Content, options: SigningOptions & BundleOptions = {}) =>
  JSON.stringify(bundleOf(signContent(authority, content, options), options));

let folder: Awaited<ReturnType<typeof folderWith>>;

beforeAll(async () => {
  folder = await folderWith({
    'root.json': JSON.stringify(authority.trustedRoot()),
    'other-root.json': JSON.stringify(makeAuthority().trustedRoot()),
    file: file.bytes,
    'other-file': 'something else',
    'key.pub': signer.pem,
    'other.pub': makeSigner().pem,
    'message.json': made(message),
    'message-v2.json': made(message, logged),
    'statement.json': made(statement),
    'statement-v2.json': made(statement, logged),
    'v0.1.json': made(message, { version: '0.1' }),
    'other-statement.json': made(otherStatement),
    'unlogged.json': made(message, { logs: [] }),
    'key.json': made(message, { certificate: 'none', signer }),
    'no-bundle.json': '{',
  });
});
afterAll(() => folder[Symbol.asyncDispose]());

const who = ['--certificate-identity', githubSubject, '--certificate-oidc-issuer', githubIssuer];
const trust = () => ['--trusted-root', folder.file('root.json')];

function verifyBundle(bundle: string, options: readonly string[], subject = folder.file('file')): Promise<Ended> {
  return inThisProcess(['conformance', 'verify-bundle', '--bundle', folder.file(bundle), ...options, subject]);
}

describe.each([
  ['by path', () => folder.file('file'), () => folder.file('other-file')],
  ['by digest', () => file.digest, () => makeImage('another').digest],
])('the file %s', (_, subject, another) => {
  test.each(['message.json', 'message-v2.json', 'statement.json', 'statement-v2.json', 'v0.1.json'])(
    '%s: 0; of another file: 1',
    async (bundle) => {
      expect(await verifyBundle(bundle, [...who, ...trust()], subject())).toEqual({
        status: 0,
        stdout: '',
        stderr: '',
      });
      const no = await verifyBundle(bundle, [...who, ...trust()], another());
      expect([no.status, no.stderr]).toEqual([1, expect.stringMatching(/^[a-z-]+: .+\n$/)]);
    },
  );

  test('by a key', async () => {
    const by = (key: string) => verifyBundle('key.json', ['--key', folder.file(key), ...trust()], subject());
    expect(await by('key.pub')).toMatchObject({ status: 0, stderr: '' });
    expect(await by('other.pub')).toMatchObject({ status: 1, stderr: expect.stringMatching(/^signature-mismatch: /) });
  });
});

test.each<[string, string, readonly string[], RegExp]>([
  ['another identity', 'message.json', ['--certificate-identity', `${githubSubject}x`], /^subject-mismatch: /],
  [
    'a pattern is no identity',
    'message.json',
    ['--certificate-identity', `${githubSubject.slice(0, -4)}*`],
    /^subject-mismatch: /,
  ],
  ['another issuer', 'message.json', ['--certificate-oidc-issuer', 'https://accounts.test'], /^issuer-mismatch: /],
  [
    'another instance',
    'message.json',
    ['--trusted-root', 'other-root.json'],
    /^(?:log-entry-mismatch|certificate-untrusted): /,
  ],
  ['no log', 'unlogged.json', [], /^log-entry-missing: /],
  ['about another file', 'other-statement.json', [], /^other-image: /],
  ['no bundle', 'no-bundle.json', [], /^malformed-signature: /],
])('%s: 1', async (_, bundle, changes, told) => {
  const given = [...who, ...trust()];
  const [name, value = ''] = changes;
  const at = name === undefined ? -1 : given.indexOf(name) + 1;
  if (at > 0) given[at] = value.endsWith('.json') ? folder.file(value) : value;
  expect(await verifyBundle(bundle, given)).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(told) });
});

test('without a trusted root the public-good one is taken, with --staging too, which asks nobody', async () => {
  for (const staging of [[], ['--staging']]) {
    expect(await verifyBundle('message.json', [...who, ...staging])).toMatchObject({ status: 1 });
    expect(await verifyBundle('message.json', [...staging, ...who, ...trust()])).toMatchObject({ status: 0 });
  }
});

test('as a program: 0, 1, and 2 where it is used wrongly', async () => {
  const words = ['conformance', 'verify-bundle', '--bundle', folder.file('message.json')];
  const status = async (...more: string[]) => (await run(countersign, [...words, ...more])).status;
  expect(await status(...who, ...trust(), folder.file('file'))).toBe(0);
  expect(await status(...who, ...trust(), folder.file('other-file'))).toBe(1);
  expect(await status(...trust(), folder.file('file'))).toBe(2);
  expect((await run(countersign, ['conformance', 'sign-bundle'])).status).toBe(2);
});

test.each([
  ['the bundle', 'gone.json', [], 'file'],
  ['the key', 'key.json', ['--key', 'gone.pub'], 'file'],
  ['the file', 'message.json', who, 'gone'],
])('%s that is not there: 2, and no defect of ours', async (_, bundle, options, subject) => {
  const given = options.map((word) => (word === 'gone.pub' ? folder.file(word) : word));
  const asked = given.length === 0 ? who : given;
  const { status, stderr } = await verifyBundle(bundle, [...asked, ...trust()], folder.file(subject));
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^countersign: cannot read .*gone/)]);
});

test('the program that the suite is given is one path, from wherever it is called', async () => {
  const client = join(root, 'scripts', 'conformance-client');
  const words = ['verify-bundle', '--bundle', 'message.json', ...who, '--trusted-root', 'root.json'];
  expect(await run(client, [...words, 'file'], { cwd: folder.path })).toMatchObject({ status: 0, stderr: '' });
  expect(await run(client, [...words, 'other-file'], { cwd: folder.path })).toMatchObject({ status: 1 });
});

test('what is a digest and a file is a file', async () => {
  const here = process.cwd();
  process.chdir(folder.path);
  try {
    await writeFile(file.digest, 'something else');
    expect(await verifyBundle('message.json', [...who, ...trust()], file.digest)).toMatchObject({ status: 1 });
  } finally {
    process.chdir(here);
    await rm(folder.file(file.digest));
  }
});

test('docs/cli.md has it', async () => {
  expect(await readFile(join(root, 'docs', 'cli.md'), 'utf8')).toContain('conformance verify-bundle');
});
