import type { WebhookPurpose } from '../admission/path.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { signerName } from '../ledger/verification.ts';
import { shortened } from '../printable.ts';
import type { NoReason } from '../reasons.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { imageName, oneWarning, shownName } from './message.ts';

/**
 * What one admission leaves behind: its log line, and the audit annotation of the same content. Whoever writes the object
 * chooses how many images it names: the list of results is as long as a line may be, whatever they chose.
 */
export interface AdmissionRecord {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly operation: string;
  readonly user: string;
  readonly dryRun: boolean;
  /** The purpose of the call: mutate or validate. */
  readonly step: string;
  readonly allowed: boolean;
  /** In the order of the rules, or, where some did not fit, what failed first. */
  readonly images: readonly ImageRecord[];
  /** How many results did not fit. */
  readonly imagesOmitted?: number;
  /** Hash of the policy set in force; empty where none is. */
  readonly policySet: string;
  /** Why no rule could be asked. */
  readonly refused?: NoReason;
}

export interface ImageRecord {
  readonly image: string;
  readonly policy: string;
  readonly rule: string;
  readonly result: string;
  readonly reason: string;
  /** `identity (issuer …)`; of a key its hash. */
  readonly signers: readonly string[];
  readonly source: string;
  /** What let it pass all the same, as a trust policy's level says: the first of its warnings. */
  readonly notes?: readonly string[];
  /** Of the reason `policy-exception`: their names. */
  readonly exceptions?: readonly string[];
}

/** Characters of all results: CloudWatch takes lines of 256 KB, and a function's answer of 6 MB holds them as well. */
const longest = 64 * 1024;
/** So many results fit without being counted. */
const few = 20;

/** Characters of who signed: where a level only warns of strangers they write their names themselves, in certificates of 16 KB. */
const longestSigner = 512;
const mostNotes = 4;

/** A service account's name has its namespace's in it. */
const longestUser = 512;

/** What a record says of the call itself. */
interface RecordContext extends Pick<AdmissionRecord, 'cluster' | 'allowed' | 'policySet' | 'refused'> {
  readonly purpose: WebhookPurpose;
}

/** Names are cut: their authors choose them, and a line is gathered, shipped and stored whole. */
export function recordOf(
  request: AdmissionRequest,
  verdicts: readonly Verdict[],
  context: RecordContext,
): AdmissionRecord {
  const images = imagesOf(verdicts);
  const omitted = verdicts.length - images.length;
  return {
    cluster: context.cluster,
    namespace: shownName(request.namespace),
    kind: shownName(request.kind.kind),
    name: shownName(request.name),
    operation: request.operation,
    user: shortened(request.userInfo.username, longestUser),
    dryRun: request.dryRun,
    step: context.purpose,
    allowed: context.allowed,
    images,
    ...(omitted === 0 ? {} : { imagesOmitted: omitted }),
    policySet: context.policySet,
    ...(context.refused === undefined ? {} : { refused: context.refused }),
  };
}

/** All results where they fit, else as many as fit, failures first. */
function imagesOf(verdicts: readonly Verdict[]): readonly ImageRecord[] {
  if (verdicts.length <= few) return verdicts.map(imageOf);
  const inOrder = thoseThatFit(verdicts);
  if (inOrder.length === verdicts.length) return inOrder;
  const hasFailed = ({ result }: Verdict) => result === 'fail' || result === 'error';
  return thoseThatFit([...verdicts.filter(hasFailed), ...verdicts.filter((verdict) => !hasFailed(verdict))]);
}

function thoseThatFit(verdicts: readonly Verdict[]): readonly ImageRecord[] {
  const images: ImageRecord[] = [];
  let left = longest;
  for (const verdict of verdicts) {
    const image = imageOf(verdict);
    left -= JSON.stringify(image).length + 1;
    if (left < 0) break;
    images.push(image);
  }
  return images;
}

function imageOf(verdict: Verdict): ImageRecord {
  const { exceptions } = verdict.question;
  const { notes } = verdict;
  return {
    image: imageName(verdict),
    policy: verdict.question.rule.policy,
    rule: verdict.question.rule.name,
    result: verdict.result,
    reason: verdict.reason,
    signers: verdict.signers.map((signer) => shortened(signerName(signer), longestSigner)),
    source: verdict.effort.source,
    ...(notes === undefined ? {} : { notes: notes.slice(0, mostNotes).map(oneWarning) }),
    ...(exceptions === undefined ? {} : { exceptions }),
  };
}
