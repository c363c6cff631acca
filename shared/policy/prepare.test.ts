import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { questionOn, ruleOf } from '../../test/fixtures/questions.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import type { Conditions } from '../expression/conditions.ts';
import { ExpressionError } from '../expression/error.ts';
import { Refusal } from '../reasons.ts';
import { atOnce } from '../slices.ts';
import { ImageNeeded } from './context.ts';
import type { Entry, Rule, Written } from './policy.ts';
import { isToBePrepared, type Preparation, prepareInSlices } from './prepare.ts';
import type { Question } from './select.ts';

const signer = makeSigner();
const image = 'registry.test/team/app:1';
const signed = (changes: Partial<Entry> = {}) => entryOf([setOf([keysOf(signer)])], changes);
const conditions = (test: Conditions['test']): Conditions => ({ names: undefined, test });
const written = (entry: Written['entry'], registries: readonly string[] = []): Partial<Entry> => ({
  attestors: [],
  written: { names: undefined, registries: new Set(registries), entry },
});
const varying = (entries: readonly Entry[], changes: Partial<Rule> = {}) =>
  ruleOf(entries, { varies: true, ...changes });

function prepare(questions: readonly Question[], changes: Partial<Preparation> = {}): readonly Question[] {
  const preparation = { request: undefined, now: 0, imageData: new Map(), isNamed: () => false, ...changes };
  return atOnce(prepareInSlices(questions, preparation));
}
const one = (rule: Rule, changes: Partial<Preparation> = {}) => prepare([questionOn(rule, image)], changes)[0];

test('a rule about images alone is left as it is, and so are questions that ask nothing', () => {
  const plain = questionOn(ruleOf([signed()]), image);
  const rule = varying([signed()], { preconditions: conditions(() => ({ met: false, unmet: {} as never })) });
  const unchanged: Question = { ...questionOn(rule, image), ask: 'unchanged', entries: [] };
  const refused: Question = { ...questionOn(rule, image), problem: new Refusal('image-unparsable', 'x') };
  expect(isToBePrepared([plain, unchanged, refused])).toBe(false);
  expect(prepare([plain, unchanged, refused])).toEqual([plain, unchanged, refused]);
  expect(isToBePrepared([plain, questionOn(rule, image)])).toBe(true);
});

test('preconditions are asked once for all images of a rule', () => {
  let asked = 0;
  const preconditions = conditions(() => {
    asked += 1;
    return { met: true };
  });
  const rule = varying([signed()], { preconditions });
  const [first, second] = prepare([questionOn(rule, image), questionOn(rule, 'registry.test/team/other:1')]);
  expect([first?.ask, second?.ask, asked]).toEqual(['verify', 'verify', 1]);
  expect(first?.scope).toBeDefined();
});

test.each<[string, unknown, string, string]>([
  ['without a value', new ExpressionError('no such thing'), 'variable-unresolved', 'preconditions: no such thing'],
  ['for which an image could not be had', new Refusal('registry-error', 'down'), 'registry-error', 'down'],
  ['that break us', new TypeError('boom'), 'variable-unresolved', 'preconditions: boom'],
])('preconditions %s are the problem of their rule, and of no other', (_, thrown, reason, message) => {
  const preconditions = conditions(() => {
    throw thrown;
  });
  const failing = questionOn(varying([signed()], { preconditions }), image);
  const [first, second] = prepare([failing, questionOn(varying([signed()]), image)]);
  expect(first?.problem).toMatchObject({ reason, message });
  expect(second).toMatchObject({ ask: 'verify' });
  expect(second?.problem).toBeUndefined();
});

test('an image that has to be looked up is asked for, whoever needs it', () => {
  const needing = (): never => {
    throw new ImageNeeded('registry.test/base', false);
  };
  expect(() => one(varying([signed()], { preconditions: conditions(needing) }))).toThrow(ImageNeeded);
  expect(() => one(varying([signed(written(needing))]))).toThrow(ImageNeeded);
});

describe('an entry in which variables stand', () => {
  test('is asked as it is for the object, once for all images that it covers; the others as they are', () => {
    let asked = 0;
    const made = signed();
    const other = signed({ path: 'verifyImages[1]' });
    const entry = signed(
      written(() => {
        asked += 1;
        return made;
      }),
    );
    const rule = varying([entry, other]);
    const question = questionOn(rule, image);
    const [first, second] = prepare([question, question]);
    expect(first?.entries).toEqual([made, other]);
    expect(second?.entries).toBe(first?.entries);
    expect(asked).toBe(1);
  });

  test('is substituted once, however many images of their own lists it covers, and others have their turn between them', () => {
    let asked = 0;
    const made = signed();
    const entry = signed(
      written(() => {
        asked += 1;
        return made;
      }),
    );
    const rule = varying([entry]);
    const questions = Array.from({ length: 1000 }, (_, at) => ({
      ...questionOn(rule, `registry.test/team/app:${at}`),
      entries: [entry],
    }));
    const slices = prepareInSlices(questions, {
      request: undefined,
      now: 0,
      imageData: new Map(),
      isNamed: () => false,
    });
    let turns = 0;
    for (let next = slices.next(); !next.done; next = slices.next()) turns += 1;
    expect(asked).toBe(1);
    expect(turns).toBeGreaterThan(10);
    expect(prepare(questions).every(({ entries }) => entries[0] === made)).toBe(true);
  });

  test('that is none for this object, has no value, or breaks us, is the problem of its rule', () => {
    const problem = { file: 'a.yaml', line: 1, field: 'spec.x', message: 'is no key' };
    const told = (entry: Written['entry']) => one(varying([signed(written(entry))]))?.problem;
    expect(told(() => [problem])).toMatchObject({
      reason: 'variable-unresolved',
      message: "with the object's values spec.x is no key",
    });
    expect(told(() => [])).toMatchObject({ reason: 'variable-unresolved' });
    const throwing = (thrown: unknown) =>
      told(() => {
        throw thrown;
      });
    expect(throwing(new ExpressionError('x'))).toMatchObject({ message: 'verifyImages[0]: x' });
    expect(throwing(new RangeError('too deep'))).toMatchObject({ reason: 'variable-unresolved' });
  });

  test('whose signatures would be read from a registry that nobody names is refused', () => {
    const repository = { registry: 'chosen.test', path: 'sigs' };
    const nested = { kind: 'set', set: setOf([keysOf(signer, { repository })]) } as const;
    const places: readonly Partial<Entry>[] = [
      { repository },
      { attestors: [setOf([keysOf(signer, { repository })])] },
      { attestors: [setOf([nested])] },
      {
        attestations: [
          { path: 'attestations[0]', predicateType: 'a', attestors: [setOf([keysOf(signer, { repository })])] },
        ],
      },
    ];
    for (const place of places) {
      const rule = (registries: readonly string[]) => varying([signed(written(() => signed(place), registries))]);
      expect(one(rule([]))?.problem).toMatchObject({ reason: 'host-refused' });
      expect(one(rule(['chosen.test']))?.problem).toBeUndefined();
      expect(one(rule([]), { isNamed: (registry) => registry === 'chosen.test' })?.problem).toBeUndefined();
    }
  });
});
