import { exitStatus, report, reportResult } from '../shared/answer/report.ts';
import { parseReference } from '../shared/image/reference.ts';
import { startDeadline } from '../shared/net/deadline.ts';
import type { Rule } from '../shared/policy/policy.ts';
import { type Question, questionFor } from '../shared/policy/select.ts';
import { quoted } from '../shared/printable.ts';
import { Refusal } from '../shared/reasons.ts';
import type { Verdict } from '../shared/verdict/verdict.ts';
import { atLeastOne, readArguments, single } from './arguments.ts';
import { coreFrom, coreOptions, outputFrom, timeoutFrom } from './core.ts';
import { notCovered, nothingAsked } from './not-asked.ts';
import { policiesFrom, policyFrom } from './policies.ts';
import { progress } from './progress.ts';
import { shortRun } from './short-run.ts';
import { treeOf } from './tree.ts';
import { policyOfTrust, trustPolicyFrom, trustPolicyOption } from './trust-policy.ts';
import { trustRootFrom } from './trust-root.ts';

const form = 'countersign verify --policy FILE... --image REF...';
const either = '--policy FILE, or --trust-policy DIR,';

/** Images that are looked at side by side. */
const batch = 16;

/**
 * `countersign verify --policy FILE... --image REF...`: one result per image and rule, whatever the rules match. Without a policy the trust
 * policies of `--trust-policy` decide alone.
 */
export async function verifyImages(words: readonly string[]): Promise<number> {
  const found = readArguments(words, {
    single: [...coreOptions.single, trustPolicyOption],
    several: [...coreOptions.several, 'policy', 'image'],
    bare: { instead: `write ${form}` },
    elsewhere: {
      policies: `write ${form}`,
      resource: 'verify is about images; for resources: countersign apply POLICY... --resource FILE...',
    },
  });
  const output = outputFrom(found, ['json']);
  const timeout = timeoutFrom(found);
  const images = atLeastOne(found, 'image', '--image REF');
  const roots = await trustRootFrom(found);
  const options = {
    // Whoever names the images has chosen their registries.
    openHosts: 'allow',
    registries: [],
    trust: roots,
    ...trustPolicyFrom(found),
  } as const;
  const trustPolicy = single(found, trustPolicyOption, undefined);
  const { rules } =
    trustPolicy === undefined || found.has('policy')
      ? await policiesFrom(atLeastOne(found, 'policy', either), options)
      : await policyFrom(policyOfTrust(trustPolicy), options);
  const written = rules.filter((rule) => rule.autogenOf === undefined);

  const core = await coreFrom(found, { roots });
  using _ = shortRun();
  const verdicts: Verdict[] = [];
  const bar = progress(images.length);
  try {
    for (let index = 0; index < images.length; index += batch) {
      const some = images.slice(index, index + batch);
      const deadline = startDeadline(timeout, core.elapsed);
      const asked = some.flatMap((image) => written.map((rule) => questionOn(rule, image)));
      const questions = asked.filter((one): one is Question => 'ask' in one);
      const answers = await core.pipeline.answer(questions, { purpose: 'verify', deadline });
      deadline.stop();
      // By what was asked: a question that was prepared is another object than the one that was asked.
      const byAbout = new Map(answers.map((verdict) => [verdict.question.about, verdict]));
      for (const one of asked) verdicts.push('ask' in one ? (byAbout.get(one.about) ?? nothingAsked(one)) : one);
      bar.advance(some.length);
    }
  } finally {
    bar.end();
    await core.close();
  }
  const results = verdicts.map((verdict) => reportResult(verdict));
  const whole = report(results, []);
  process.stdout.write(output === 'json' ? `${JSON.stringify(whole, null, 2)}\n` : treeOf(whole, process.stdout.isTTY));
  return exitStatus(results, false);
}

function questionOn(rule: Rule, image: string): Question | Verdict {
  const about = { kind: 'reference', text: image } as const;
  const parsed = parseReference(image);
  if ('problem' in parsed) {
    const problem = new Refusal('image-unparsable', `${quoted(image, 120)} is no image reference: ${parsed.problem}`);
    return { rule, action: rule.action, about, reference: undefined, problem, entries: rule.entries, ask: 'verify' };
  }
  const question = questionFor(rule, rule.action, about, parsed.reference);
  if (question !== undefined) return question;
  return notCovered(rule, rule.action, about, parsed.reference);
}
