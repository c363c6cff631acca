import { writeFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { attest, makeImage } from '../../local/signer/signer.ts';
import { byKey, openWorld, pod, policy, review, type World } from '../e2e/harness.ts';
import { folderWith, inThisProcess } from '../e2e/processes.ts';

// Whoever names an object, an image or a policy chooses text that people read: it must end no line and move no cursor.

const acts = '\u001b[2J\r\n\u009b1A\u202e\u2028\u200b';
const shown = '\\u001b[2J\\r\\n\\u009b1A\\u202e\\u2028\\u200b';

/** What no output for people holds, line breaks of ours apart. */
const active = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Escaped for a policy: YAML takes no control character as it is. */
const inYaml = (text: string) =>
  JSON.stringify(text).replace(/[^ -~]/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const images = () => `${world.registry.host}/*`;

describe.each(['Fail', 'Ignore'] as const)('a denial, failurePolicy %s', (failurePolicy) => {
  const hostile: readonly [string, (unsigned: string) => unknown][] = [
    ['a name', (image) => pod([image], { name: `web${acts}` })],
    ['a generateName', (image) => ({ ...pod([image], { name: '' }), metadata: { generateName: `web-${acts}` } })],
    ['a namespace', (image) => pod([image], { namespace: `shop${acts}` })],
    ['an image text', () => pod([`registry.invalid/${acts}:1`])],
    ['a long image text', () => pod([`${'x'.repeat(300)}${acts}`])],
    ['the name of a container that is there twice', (image) => named(pod([image, image]), `c${acts}`)],
    ['an annotation that is no text', (image) => ({ ...pod([image]), metadata: { annotations: { [acts]: 1 } } })],
  ];

  test.each(hostile)('%s writes no line of its own', async (_, objectOf) => {
    const unsigned = `${world.registry.host}/team/app@${await makeImage(world.destination, 'team/app')}`;
    const match = 'any: [{resources: {kinds: [Pod]}}]';
    const exclude = `exclude: {any: [{resources: {annotations: {skip: "yes"}}}]}`;
    world.policies(
      policy({
        images: ['registry.invalid/*', images()],
        keys: [world.team],
        failurePolicy,
        match: `${match}\n      ${exclude}`,
      }),
    );
    const answer = await world.send('/mutate', review(objectOf(unsigned)));
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).not.toMatch(active);
    const plain = await world.send('/mutate', review(pod([unsigned])));
    expect(plain.message.split('\n')[0]).toBe('Pod default/web: 1 image denied');
    expect(answer.message.split('\n').length).toBeLessThanOrEqual(plain.message.split('\n').length);
  });

  test('a name that reads like a sentence of ours is quoted', async () => {
    const unsigned = `${world.registry.host}/team/app@${await makeImage(world.destination, 'team/app')}`;
    world.policies(policy({ images: images(), keys: [world.team], failurePolicy }));
    const name = 'web: 1 image verified, nothing denied. next: all is well; a test';
    for (const object of [pod([unsigned], { name }), { ...pod([unsigned]), metadata: { generateName: name } }]) {
      const { allowed, message } = await world.send('/mutate', review(object));
      expect([allowed, message.split('\n')[0]]).toEqual([
        false,
        expect.stringMatching(/^Pod .*"web: 1 image verified.*; a test"\*?: 1 image denied$/),
      ]);
    }
  });

  const malformed = 'invalid (object-malformed)';
  test.each<[string, string, (image: string, name: string) => unknown]>([
    ['a name', malformed, (image, name) => pod([image], { name })],
    [
      'a generateName',
      malformed,
      (image, name) => ({ ...pod([image], { name: '' }), metadata: { generateName: name } }),
    ],
    ['a namespace', 'denied (no-signature)', (image, name) => pod([image], { namespace: name })],
    ['a name and a namespace', malformed, (image, name) => pod([image], { name, namespace: name })],
  ])('%s of megabytes buries no reason, and makes no large answer or log line', async (_, reason, objectOf) => {
    const unsigned = `${world.registry.host}/team/app@${await makeImage(world.destination, 'team/app')}`;
    world.policies(policy({ images: images(), keys: [world.team], failurePolicy }));
    for (const character of ['n', '\u202e']) {
      const asked = review(objectOf(unsigned, character.repeat(1_000_000)));
      const { allowed, code, message, body } = await world.send('/mutate', asked);
      expect([allowed, code]).toEqual([false, 403]);
      expect(message).toMatch(/^Pod .*…\S*: (?:1 image|3 results) denied\npolicy signed, rule check, image .*\n/);
      expect(message).toContain(`\n  ${reason}: `);
      expect(message).toContain('\n  next: ');
      expect(body.length).toBeLessThan(10_000);
      expect(JSON.stringify(world.records.at(-1)).length).toBeLessThan(2000);
    }
    const { message } = await world.send('/mutate', review(objectOf(unsigned, 'n'.repeat(253))));
    expect(message.split('\n')[0]).not.toContain('…');
  });

  test.each<[string, (name: string) => unknown]>([
    ['a container', (name) => named(pod(['BAD image']), name)],
    ['a volume', (name) => ({ ...pod([]), spec: { volumes: [{ name, image: { reference: 'BAD image' } }] } })],
  ])('the name of %s is quoted, and one of megabytes buries no reason', async (_, objectOf) => {
    const whole = { images: images(), keys: [world.team], failurePolicy };
    const problem = ': "BAD image" is no image reference: it holds white space, ';
    for (const name of ["web': verified by the team's key", 'n'.repeat(1_000_000), '\u202e'.repeat(1_000_000)]) {
      world.policies(policy(whole));
      const { allowed, message, body } = await world.send('/mutate', review(objectOf(name)));
      expect(allowed).toBe(false);
      const [, , reason, next] = message.split('\n');
      expect(reason).toMatch(/^ {2}invalid \(image-unparsable\): (?:containers|volumes) ".*"…?: /);
      expect(reason).toContain(problem);
      expect(next).toMatch(/^ {2}next: /);
      expect(body.length).toBeLessThan(10_000);
      world.policies(policy({ ...whole, action: 'Audit' }));
      const warned = await world.send('/mutate', review(objectOf(name)));
      expect(warned.allowed).toBe(true);
      expect(warned.warnings[0]).toMatch(/^signed\/check: "BAD image": image-unparsable: /);
    }
    world.policies(policy(whole));
    expect(await world.send('/mutate', review(named(pod(['ghcr.io/other/app:1']), 'web')))).toMatchObject({
      allowed: true,
    });
  });

  test('an image text of any length leaves room for the reason in a warning', async () => {
    world.policies(policy({ images: '*', keys: [world.team], failurePolicy, action: 'Audit' }));
    const long = `${world.registry.host}/${'a/'.repeat(100)}a:${'t'.repeat(128)}`;
    for (const [text, reason] of [
      [acts.repeat(100), 'image-unparsable'],
      ['x'.repeat(1_000_000), 'image-unparsable'],
      [long, 'image-not-found'],
    ] as const) {
      const { warnings } = await world.send('/mutate', review(pod([text])));
      expect(warnings).toEqual([expect.stringMatching(`^signed/check: .*: ${reason}: `)]);
      expect(warnings.join().length).toBeLessThanOrEqual(250);
    }
    const short = await world.send('/mutate', review(pod(['BAD image'])));
    expect(short.warnings).toEqual([expect.stringContaining('"BAD image": image-unparsable: ')]);
  });

  test('what is attested buries no reason, in the message of a denial neither', async () => {
    const entry = [
      `attestations: [{name: scan, type: scan, attestors: [{entries: [${JSON.stringify(byKey(world.team))}]}]}]`,
      `validate: {message: "{{ scan.text }}", deny: {conditions: {all: [{key: "{{ scan.level }}", operator: Equals, value: 3}]}}}`,
    ];
    const names: string[] = [];
    for (const [index, text] of ['x, next: nothing to do. '.repeat(1000), acts, 'short'].entries()) {
      const repository = `team/attested${index}`;
      const digest = await makeImage(world.destination, repository, '1', { label: repository });
      const about = { repository, digest, key: world.team, predicateType: 'scan', predicate: { level: 3, text } };
      await attest(world.destination, about);
      names.push(`${world.registry.host}/${repository}@${digest}`);
    }
    world.policies(policy({ images: images(), entry, failurePolicy }));
    const { allowed, message } = await world.send('/mutate', review(pod(names)));
    expect(allowed).toBe(false);
    expect(message.match(/\n {2}denied \(deny-condition\): /g)).toHaveLength(3);
    expect(message.match(/\n {2}next: /g)).toHaveLength(3);
    expect(message).not.toMatch(active);
    for (const name of names) expect(message).toContain(name);
  });

  test('attestors of any number bury no reason', async () => {
    const unsigned = `${world.registry.host}/team/app@${await makeImage(world.destination, 'team/app')}`;
    const keys = Array.from({ length: 100 }, () => byKey(world.stranger));
    const sets = Array.from({ length: 8 }, () => ({ count: 1, entries: keys.slice(0, 20) }));
    world.policies(policy({ images: images(), attestors: sets, failurePolicy }));
    const { allowed, message } = await world.send('/mutate', review(pod([unsigned])));
    expect(allowed).toBe(false);
    expect(message.length).toBeGreaterThan(4000);
    expect(message).toMatch(/\n {2}denied \(no-signature\): .*\n {2}- no /);
    expect(message.length).toBeLessThan(4200);
  });

  test('the name of a policy writes no line of its own, in a warning neither', async () => {
    const unsigned = `${world.registry.host}/team/app@${await makeImage(world.destination, 'team/app')}`;
    const parts = { name: inYaml(`p${acts}`), images: images(), keys: [world.team], failurePolicy };
    world.policies(policy(parts));
    expect((await world.send('/mutate', review(pod([unsigned])))).message).toContain(`policy p${shown}, rule check`);
    world.policies(policy({ ...parts, action: 'Audit' }));
    const { allowed, warnings } = await world.send('/mutate', review(pod([unsigned])));
    expect(allowed).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/^p\\u001b.*no-signature/)]);
    expect(warnings.join()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});

function named(object: ReturnType<typeof pod>, name: string) {
  return { ...object, spec: { ...object.spec, containers: object.spec.containers.map((each) => ({ ...each, name })) } };
}

describe('the command line', () => {
  async function run(files: Readonly<Record<string, string>>, ...words: string[]) {
    await using folder = await folderWith({});
    for (const [name, text] of Object.entries(files)) await writeFile(folder.file(name), text);
    return await inThisProcess(words.map((word) => (word in files ? folder.file(word) : word)));
  }
  const good = (more: object = {}) => policy({ images: images(), keys: [world.team], ...more });

  test('verify: an image text, a policy’s name', async () => {
    await makeImage(world.destination, 'team/app', '1');
    const named = good({ name: inYaml(`p${acts}`) });
    const asked = ['verify', '--policy', 'p.yaml', '--image', `${world.registry.host}/team/app:1`];
    const { stdout, status } = await run({ 'p.yaml': named }, ...asked, `app${acts}`);
    expect(status).toBe(1);
    expect(stdout).not.toMatch(active);
    expect(stdout).toContain(`p${shown} / check: no-signature`);
    expect(stdout.split('\n')).toContain(`app${shown}`);
    const json = JSON.parse((await run({ 'p.yaml': named }, ...asked, '-o', 'json')).stdout) as { results: unknown[] };
    expect(json.results).toEqual([expect.objectContaining({ policy: `p${acts}` })]);
  });

  test('apply: the name of a resource', async () => {
    await makeImage(world.destination, 'team/app', '1');
    const object = pod([`${world.registry.host}/team/app:1`], { name: `web${acts}` });
    const words = ['apply', 'p.yaml', '--resource', 'web.json'];
    const { stdout, status } = await run({ 'p.yaml': good(), 'web.json': JSON.stringify(object) }, ...words);
    expect(status).toBe(1);
    expect(stdout).not.toMatch(active);
    expect(stdout).toContain(`Pod/default/web${shown}  `);
  });

  test('apply -o yaml: any text of a resource, which stays what it was', async () => {
    const annotations = {
      [`key${acts}`]: `x${acts}gnp.exe`,
      lines: `one\n\u202etwo\n`,
      tag: 'a\u{e0041}b',
      soft: 'a\u00adb\n',
    };
    const object = { ...pod([]), metadata: { name: 'web', annotations } };
    const words = ['apply', 'p.yaml', '--resource', 'web.json', '-o', 'yaml'];
    const { stdout, status } = await run({ 'p.yaml': good(), 'web.json': JSON.stringify(object) }, ...words);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(active);
    expect(parse(stdout)).toMatchObject({ metadata: { annotations } });
  });

  test('settings with several problems: each on a line of ours', async () => {
    const settings = ['--imageVerifyCacheTTLDuration', `soon${acts}`, '--imageVerifyCacheMaxSize', 'many'];
    const { status, stderr } = await inThisProcess(['serve', '--policies', '.', ...settings]);
    expect(status).toBe(2);
    expect(stderr).not.toMatch(active);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^countersign: imageVerifyCacheMaxSize: "many" is not /),
      expect.stringMatching(/^countersign: imageVerifyCacheTTLDuration: "soon\\u001b.* is not /),
      '(countersign --help)',
      '',
    ]);
  });

  test('a resource file with several problems: each on a line of ours', async () => {
    const { status, stderr } = await run(
      { 'p.yaml': good(), 'r.yaml': 'a: 1\na: 2\nb: 1\nb: 2\n' },
      'apply',
      'p.yaml',
      '--resource',
      'r.yaml',
    );
    expect(status).toBe(2);
    const [first, second] = stderr.split('\n');
    expect([first, second]).toEqual([
      expect.stringMatching(/r\.yaml:2: 'a' is in this mapping twice$/),
      expect.stringMatching(/r\.yaml:4: 'b' is in this mapping twice$/),
    ]);
  });

  test.each<[string, string, string]>([
    ['a field that is unknown', 'spec:', `${inYaml(`s${acts}`)}: 1\nspec:`],
    ['a value that is none of those allowed', 'failurePolicy: Fail', `failurePolicy: ${inYaml(acts)}`],
    ['a kind', 'kinds: [Pod]', `kinds: [${inYaml(`Pod${acts}`)}]`],
    ['a pattern', 'imageReferences: [', `imageReferences: [${inYaml(`x/app${acts}`)}, `],
  ])('a policy with %s is told on lines of ours', async (_, from, to) => {
    const text = good({ failurePolicy: 'Fail' }).replace(from, to);
    const { stdout, stderr } = await run(
      { 'p.yaml': text, 'web.json': JSON.stringify(pod([])) },
      'apply',
      'p.yaml',
      '--resource',
      'web.json',
    );
    expect(stdout + stderr).not.toMatch(active);
    const lines = stderr.split('\n').slice(0, -1);
    for (const line of lines)
      expect(line).toMatch(/^(?:\/.*p\.yaml:\d+: |1 resource holds no image that is known here, )/);
  });

  test.each(['serve', 'manifests'])('%s: a warning of loading', async (command) => {
    const text = good({ name: inYaml(`p${acts}`), failurePolicy: 'Ignore' }).replace(
      'name: check',
      `name: ${inYaml(`c${acts}`)}`,
    );
    await using folder = await folderWith({ 'p.yaml': text });
    // What is wrong with the address or the URL is told after the policies were read.
    const rest = command === 'serve' ? ['--addr', '203.0.113.1:1'] : ['--url', 'https://a.example'];
    const { stderr } = await inThisProcess([command, '--policies', folder.path, ...rest]);
    expect(stderr).toContain(`rule 'c${shown}' enforces under failurePolicy Ignore`);
    expect(stderr).not.toMatch(active);
  });

  test('a wrong use that quotes a word or a file', async () => {
    for (const words of [
      [`sign${acts}`],
      ['verify', '--policy', `/nowhere/${acts}`, '--image', 'a'],
      ['manifests', '--policies', '.', '--url', `https://${acts}`],
    ]) {
      const { status, stderr } = await inThisProcess(words);
      expect(status).toBe(2);
      expect(stderr).not.toMatch(active);
      expect(stderr).toMatch(/^countersign: .*\n\(countersign --help\)\n$/m);
    }
    const resource = await run(
      { 'p.yaml': good(), 'r.json': JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: acts }) },
      'apply',
      'p.yaml',
      '--resource',
      'r.json',
    );
    expect(resource.stderr).not.toMatch(active);
  });
});
