import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newKey } from '../../local/signer/signer.ts';
import { selfSigned } from '../../local/tls.ts';
import { pod, policy, review } from './documents.ts';
import { ask } from './https.ts';
import { busyPort, countersign, folderWith, inThisProcess, root, run, start } from './processes.ts';

const text = policy({ images: 'registry.invalid/*', keys: [newKey()] });
const serve = ['serve', '--addr', '127.0.0.1:0', '--log', 'none', '--policies'];

describe('serve', () => {
  test('serves every cluster of its folder, and the short form of `default`', async () => {
    await using folder = await folderWith({ 'all.yaml': text, 'README.md': 'not a policy' });
    await mkdir(folder.file('prod'));
    await writeFile(folder.file('prod/own.yaml'), text.replace('name: signed', 'name: own'));
    await using serving = start(countersign, [...serve, folder.path]);
    const [, url] = await serving.line(/serving (https:\S+)\/mutate and \/validate for default .*, prod /);
    const denial = async (path: string) => {
      const { body } = await ask(`${url}${path}`, { body: JSON.stringify(review(pod(['registry.invalid/App:1']))) });
      return (JSON.parse(body) as { response: { status: { message: string } } }).response.status.message;
    };
    expect(await denial('/mutate')).not.toContain('policy own');
    expect(await denial('/default/mutate/fail')).not.toContain('policy own');
    expect(await denial('/prod/mutate/fail')).toContain('policy own');
    expect(await denial('/prod/validate/ignore-0123456789abcdef')).toContain('unknown-scope');
    expect((await serving.stop('SIGINT')).status).toBe(0);
  });

  test('--token is the last segment of every URL, and appears nowhere else', async () => {
    await using folder = await folderWith({ 'all.yaml': text });
    await using serving = start(countersign, [...serve, folder.path, '--token', 'a-token-of-mine']);
    const [, url] = await serving.line(/serving (https:\S+)\/mutate/);
    const status = async (path: string) =>
      (await ask(`${url}${path}`, { body: JSON.stringify(review(pod([]))) })).status;
    expect(await status('/mutate/a-token-of-mine')).toBe(200);
    expect(await status('/default/validate/fail/a-token-of-mine')).toBe(200);
    expect(await status('/mutate')).toBe(401);
    expect(await status('/mutate/another-token')).toBe(401);
    const { status: end, stdout, stderr } = await serving.stop('SIGTERM');
    expect(end).toBe(0);
    expect(stdout + stderr).not.toContain('a-token-of-mine');
  });

  test('a certificate of one’s own', async () => {
    const { certPem, keyPem } = await selfSigned({});
    await using folder = await folderWith({ 'cert.pem': certPem, 'key.pem': keyPem });
    await using policies = await folderWith({ 'all.yaml': text });
    const tls = ['--tls-cert', folder.file('cert.pem'), '--tls-key', folder.file('key.pem')];
    await using serving = start(countersign, [...serve, policies.path, ...tls]);
    const [, url] = await serving.line(/serving (https:\S+)\/mutate/);
    expect(await ask(`${url}/healthz`, { ca: certPem })).toEqual({ status: 200, body: 'ok\n' });
    expect(serving.printed()).not.toContain('a certificate for this run alone');
    expect((await serving.stop('SIGINT')).status).toBe(0);
  });

  test('a busy port is told, with what to do', async () => {
    await using policies = await folderWith({ 'all.yaml': text });
    await using busy = await busyPort();
    const words = ['serve', '--policies', policies.path, '--addr', `127.0.0.1:${busy.port}`];
    const { status, stderr } = await run(countersign, words);
    expect(status).toBe(2);
    expect(stderr).toContain(`port ${busy.port} on 127.0.0.1 is in use; choose another with --addr 127.0.0.1:PORT`);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['no folder', ['serve'], /--policies DIR is missing/],
    ['a bare folder', ['serve', 'GOOD'], /stands after no option: write countersign serve --policies DIR/],
    ['a word too many', ['serve', '--policies', 'GOOD', 'EMPTY'], /stands after no option/],
    ['--policy', ['serve', '--policy', 'GOOD'], /there is no --policy here: write --policies DIR/],
    ['a file', ['serve', '--policies', 'FILE'], /all\.yaml is a file: give the folder that the policies are in/],
    [
      'samples alone',
      ['serve', '--policies', 'SAMPLES'],
      /would be admitted; what is in the folder samples is left out: copy a policy out of it/,
    ],
    [
      'a folder that is absent',
      ['serve', '--policies', '/nowhere/at/all'],
      /there is no folder \/nowhere\/at\/all: give the folder that the policies are in/,
    ],
    ['a folder without a policy', ['serve', '--policies', 'EMPTY'], /without a rule everything would be admitted/],
    ['an address that is none', ['serve', '--policies', 'GOOD', '--addr', 'here'], /--addr takes HOST:PORT/],
    ['a port over 65535', ['serve', '--policies', 'GOOD', '--addr', '127.0.0.1:70000'], /--addr takes HOST:PORT/],
    ['a certificate without its key', ['serve', '--policies', 'GOOD', '--tls-cert', 'x'], /are needed together/],
    ['a token that is too short', ['serve', '--policies', 'GOOD', '--token', 'short'], /--token takes 8 to 256/],
    ['a TTL over a day', ['serve', '--policies', 'GOOD', '--imageVerifyCacheTTLDuration', '25h'], /CacheTTLDuration/],
  ])('%s: 2, and why', async (_, words, message) => {
    await using folders = await folderWith({ 'all.yaml': text });
    await using empty = await folderWith({});
    await using samples = await folderWith({});
    await mkdir(samples.file('samples'));
    await writeFile(samples.file('samples/one.yaml'), text);
    const places: Readonly<Record<string, string>> = {
      GOOD: folders.path,
      EMPTY: empty.path,
      FILE: folders.file('all.yaml'),
      SAMPLES: samples.path,
    };
    const { status, stdout, stderr } = await inThisProcess(words.map((word) => places[word] ?? word));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a folder with one wrong policy serves nothing', async () => {
    await using folder = await folderWith({ 'good.yaml': text, 'wrong.yaml': text.replace('rules:', 'rulez:') });
    const { status, stderr } = await run(countersign, [...serve, folder.path]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/wrong\.yaml:8: .*rulez/);
  });
});

describe('npm start', () => {
  const demo = [join(root, 'local', 'demo.ts')];
  const anyPorts = ['--port', '0', '--registry-port', '0'];

  test('two images admitted and pinned, four denied for their reasons; its commands run as printed; Ctrl-C stops it', async () => {
    await using folder = await folderWith({});
    await using running = start(process.execPath, [...demo, ...anyPorts], { cwd: folder.path });
    await running.line(/Ctrl-C stops\./);
    const printed = running.printed();
    expect(printed).toMatch(/^IMAGE +VERDICT +REASON$/m);
    expect(printed).toMatch(/^demo\/signed:1 +allowed +pinned to sha256:[0-9a-f]{64}$/m);
    expect(printed).toMatch(/^demo\/unsigned:1 +denied 403 +no-signature$/m);
    expect(printed).toMatch(/^demo\/foreign:1 +denied 403 +signature-mismatch$/m);
    expect(printed).toMatch(/^demo\/attested:1 +denied 403 +only-attestations$/m);
    expect(printed).toMatch(/^demo\/scanned:1 +allowed +pinned to sha256:[0-9a-f]{64}$/m);
    expect(printed).toMatch(/^demo\/vulnerable:1 +denied 403 +condition-failed$/m);
    expect(printed).toMatch(
      /denied \(condition-failed\): .* is \["CRITICAL","HIGH","CRITICAL"\], wanted AllNotIn \["CRITICAL"\]$/m,
    );
    for (const name of ['unsigned', 'foreign', 'attested']) {
      const denial = new RegExp(
        [
          `policy require-team-signature, rule signed-by-the-team: failed to verify image localhost:\\d+/demo/${name}:1@sha256:.*`,
          '  denied \\([a-z-]+\\): .*',
          '  - no attestors\\[0\\]\\.entries\\[0\\]: .*',
          '  next: .*',
        ].join('\n'),
      );
      expect(printed).toMatch(denial);
    }

    const commands = printed.split('\n').filter((line) => /^ {2}(bin\/countersign|curl) /.test(line));
    expect(commands).toHaveLength(4);
    const outputs = await Promise.all(
      commands.slice(0, 3).map((line) => run(countersign, line.trim().split(' ').slice(1), { cwd: folder.path })),
    );
    expect(outputs.map(({ status }) => status)).toEqual([1, 1, 1]);
    for (const { stdout } of outputs) expect(stdout).toContain('fail: 1 pass, 1 fail');
    // curl itself is asked where the real tools are, in test/peers.
    const [, url = '', file = ''] = /^ {2}curl -sk (\S+) -d @(\S+)$/.exec(commands[3] ?? '') ?? [];
    const { body } = await ask(url, { body: await readFile(folder.file(file), 'utf8') });
    expect(JSON.parse(body)).toMatchObject({ response: { allowed: false, status: { code: 403 } } });

    expect(await running.stop('SIGINT')).toMatchObject({ status: 0, stdout: expect.stringContaining('stopped') });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('two in one folder: neither touches the files of the other', async () => {
    await using folder = await folderWith({});
    await using first = start(process.execPath, [...demo, ...anyPorts], { cwd: folder.path });
    await using second = start(process.execPath, [...demo, ...anyPorts], { cwd: folder.path });
    await Promise.all([first.line(/Ctrl-C stops\./), second.line(/Ctrl-C stops\./)]);
    expect(await readdir(folder.path)).toHaveLength(2);
    expect((await second.stop('SIGINT')).status).toBe(0);
    const [, line = ''] = /^ {2}bin\/countersign (apply .*)$/m.exec(first.printed()) ?? [];
    expect((await run(countersign, line.split(' '), { cwd: folder.path })).stdout).toContain('fail: 1 pass, 1 fail');
    expect((await first.stop('SIGINT')).status).toBe(0);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test.each(['port', 'registry-port'])(
    'a busy --%s is told, with what to do, and nothing is written',
    async (option) => {
      await using folder = await folderWith({});
      await using busy = await busyPort();
      const ports = anyPorts.map((word, index) => (anyPorts[index - 1] === `--${option}` ? String(busy.port) : word));
      const { status, stdout, stderr } = await run(process.execPath, [...demo, ...ports], { cwd: folder.path });
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(`^port ${busy.port} on 127.0.0.1 is in use; try: npm start -- --port \\d+ --registry-port \\d+\n$`),
      );
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  test.each<[string[], number, string]>([
    [['--port', 'x'], 2, '--port takes a number'],
    [['--prot', '1'], 2, "Unknown option '--prot'"],
    [['--help'], 0, ''],
  ])('%j: a line of usage', async (words, expected, told) => {
    await using folder = await folderWith({});
    const { status, stdout, stderr } = await run(process.execPath, [...demo, ...words], { cwd: folder.path });
    expect(status).toBe(expected);
    expect(expected === 0 ? stdout : stderr).toContain('usage: npm start -- [--port 9443] [--registry-port 5080]\n');
    expect(stderr).toContain(told);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await readdir(folder.path)).toEqual([]);
  });
});
