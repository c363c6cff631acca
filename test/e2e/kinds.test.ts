import { newKey } from '../../local/signer/keys.ts';
import { pod, policy, review } from './documents.ts';
import { ask } from './https.ts';
import { countersign, folderWith, inThisProcess, start } from './processes.ts';

const parts = { images: 'registry.invalid/*', keys: [newKey()] };
const good = policy(parts);
const misspelt = policy({ ...parts, name: 'misspelt', kinds: ['Pods'] });
const ofNoNamespace = policy({ ...parts, name: 'own' }).replace('kind: ClusterPolicy', 'kind: Policy');
const web = (namespace: string) => JSON.stringify(pod(['registry.invalid/App:1'], { namespace }));

async function run(files: Readonly<Record<string, string>>, ...words: string[]) {
  await using folder = await folderWith(files);
  return await inThisProcess(
    words.map((word) => (word === 'DIR' ? folder.path : word in files ? folder.file(word) : word)),
  );
}

const url = ['--url', 'https://a.example'];

describe('a set none of whose rules can match a kind that is known', () => {
  test.each<[string, string[]]>([
    ['apply', ['apply', 'p.yaml', '--resource', 'web.json']],
    ['serve', ['serve', '--policies', 'DIR', '--addr', '127.0.0.1:0']],
    ['manifests', ['manifests', '--policies', 'DIR', ...url]],
  ])('%s: 2, and which kind was likely meant', async (command, words) => {
    const files = command === 'apply' ? { 'p.yaml': misspelt, 'web.json': web('shop') } : { 'p.yaml': misspelt };
    const { status, stdout, stderr } = await run(files, ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /p\.yaml:\d+: rule 'check' of misspelt matches no Pod .*\(kind 'Pods': did you mean Pod\?\).* everything would be admitted$/m,
    );
  });

  test('beside one that does it is a warning', async () => {
    const files = { 'p.yaml': `${misspelt}---\n${good}` };
    const { status, stderr } = await run(files, 'manifests', '--policies', 'DIR', ...url);
    expect(status).toBe(0);
    expect(stderr).toMatch(/p\.yaml:\d+: warning: .*kind 'Pods' holds no image .*did you mean Pod\?$/m);
    const quiet = await run({ 'p.yaml': good }, 'manifests', '--policies', 'DIR', ...url);
    expect(quiet.stderr).not.toContain('did you mean');
  });

  test('verify asks about images whatever a rule matches: it warns', async () => {
    const words = ['verify', '--policy', 'p.yaml', '--image', 'elsewhere.invalid/app:1'];
    const { status, stdout, stderr } = await run({ 'p.yaml': misspelt }, ...words);
    expect(status).toBe(0);
    expect(stdout).toContain('not-covered');
    expect(stderr).toContain('did you mean Pod?');
  });
});

describe('a Policy that names no namespace is one of `default`', () => {
  test('apply: it is asked about an object there, and about none elsewhere', async () => {
    const words = ['apply', 'p.yaml', '--resource', 'web.json', '-o', 'json'];
    const resultsIn = async (namespace: string) => {
      const { stdout } = await run({ 'p.yaml': ofNoNamespace, 'web.json': web(namespace) }, ...words);
      return (JSON.parse(stdout) as { results: { policy: string; reason: string }[] }).results;
    };
    expect(await resultsIn('default')).toEqual([
      expect.objectContaining({ policy: 'default/own', reason: 'image-unparsable' }),
    ]);
    expect(await resultsIn('shop')).toEqual([]);
  });

  test('verify and manifests read it', async () => {
    const verified = await run(
      { 'p.yaml': ofNoNamespace },
      'verify',
      '--policy',
      'p.yaml',
      '--image',
      'elsewhere.invalid/app:1',
    );
    expect(verified).toMatchObject({ status: 0, stdout: expect.stringContaining('default/own / check: not-covered') });
    const made = await run({ 'p.yaml': ofNoNamespace }, 'manifests', '--policies', 'DIR', ...url);
    expect(made).toMatchObject({ status: 0, stdout: expect.stringContaining('mutate-fail.countersign.internal') });
  });

  test('serve asks it', async () => {
    await using folder = await folderWith({ 'p.yaml': ofNoNamespace });
    await using serving = start(countersign, [
      'serve',
      '--addr',
      '127.0.0.1:0',
      '--log',
      'none',
      '--policies',
      folder.path,
    ]);
    const [, base] = await serving.line(/serving (https:\S+)\/mutate/);
    const allowed = async (namespace: string) => {
      const body = JSON.stringify(review(JSON.parse(web(namespace))));
      const answer = JSON.parse((await ask(`${base}/mutate`, { body })).body) as { response: { allowed: boolean } };
      return answer.response.allowed;
    };
    expect(await allowed('default')).toBe(false);
    expect(await allowed('shop')).toBe(true);
  });
});
