import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { questionOn, ruleOf } from '../../test/fixtures/questions.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { startDeadline } from '../net/deadline.ts';
import type { Entry, WantedAttestation } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { Refusal } from '../reasons.ts';
import { buildCheck } from '../trust/build.ts';
import type { Check } from '../trust/check.ts';
import { ownCredentials } from './credentials.ts';
import type { EntryPlan, Plan, Purpose } from './plan.ts';
import { type PlanOptions, planQuestions } from './planner.ts';
import { type TrustSource, trustOfPolicies } from './trust-source.ts';

const signer = makeSigner();
const signed = (changes: Partial<Entry> = {}) => entryOf([setOf([keysOf(signer)])], changes);
const unsigned = (changes: Partial<Entry> = {}) => entryOf([], changes);
const withBadKey = (changes: Partial<Entry> = {}) =>
  entryOf([setOf([keysOf(signer, { publicKeys: ['no key'] })])], changes);

const tagged = 'registry.test/team/app:1';
const pinned = `registry.test/team/app@sha256:${'a'.repeat(64)}`;

function optionsOf(changes: Partial<PlanOptions> = {}): PlanOptions {
  const elapsed = () => 0;
  const deadline = startDeadline(1000, elapsed);
  return { purpose: 'mutate', trust: trustOfPolicies(), deadline, elapsed, shortage: undefined, ...changes };
}

/** Trust that is on its way for as long as the test wants. */
function slowTrust(check: (entry: Entry) => Promise<Check | Refusal>): TrustSource & { readonly asked: Entry[] } {
  const asked: Entry[] = [];
  return {
    asked,
    credentials: () => ownCredentials,
    check({ entry }) {
      asked.push(entry);
      return check(entry);
    },
  };
}

function planned(questions: readonly Question[], options = optionsOf()): Plan {
  const plan = planQuestions(questions, options);
  if (plan instanceof Promise) throw new Error('it is waited for');
  return plan;
}

function only(plan: Plan): EntryPlan | undefined {
  return plan.questions[0]?.entries[0];
}

/** The task, and why where it is a refusal. */
function told(entry: EntryPlan | undefined): string {
  if (entry === undefined) return 'nothing';
  return 'refusal' in entry ? `${entry.task} ${entry.refusal.reason}` : entry.task;
}

describe('what an entry asks of an image', () => {
  const required = { required: true, verifyDigest: false, mutateDigest: false };
  const optional = { required: false, verifyDigest: false, mutateDigest: false };
  const cases: readonly [string, Purpose, Entry, string, string][] = [
    ['attestors', 'mutate', signed(required), pinned, 'verify'],
    ['attestors', 'mutate', signed(optional), tagged, 'verify'],
    ['attestors', 'validate', signed(required), pinned, 'verify'],
    ['attestors, not required', 'validate', signed(optional), pinned, 'nothing'],
    ['attestors', 'verify', signed(optional), tagged, 'verify'],
    ['no attestors', 'mutate', unsigned(required), tagged, 'nothing'],
    ['no attestors', 'validate', unsigned(required), tagged, 'refuse no-attestors'],
    ['no attestors', 'verify', unsigned(required), pinned, 'refuse no-attestors'],
    ['no attestors, not required', 'verify', unsigned(optional), tagged, 'nothing'],
    ['mutateDigest alone', 'mutate', unsigned({ ...optional, mutateDigest: true }), tagged, 'resolve'],
    ['mutateDigest alone', 'mutate', unsigned({ ...optional, mutateDigest: true }), pinned, 'nothing'],
    ['mutateDigest alone', 'verify', unsigned({ ...optional, mutateDigest: true }), tagged, 'resolve'],
    ['verifyDigest', 'validate', signed({ ...required, verifyDigest: true }), tagged, 'refuse digest-missing'],
    ['verifyDigest', 'validate', signed({ ...required, verifyDigest: true }), pinned, 'verify'],
    [
      'both',
      'validate',
      signed({ ...required, verifyDigest: true, mutateDigest: true }),
      tagged,
      'unpinned digest-missing',
    ],
    ['both, no attestors', 'validate', unsigned({ verifyDigest: true }), tagged, 'unpinned digest-missing'],
    ['a key that is none', 'mutate', withBadKey(), tagged, 'refuse key-invalid'],
    ['a key that is none', 'validate', withBadKey(), pinned, 'refuse key-invalid'],
    ['a key that is none, unpinned', 'validate', withBadKey(), tagged, 'refuse digest-missing'],
  ];
  test.each(cases)('%s, %s', (_, purpose, entry, image, expected) => {
    const plan = planned([questionOn(ruleOf([entry]), image)], optionsOf({ purpose }));
    expect(told(only(plan))).toBe(expected);
    const looked = /^(?:verify|resolve|unpinned)/.test(expected);
    expect(plan.targets.size).toBe(looked ? 1 : 0);
  });

  test('where the keys could not be had, an image that is not pinned is unavailable and not denied', async () => {
    const trust = slowTrust(() => Promise.reject(new Refusal('registry-unreachable', 'no keys today')));
    const plan = await planQuestions(
      [questionOn(ruleOf([signed()]), tagged)],
      optionsOf({ purpose: 'validate', trust }),
    );
    expect(told(only(plan))).toBe('refuse registry-unreachable');
  });
});

describe('attestations', () => {
  const wanted = (changes: Partial<WantedAttestation> = {}): WantedAttestation => ({
    path: 'attestations[0]',
    predicateType: 'scan',
    attestors: [setOf([keysOf(signer)])],
    ...changes,
  });
  const bad = wanted({ path: 'attestations[1]', attestors: [setOf([keysOf(signer, { publicKeys: ['no key'] })])] });
  const lax = { verifyDigest: false, mutateDigest: false };

  test.each<[string, Purpose, Entry, string, string]>([
    ['beside attestors', 'mutate', signed({ attestations: [wanted()] }), tagged, 'verify'],
    ['without attestors', 'mutate', unsigned({ ...lax, attestations: [wanted()] }), tagged, 'verify'],
    ['without attestors', 'validate', unsigned({ ...lax, attestations: [wanted()] }), pinned, 'verify'],
    ['not required', 'validate', unsigned({ ...lax, required: false, attestations: [wanted()] }), pinned, 'nothing'],
    ['unpinned', 'validate', unsigned({ attestations: [wanted()] }), tagged, 'unpinned digest-missing'],
    ['one by a key that is none', 'mutate', signed({ attestations: [wanted(), bad] }), tagged, 'refuse key-invalid'],
    ['beside a key that is none', 'mutate', withBadKey({ attestations: [wanted()] }), tagged, 'refuse key-invalid'],
  ])('%s, %s', (_, purpose, entry, image, expected) => {
    expect(told(only(planned([questionOn(ruleOf([entry]), image)], optionsOf({ purpose }))))).toBe(expected);
  });

  test('each has a check of its own beside that of the signatures, made once for all who ask the same', () => {
    const entry = signed({ attestations: [wanted(), wanted({ path: 'attestations[1]', predicateType: 'sbom' })] });
    const same = signed({ attestations: [wanted()] });
    const plan = planned([questionOn(ruleOf([entry, same]), tagged)]);
    const [target] = [...plan.targets.values()];
    const checks = [...(target?.checks.values() ?? [])];
    expect(checks.map(({ at, check: { wants } }) => [at, wants.what])).toEqual([
      [0, 'attestation'],
      [1, 'attestation'],
      [2, 'signature'],
    ]);
    expect(plan.questions[0]?.entries).toMatchObject([
      { check: { at: 2 }, attestations: [{ check: { at: 0 } }, { check: { at: 1 } }] },
      { check: { at: 2 }, attestations: [{ check: { at: 0 } }] },
    ]);
  });

  test('what is on its way is waited for, of the entry and of each attestation', async () => {
    const entry = signed({ attestations: [wanted()] });
    const asked: (Entry | WantedAttestation)[] = [];
    const trust: TrustSource = {
      credentials: () => ownCredentials,
      async check({ entry: one, attestation }) {
        asked.push(attestation ?? one);
        return buildCheck(one, undefined, undefined, attestation);
      },
    };
    const plan = await planQuestions([questionOn(ruleOf([entry]), tagged)], optionsOf({ trust }));
    expect(told(only(plan))).toBe('verify');
    expect(asked).toEqual([entry, entry.attestations[0]]);
  });
});

describe('targets', () => {
  test('an image is one target whichever slots and rules name it, and a check is made once', () => {
    const entry = signed();
    const first = ruleOf([entry]);
    const again = ruleOf([signed()], { name: 'again' });
    const plan = planned([questionOn(first, tagged), questionOn(first, tagged), questionOn(again, tagged)]);
    expect([...plan.targets.values()].map(({ at, checks }) => [at, checks.size])).toEqual([[0, 1]]);
    const [check] = [...plan.targets.values()].flatMap(({ checks }) => [...checks.values()]);
    expect(check?.rule).toBe(first);
    expect(plan.questions.flatMap(({ entries }) => entries)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ task: 'verify', check })),
    );
  });

  test('an entry that opts out of the cache is answered apart', () => {
    const plan = planned([questionOn(ruleOf([signed(), signed({ useCache: false })]), tagged)]);
    const checks = [...plan.targets.values()].flatMap((target) => [...target.checks.values()]);
    expect(checks.map(({ at, useCache }) => [at, useCache])).toEqual([
      [0, true],
      [1, false],
    ]);
  });

  test('where there is a digest the tag is decoration', () => {
    const rule = ruleOf([signed()]);
    const both = pinned.replace('@', ':1@');
    const digest = planned([questionOn(rule, pinned), questionOn(rule, both)]);
    expect(digest.targets.size).toBe(1);
    expect(planned([questionOn(rule, tagged), questionOn(rule, pinned)]).targets.size).toBe(2);
  });

  test('each source of credentials has a target and a hash of its own', () => {
    const mine = signed();
    const theirs = signed();
    const credentials = (entry: Entry) => (entry === theirs ? { key: 'theirs' } : ownCredentials);
    const plan = planned(
      [questionOn(ruleOf([mine, theirs]), tagged)],
      optionsOf({ trust: { ...trustOfPolicies(), credentials } }),
    );
    const targets = [...plan.targets.values()];
    expect(targets.map(({ image, credentials: { key } }) => [image, key])).toEqual([
      [tagged, ''],
      [tagged, 'theirs'],
    ]);
    const { hash } = buildCheck(mine);
    expect(targets.flatMap(({ checks }) => [...checks.values()].map((check) => check.hash))).toEqual([
      hash,
      `${hash}#theirs`,
    ]);
  });
});

describe('checks that are on their way', () => {
  const [one, other] = [signed(), signed()];
  const questions = [questionOn(ruleOf([one, other]), tagged), questionOn(ruleOf([one]), tagged)];

  test('make the same plan as checks that are known, and are asked for once', async () => {
    const trust = slowTrust(async (entry) => buildCheck(entry));
    const plan = await planQuestions(questions, optionsOf({ trust }));
    expect(trust.asked).toEqual([one, other]);
    const known = planned(questions);
    expect(plan.questions.map(({ entries }) => entries.map(told))).toEqual([['verify', 'verify'], ['verify']]);
    expect([...plan.targets.keys()]).toEqual([...known.targets.keys()]);
  });

  test('one that fails refuses its entry alone', async () => {
    const failing = (entry: Entry) =>
      entry === one ? Promise.reject(new Error('boom')) : Promise.resolve(buildCheck(entry));
    const plan = await planQuestions(questions, optionsOf({ trust: slowTrust(failing) }));
    expect(plan.questions[0]?.entries.map(told)).toEqual(['refuse internal-error', 'verify']);
  });

  test('one that never comes refuses its entry when half of the time is over', async () => {
    const waits = (entry: Entry) => (entry === one ? new Promise<never>(() => {}) : Promise.resolve(buildCheck(entry)));
    const options = { trust: slowTrust(waits), deadline: startDeadline(40, () => 0) };
    const plan = await planQuestions(questions, optionsOf(options));
    expect(plan.questions[0]?.entries.map(told)).toEqual(['refuse deadline', 'verify']);
    expect(options.deadline.signal.aborted).toBe(false);
  });

  test('where the caller left too little time, that is a denial', async () => {
    const options = {
      trust: slowTrust(() => new Promise<never>(() => {})),
      deadline: startDeadline(10, () => 0),
      shortage: { left: 1000, asked: 10_000 },
    };
    const plan = await planQuestions([questionOn(ruleOf([one]), tagged)], optionsOf(options));
    expect(told(only(plan))).toBe('refuse too-little-time');
  });
});

describe('what slots share', () => {
  const other = `registry.test/team/other:1`;
  const slots = (question: Question, count: number) => Array.from({ length: count }, () => ({ ...question }));

  test('what a rule asks of an image is worked out once, however many slots name it', () => {
    const rule = ruleOf([signed({ required: true, verifyDigest: true, mutateDigest: true })]);
    const questions = [...slots(questionOn(rule, tagged), 1000), ...slots(questionOn(rule, other), 1000)];
    for (const purpose of ['mutate', 'validate'] as const) {
      const plan = planned(questions, optionsOf({ purpose }));
      expect(plan.questions.map(({ question }) => question)).toEqual(questions);
      expect(new Set(plan.questions.map(({ entries }) => entries)).size).toBe(2);
      expect(new Set(plan.questions.map(({ image }) => image))).toEqual(new Set([tagged, other]));
    }
  });

  test('rules that share an image share what it lacks, and nothing else', () => {
    const { reference } = questionOn(ruleOf([signed()]), tagged);
    const questions = Array.from({ length: 60 }, () => ({
      ...questionOn(ruleOf([signed({ verifyDigest: true })]), tagged),
      reference,
    }));
    const { questions: plans } = planned(questions, optionsOf({ purpose: 'validate' }));
    const entries = plans.flatMap((plan) => plan.entries);
    expect(new Set(entries.map((entry) => ('refusal' in entry ? entry.refusal : undefined))).size).toBe(1);
    expect(new Set(entries.map(({ entry }) => entry)).size).toBe(60);
  });
});
