import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { questionOn, ruleOf } from '../../test/fixtures/questions.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import type { EntryPlan, QuestionPlan } from '../plan/plan.ts';
import type { Rule } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { type Reason, Refusal } from '../reasons.ts';
import { applyOne } from './apply-one.ts';
import { settledVerdict } from './verdict.ts';

const signed = entryOf([setOf([keysOf(makeSigner())])]);
const named = (name: string, changes: Partial<Rule> = {}) => ruleOf([signed], { name, applyOne: true, ...changes });
const [first, second] = [named('first'), named('second')];

/** A rule's answer on one image; `undefined`: none, since the purpose asks nothing. */
type Said = readonly [Rule, Reason | undefined, Partial<Question>?];

/** What each rule is left with. */
function told(...all: readonly Said[]): (string | undefined)[] {
  const asked = all.map(([rule, reason, changes = {}]) => ({
    question: { ...questionOn(rule, 'ghcr.io/acme/app:1'), ...changes },
    reason,
  }));
  const plans = asked.map(({ question, reason }): QuestionPlan => {
    const refuse: EntryPlan = { task: 'refuse', entry: signed, refusal: new Refusal('no-signature', '') };
    return { question, image: '', entries: reason === undefined ? [] : [refuse] };
  });
  const verdicts = asked.flatMap(({ question, reason }) =>
    reason === undefined ? [] : [settledVerdict(question, reason, '')],
  );
  const left = new Map(applyOne(plans, verdicts).map(({ question, reason }) => [question, reason]));
  return asked.map(({ question }) => left.get(question));
}

test.each<Reason>(['verified', 'no-signature', 'digest-missing', 'too-large'])(
  'after %s the next is not reached',
  (reason) => {
    expect(told([first, reason], [second, 'no-signature'])).toEqual([reason, 'rule-not-reached']);
  },
);

test.each<Reason>([
  'unchanged',
  'image-skipped',
  'preconditions-unmet',
  'policy-exception',
  'registry-unreachable',
  'deadline',
  'internal-error',
  'key-invalid',
])('after %s it is', (reason) => {
  expect(told([first, reason], [second, 'no-signature'])).toEqual([reason, 'no-signature']);
});

test('a rule is one of its policy alone, and a policy that applies all is left as it is', () => {
  const other = named('other', { policy: 'shop/signed' });
  const all = ruleOf([signed], { name: 'all', policy: 'all' });
  expect(told([first, 'verified'], [other, 'no-signature'], [all, 'no-signature'], [second, 'no-signature'])).toEqual([
    'verified',
    'no-signature',
    'no-signature',
    'rule-not-reached',
  ]);
});

test('one image that it answers about is enough, and all of its own count', () => {
  expect(
    told(
      [first, 'unchanged'],
      [first, 'no-signature'],
      [first, 'verified'],
      [second, 'no-signature'],
      [second, 'verified'],
    ),
  ).toEqual(['unchanged', 'no-signature', 'verified', 'rule-not-reached', 'rule-not-reached']);
});

describe('what an author can bring about spares no rule', () => {
  test('an object that takes all the time before a rule was asked', () => {
    const problem = new Refusal('object-too-slow', '');
    const theObject = { problem, about: { kind: 'object' } as const };
    expect(told([first, 'object-too-slow', theObject], [second, 'object-too-slow', theObject])).toEqual([
      'object-too-slow',
      'object-too-slow',
    ]);
    expect(told([first, 'object-too-slow', { problem }], [second, 'no-signature'])).toEqual([
      'object-too-slow',
      'no-signature',
    ]);
  });

  test('an image that is none, and variables without a value', () => {
    for (const reason of ['image-unparsable', 'variable-unresolved', 'host-refused'] as const) {
      const problem = new Refusal(reason, '');
      expect(told([first, reason, { problem }], [second, 'no-signature'])).toEqual([reason, 'no-signature']);
    }
  });
});

describe('validate asks nothing of an image that mutate has asked about', () => {
  test('so it was that rule which answered', () => {
    expect(told([first, undefined], [second, 'no-signature'])).toEqual([undefined, 'rule-not-reached']);
  });

  test('not where it has skipped the image, or could not be asked, or asks for no signature at all', () => {
    expect(told([first, undefined, { ask: 'skipped' }], [second, 'no-signature'])[1]).toBe('no-signature');
    const problem = new Refusal('key-invalid', '');
    expect(told([first, undefined, { problem }], [second, 'no-signature'])[1]).toBe('no-signature');
    const digests = named('digests', { entries: [entryOf([])] });
    expect(told([digests, undefined], [second, 'no-signature'])[1]).toBe('no-signature');
  });
});
