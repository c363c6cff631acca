import { ask, reasonOf } from '../../test/fixtures/ask.ts';
import { cosignItem, dsseItem, makeImage, payloadOf, statementOf } from '../../test/fixtures/attached.ts';
import { entryOf, keysOf, nestedOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner, type TestSigner } from '../../test/fixtures/signers.ts';
import type { AttestorSet } from '../policy/policy.ts';
import type { AttestorResult } from './outcome.ts';

const image = makeImage();
const [alice, bob, carol] = [makeSigner(), makeSigner('p384'), makeSigner('ed25519')];
const by = (signer: TestSigner) => cosignItem(payloadOf(image), signer);

function askedOfAll(sets: readonly AttestorSet[], ...signers: readonly TestSigner[]) {
  return ask(entryOf(sets), image, signers.map(by));
}
const asked = (set: AttestorSet, ...signers: readonly TestSigner[]) => askedOfAll([set], ...signers);
const reason = (...of: Parameters<typeof asked>) => reasonOf(asked(...of));

describe('two keys', () => {
  const two = (count?: number) => setOf([keysOf(alice), keysOf(bob)], count);

  test.each([
    ['unset', undefined, ['pass', 'too-few-attestors', 'too-few-attestors']],
    ['1', 1, ['pass', 'pass', 'too-few-attestors']],
    ['2', 2, ['pass', 'too-few-attestors', 'too-few-attestors']],
    ['3', 3, ['too-few-attestors', 'too-few-attestors', 'too-few-attestors']],
  ] as const)('count %s: signed by both, by one, by none of them', (_, count, [both, one, none]) => {
    expect(reason(two(count), alice, bob)).toBe(both);
    expect(reason(two(count), alice)).toBe(one);
    expect(reason(two(count), bob)).toBe(one);
    expect(reason(two(count), carol)).toBe(none);
  });

  test('every one that verified is named as a signer, with the evidence used', () => {
    const outcome = asked(two(1), alice, bob);
    expect(outcome).toMatchObject({
      pass: true,
      signers: [
        { attestor: 'attestors[0].entries[0]', kind: 'key', identity: `sha256:${alice.spki}` },
        { attestor: 'attestors[0].entries[1]', kind: 'key', identity: `sha256:${bob.spki}` },
      ],
    });
    expect(outcome.pass && new Set(outcome.evidence).size).toBe(2);
  });
});

describe('a PEM bundle of two keys in one attestor', () => {
  const bundle = (count?: number) => setOf([keysOf([alice, bob])], count);

  test('unset asks for both, 1 for any, 2 for both: counted after expansion', () => {
    expect(reason(bundle(), alice, bob)).toBe('pass');
    expect(reason(bundle(), alice)).toBe('too-few-attestors');
    expect(reason(bundle(1), bob)).toBe('pass');
    expect(reason(bundle(2), alice, bob)).toBe('pass');
    expect(reason(bundle(2), alice)).toBe('too-few-attestors');
  });
});

// B8: a threshold is of signers, not of signatures.
describe('the same signer twice is not two', () => {
  test('two signatures by one key', () => {
    expect(reason(setOf([keysOf(alice), keysOf(bob)], 2), alice, alice)).toBe('too-few-attestors');
    expect(reason(setOf([keysOf(alice), keysOf(bob)], 2), alice, bob)).toBe('pass');
  });

  test('two attestors with one key', () => {
    const annotated = { annotations: { env: 'prod' } };
    const twice = (count?: number) =>
      setOf([keysOf(alice), keysOf(alice, { signatureAlgorithm: 'sha256' }), keysOf(bob)], count);
    expect(reason(twice(2), alice)).toBe('too-few-attestors');
    expect(reason(twice(2), alice, bob)).toBe('pass');
    expect(reason(twice(3), alice, bob)).toBe('too-few-attestors');
    // Without a count each attestor has to verify, and each does.
    expect(reason(setOf([keysOf(alice), keysOf(alice)]), alice)).toBe('pass');
    const item = cosignItem(payloadOf(image, { env: 'prod' }), alice);
    expect(reasonOf(ask(entryOf([setOf([keysOf(alice), keysOf(alice, annotated)])]), image, [item]))).toBe('pass');
  });

  test('one key beside a nested set with the same key', () => {
    const set = setOf([keysOf(alice), nestedOf(setOf([keysOf(alice), keysOf(bob)], 1))], 2);
    expect(reason(set, alice)).toBe('too-few-attestors');
    expect(reason(set, bob)).toBe('too-few-attestors');
    expect(reason(set, alice, bob)).toBe('pass');
  });
});

describe('nested sets', () => {
  const either = nestedOf(setOf([keysOf(bob), keysOf(carol)], 1));
  const set = setOf([keysOf(alice), either]);

  test('a nested set that is satisfied is one attestor', () => {
    expect(reason(set, alice, carol)).toBe('pass');
    expect(reason(set, alice, bob)).toBe('pass');
    expect(reason(set, alice)).toBe('too-few-attestors');
    expect(reason(set, bob, carol)).toBe('too-few-attestors');
  });

  test('a signer within a nested set that failed is none', () => {
    const both = nestedOf(setOf([keysOf(bob), keysOf(carol)]));
    const outcome = asked(setOf([keysOf(alice), both], 1), alice, bob);
    expect(outcome.pass && outcome.signers.map((signer) => signer.identity)).toEqual([`sha256:${alice.spki}`]);
    expect(reason(setOf([both]), bob)).toBe('too-few-attestors');
  });

  test('annotations and repository written around a nested set hold within it', () => {
    const inner = setOf([keysOf(bob)]);
    const wanting = entryOf([setOf([nestedOf(inner, { annotations: { env: 'prod' } })])]);
    expect(reasonOf(ask(wanting, image, [by(bob)]))).toBe('annotation-mismatch');
    expect(reasonOf(ask(wanting, image, [cosignItem(payloadOf(image, { env: 'prod' }), bob)]))).toBe('pass');
    const elsewhere = { registry: 'sigs.test', path: 'all' };
    const there = entryOf([setOf([nestedOf(inner, { repository: elsewhere })])]);
    expect(reasonOf(ask(there, image, [by(bob)]))).toBe('no-signature');
    expect(reasonOf(ask(there, image, [cosignItem(payloadOf(image), bob, { repository: elsewhere })]))).toBe('pass');
  });
});

test('every set has to be satisfied', () => {
  const sets = [setOf([keysOf(alice)]), setOf([keysOf(bob)])];
  expect(reasonOf(askedOfAll(sets, alice, bob))).toBe('pass');
  expect(reasonOf(askedOfAll(sets, alice))).toBe('signature-mismatch');
  expect(reasonOf(askedOfAll(sets, bob))).toBe('signature-mismatch');
});

test('both ways of storing a signature count together', () => {
  const items = [by(alice), dsseItem(statementOf(image), bob)];
  const set = setOf([keysOf(alice), keysOf(bob)]);
  expect(reasonOf(ask(entryOf([set]), image, items))).toBe('pass');
  expect(reasonOf(ask(entryOf([set], { type: 'Cosign' }), image, items))).toBe('pass');
  expect(reasonOf(ask(entryOf([set], { type: 'SigstoreBundle' }), image, items))).toBe('too-few-attestors');
});

test('the answer shows each attestor tried, also after enough have verified, and why one failed', () => {
  const set = setOf([keysOf(alice), nestedOf(setOf([keysOf(bob), keysOf([carol, alice])], 1))], 1);
  const flat = (results: readonly AttestorResult[]): unknown[] =>
    results.flatMap(({ path, pass, reason, children = [] }) => [[path, pass, reason], ...flat(children)]);
  expect(flat(asked(set, alice).attestors)).toEqual([
    ['attestors[0]', true, undefined],
    ['attestors[0].entries[0]', true, undefined],
    ['attestors[0].entries[1].attestor', true, undefined],
    ['attestors[0].entries[1].attestor.entries[0]', false, 'signature-mismatch'],
    ['attestors[0].entries[1].attestor.entries[1].keys[0]', false, 'signature-mismatch'],
    ['attestors[0].entries[1].attestor.entries[1].keys[1]', true, undefined],
  ]);
});
