import { startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { policy } from './documents.ts';
import { countersign, folderWith, run } from './processes.ts';

const cleanUp = new AsyncDisposableStack();
const team = newKey();
let folder: Awaited<ReturnType<typeof folderWith>>;
let host: string;

beforeAll(async () => {
  const registry = cleanUp.use(await startRegistry());
  host = registry.host;
  const destination = storeDestination(registry);
  const digest = await makeImage(destination, 'yaml/signed', '1');
  await sign(destination, { repository: 'yaml/signed', digest, key: team });
  const written = policy({ images: `${host}/yaml/*`, keys: [team] });
  folder = cleanUp.use(
    await folderWith({
      'policy.yaml': written,
      'dated.yaml': written.replace(
        'metadata:',
        'metadata:\n  annotations: {reviewed: 2024-01-01, at: 22:30, commit: e5842394, on: x}',
      ),
      'template-policy.yaml': written.replace('rules:', 'rules:\n{{- if .Values.strict }}'),
      'pod.yaml': pod('2024-01-01', '  priority: 9223372036854775807\n'),
      'strings.yaml': pod('"on"', '', '{name: A, value: "no"}, {name: B, value: "1_000"}, {name: C, value: "0b11"}'),
      'template.yaml': pod('"x"', '  priority: {{ .Values.priority }}\n'),
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

function pod(debug: string, more = '', env = ''): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {debug: ${debug}}
spec:
${more}  containers:
    - name: c
      image: ${host}/yaml/signed:1
      env: [${env}]
`;
}

const cli = (...words: string[]) => run(countersign, words, { cwd: folder.path });
const apply = (resource: string, ...more: string[]) => cli('apply', 'policy.yaml', '--resource', resource, ...more);

test('strings that look like something else are printed in quotes', async () => {
  const { status, stdout } = await apply('strings.yaml', '-o', 'yaml');
  expect(status).toBe(0);
  for (const quoted of ['debug: "on"', 'value: "no"', 'value: "1_000"', 'value: "0b11"'])
    expect(stdout).toContain(quoted);
});

test('a plain date stays text, and an integer of 64 bits keeps its digits', async () => {
  const { status, stdout } = await apply('pod.yaml', '-o', 'yaml');
  expect(status).toBe(0);
  expect(stdout).toContain('debug: "2024-01-01"\n');
  expect(stdout).toContain('priority: 9223372036854775807\n');
  const { stdout: json } = await apply('pod.yaml', '-o', 'json');
  expect(json).toContain('"priority": 9223372036854775807,');
  expect(json).toContain('"debug": "2024-01-01"');
});

test('a policy with plain dates, times and commits loads', async () => {
  const { status, stderr } = await cli('verify', '--policy', 'dated.yaml', '--image', `${host}/yaml/signed:1`);
  expect([status, stderr]).toEqual([0, '']);
});

test('an unrendered template is called one, with file and line', async () => {
  const resource = await apply('template.yaml');
  expect(resource.status).toBe(2);
  expect(resource.stderr).toContain(
    'template.yaml:7: {{ .Values.priority }} is an unrendered Helm template: render it first: helm template … | countersign apply … --resource -',
  );
  const policies = await cli('verify', '--policy', 'template-policy.yaml', '--image', `${host}/yaml/signed:1`);
  expect(policies.status).toBe(2);
  expect(policies.stderr).toMatch(
    /template-policy\.yaml:\d+: \{\{- if \.Values\.strict \}\} is an unrendered Helm template/,
  );
});
