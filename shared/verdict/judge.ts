import { formatReference, type ImageReference } from '../image/reference.ts';
import type { Signer } from '../ledger/verification.ts';
import type { Entry } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { type Purpose, taskOf } from '../policy/task.ts';
import { Refusal } from '../reasons.ts';
import type { Checks } from '../trust/checks.ts';
import { answerTo, type Inquiry } from './inquiry.ts';
import { combine, type EntryVerdict, kindOf, settledVerdict, type Verdict } from './verdict.ts';

/**
 * The verdict on a question, from what was found out about its image; `undefined` where the purpose asks nothing of it.
 * `inquiry` is undefined where nothing had to be looked at.
 */
export function judge(
  question: Question,
  inquiry: Inquiry | undefined,
  purpose: Purpose,
  checks: Checks,
): Verdict | undefined {
  const { reference, ask } = question;
  if (ask === 'unchanged') return settledVerdict(question, 'unchanged', 'the image is as it was before the update');
  if (ask === 'skipped') return settledVerdict(question, 'image-skipped', 'covered by skipImageReferences');
  if (reference === undefined) {
    const problem = question.problem ?? new Refusal('internal-error', 'an image without a reference');
    return settledVerdict(question, problem.code, problem.message);
  }
  const verdicts: EntryVerdict[] = [];
  for (const entry of question.entries) {
    const verdict = judgeEntry(entry, reference, inquiry, purpose, checks);
    if (verdict !== undefined) verdicts.push(verdict);
  }
  const [first, ...rest] = verdicts;
  if (first === undefined) return undefined;
  const { requests, ms, source } = inquiry ?? { requests: 0, ms: 0, source: 'none' as const };
  return combine(question, [first, ...rest], inquiry?.digest ?? reference.digest, { requests, ms, source });
}

function judgeEntry(
  entry: Entry,
  reference: ImageReference,
  inquiry: Inquiry | undefined,
  purpose: Purpose,
  checks: Checks,
): EntryVerdict | undefined {
  const task = taskOf(entry, reference, purpose);
  if (task === undefined) return undefined;
  if (task === 'no-attestors') return settled(entry, task, 'required is set and the entry has no attestors');
  if (task === 'verify' || task === 'resolve') return judgeImage(entry, inquiry, checks);
  const looked = task === 'unpinned' ? judgeImage(entry, inquiry, checks) : undefined;
  if (looked !== undefined && kindOf(looked.code) === 'unavailable') return looked;
  return settled(entry, 'digest-missing', `${formatReference(reference)} has no digest, and verifyDigest asks for one`);
}

/** By its attestors where the entry has any, else by its digest alone. */
function judgeImage(entry: Entry, inquiry: Inquiry | undefined, checks: Checks): EntryVerdict {
  const check = entry.attestors.length > 0 ? checks(entry) : undefined;
  if (check instanceof Refusal) return settled(entry, check.code, check.message);
  if (inquiry === undefined) return settled(entry, 'internal-error', 'the image was not looked at');
  if (inquiry.refusal !== undefined) return settled(entry, inquiry.refusal.code, inquiry.refusal.message);
  if (check === undefined) return settled(entry, 'digest-resolved', `the digest is ${inquiry.digest}`);

  const answer = answerTo(inquiry, check, entry);
  if (answer === undefined) return settled(entry, 'internal-error', 'the image was not looked at');
  if (answer.from === 'ledger') {
    const { signers } = answer.verification;
    return { entry, code: 'verified', message: verifiedBy(signers), signers, attestors: [] };
  }
  const { outcome } = answer;
  const { attestors } = outcome;
  if (!outcome.pass) return { entry, code: outcome.code, message: outcome.message, signers: [], attestors };
  return { entry, code: 'verified', message: verifiedBy(outcome.signers), signers: outcome.signers, attestors };
}

function settled(entry: Entry, code: EntryVerdict['code'], message: string): EntryVerdict {
  return { entry, code, message, signers: [], attestors: [] };
}

/** A key is told by 16 digits of its hash, as elsewhere; what is no hash of a key, a person's identity, is told whole. */
export function verifiedBy(signers: readonly Pick<Signer, 'attestor' | 'identity'>[]): string {
  const shown = (identity: string) => identity.replace(/^(sha256:[0-9a-f]{16})[0-9a-f]{48}$/, '$1');
  return `verified: ${signers.map(({ attestor, identity }) => `${attestor} by ${shown(identity)}`).join(', ')}`;
}
