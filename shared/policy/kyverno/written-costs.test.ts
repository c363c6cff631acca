import { newKey } from '../../../local/signer/keys.ts';
import { cpuOf } from '../../../test/fixtures/cpu.ts';
import { ExpressionTooCostly } from '../../expression/error.ts';
import { loadExpressions } from '../../expression/expressions.ts';
import { createRun } from '../../expression/run.ts';
import { lazily } from '../../expression/scope.ts';
import { loadRegExps } from '../../regexp.ts';
import { loadPolicies } from './load.ts';

beforeAll(async () => {
  await loadRegExps();
  await loadExpressions();
});

/** An entry of these attestors, read with the value that an object's author gives to `request.value`. */
function readWith(attestors: unknown, value: string) {
  return writtenFor(attestors)(value);
}

function writtenFor(attestors: unknown) {
  const text = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: { name: signed }
spec:
  validationFailureAction: Enforce
  rules:
    - name: signed
      match: { any: [{ resources: { kinds: [Pod] } }] }
      verifyImages: [{ imageReferences: ['ghcr.io/acme/*'], attestors: ${JSON.stringify([{ entries: attestors }])} }]`;
  const written = loadPolicies([{ name: 'policy.yaml', text }]).rules[0]?.entries[0]?.written;
  if (written === undefined) throw new Error('no variable stands in it');
  return (value: string) => written.entry(lazily(new Map([['request', () => ({ value })]])), createRun(0));
}

const rekor = { url: 'https://rekor.sigstore.dev' };
const issuer = 'https://token.actions.githubusercontent.com';
const subjects = [{ keyless: { issuer, rekor, subjectRegExp: '^https://github\\.com/acme/{{ request.value }}/$' } }];
const keys = [{ keys: { publicKeys: '{{ request.value }}', rekor: { ignoreTlog: true } } }];

test.each([
  ['repetitions', '[a-z]{1,1000}'.repeat(60)],
  ['letters of every alphabet', `(?i)${'\\pL'.repeat(250)}`],
  ['ranges where case does not count', `(?i)[${'a-\u{10ffff}'.repeat(200)}]`],
])("a regular expression with %s in an object's value is not compiled", (_, value) => {
  const cpu = cpuOf(() => {
    expect(() => readWith(subjects, value)).toThrow(ExpressionTooCostly);
  });
  // Milliseconds: compiling one takes several hundred.
  expect(cpu).toBeLessThan(200);
});

test('a name is, once: what came of it is kept', () => {
  const read = writtenFor(subjects);
  const entry = read('app-1');
  expect(entry).toMatchObject({ attestors: [{ entries: [{ subjectRegExp: '^https://github\\.com/acme/app-1/$' }] }] });
  expect(read('app-2')).not.toBe(entry);
  expect(read('app-1')).toBe(entry);
});

test('so are keys: a few are read, and not a thousand', () => {
  const { publicKeyPem } = newKey();
  expect(readWith(keys, publicKeyPem.repeat(10))).toMatchObject({
    attestors: [{ entries: [{ publicKeys: { length: 10 } }] }],
  });
  expect(() => readWith(keys, publicKeyPem.repeat(2000))).toThrow(ExpressionTooCostly);
});

test('what an entry becomes with a long value is no entry, and others are kept within bounds', () => {
  const read = writtenFor(keys);
  expect(() => read('x'.repeat(70_000))).toThrow('characters long');
  const first = read('y'.repeat(60_000));
  expect(read('y'.repeat(60_000))).toBe(first);
  for (let at = 0; at < 100; at += 1) read(`${100 + at}`.repeat(20_000));
  expect(read('y'.repeat(60_000))).not.toBe(first);
});

test('the bounds are of all entries together, and by what is compiled of them: identities of some teams fit', () => {
  const read = writtenFor(subjects);
  const team = (at: number) => `team-${at}`;
  const first = read('first');
  for (let at = 0; at < 500; at += 1) read(team(at));
  expect(read('first')).toBe(first);
  const others = Array.from({ length: 9 }, () => writtenFor(subjects));
  for (const other of others) for (let at = 0; at < 20; at += 1) other(`${team(at)}-${'x'.repeat(900)}`);
  expect(read('first')).not.toBe(first);
});
