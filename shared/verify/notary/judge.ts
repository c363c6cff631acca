import { type Repository, repositoryName } from '../../image/repository.ts';
import { quoted } from '../../printable.ts';
import type { RevocationView } from '../../revocation/revocation.ts';
import type { NotaryAnchor, TrustedStatement } from '../../trust/notary/anchor.ts';
import type { AnchorJudge, Examination } from '../anchor-judge.ts';
import type { Signature } from '../signature.ts';
import { triedText } from '../tried.ts';
import { profileObjection, wildcardObjection } from './aws-signer.ts';
import { remember } from './familiar.ts';
import { subjectObjection } from './identities.ts';
import { imageObjection } from './image.ts';
import { type Intact, integrityOf } from './integrity.ts';
import { Leniency } from './leniency.ts';
import { type NotaryObjection, notaryProgress, objection } from './objection.ts';
import { type Extension, extensionOf } from './plugin.ts';
import { answerObjection, answersOf, questionsOf } from './revocation.ts';
import { signerOf } from './signer.ts';
import { statementFor, titleOf } from './statement.ts';
import { expiryObjection, timeOf } from './times.ts';
import { chainObjection, issuanceObjection } from './trusted.ts';

type Passed = Extract<Examination, { readonly pass: true }>;

const longestName = 100;

/** A signature counts that meets what the trust policy for the image's repository asks. */
export const notaryJudge: AnchorJudge<NotaryAnchor> = {
  identity: () => undefined,
  waiver(anchor, repository) {
    const statement = statementFor(anchor, repository);
    if (statement?.levels !== 'skip') return undefined;
    return `${titleOf(statement)} asks for no signature (skip)`;
  },
  refusal: (anchor, repository) => (statementFor(anchor, repository) === undefined ? unsaid(repository) : undefined),
  examine(signature, anchor, now, revocation) {
    const found = examined(signature, anchor, now, revocation);
    if (!('reason' in found)) return found;
    const { reason, isUndecided = false } = found;
    return { pass: false, ...found, progress: notaryProgress[isUndecided ? 'revocation-unavailable' : reason] };
  },
  denial: (_anchor, { message }, tried) => `a signature ${message} (${triedText(tried)})`,
};

function examined(
  signature: Signature,
  anchor: NotaryAnchor,
  now: number,
  revocation: RevocationView,
): Passed | NotaryObjection {
  const statement = statementFor(anchor, signature.repository);
  if (statement?.levels === 'skip') {
    const told = `${titleOf(statement)} verifies nothing (skip), so nobody vouches for what is attested`;
    return objection('trust-policy-missing', told);
  }
  if (statement === undefined) return unsaid(signature.repository);
  const { levels } = statement;

  // What no level lets pass: the signature itself, what it is about, and what it asks for beyond the specification.
  const intact = integrityOf(signature, statement);
  if ('reason' in intact) return intact;
  const other = imageObjection(signature, intact, anchor.annotations);
  if (other !== undefined) return other;
  const extension = extensionOf(intact.signed.attributes);
  if ('reason' in extension) return extension;
  const wildcard = extension.by === 'aws-signer' ? wildcardObjection(statement) : undefined;
  if (wildcard !== undefined) return wildcard;

  const leniency = new Leniency(statement);
  const foreign = chainObjection(intact, statement);
  const untrusted = leniency.weigh(levels.authenticity, foreign) ?? issuanceObjection(intact);
  if (untrusted !== undefined) return untrusted;
  if (foreign === undefined) {
    remember(statement, intact.chain);
    const stranger = leniency.weigh(levels.authenticity, identityObjection(intact, extension, statement));
    if (stranger !== undefined) return stranger;
  }
  const expired = leniency.weigh(levels.expiry, expiryObjection(intact, now));
  if (expired !== undefined) return expired;
  const time = timeOf(signature, intact, statement, now);
  const untimely = leniency.weigh(levels.authenticTimestamp, 'reason' in time ? time : undefined);
  if (untimely !== undefined) return untimely;

  const { until, stamper } = 'reason' in time ? { until: undefined, stamper: undefined } : time;
  const answers = answersOf(
    questionsOf(intact, extension, stamper, statement, levels, foreign === undefined),
    revocation,
  );
  if ('reason' in answers) return answers;
  for (const answer of answers) {
    const revoked = leniency.weigh(answer.action, answerObjection(answer));
    if (revoked !== undefined) return revoked;
  }
  const ends = [until, endOf(intact, now), ...answers.map(({ answer }) => answer.until)].filter(
    (end) => end !== undefined,
  );
  return {
    pass: true,
    ...signerOf(intact, extension),
    validUntil: ends.length === 0 ? undefined : Math.min(...ends),
    notes: leniency.notes,
    message: `a signature meets ${titleOf(statement)}`,
  };
}

function unsaid(repository: Repository): NotaryObjection {
  const name = quoted(repositoryName(repository), longestName);
  return objection('trust-policy-missing', `no statement of the trust policy is about ${name}`);
}

function identityObjection(
  intact: Intact,
  extension: Extension,
  statement: TrustedStatement,
): NotaryObjection | undefined {
  return extension.by === 'aws-signer' ? profileObjection(extension, statement) : subjectObjection(intact, statement);
}

/** When the signature itself ends, if that is to come. */
function endOf({ signed }: Intact, now: number): number | undefined {
  const { expiry } = signed.attributes;
  return expiry !== undefined && now < expiry ? expiry : undefined;
}
