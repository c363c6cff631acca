import type { Clock } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';
import type { Spending } from '../net/spending.ts';
import { Refusal } from '../reasons.ts';
import type { RevocationAnswer, SignerQuestion } from '../revocation/revocation.ts';
import { type AwsFailure, awsFailure, nameOf } from './failure.ts';
import { regionName } from './region.ts';
import type { GetRevocationStatus } from './signer-client.ts';

export interface SignerOptions {
  /** The client for a region. Its code may be loaded when it is first asked for. */
  clientFor(region: string): Promise<GetRevocationStatus>;
  readonly clock: Clock;
}

/** The one platform of AWS Signer that signs images. */
const platformId = 'Notation-OCI-SHA384-ECDSA';
/** Partition, region, account and name with version. */
const profileVersion = /^arn:aws(?:-cn|-us-gov|-eusc)?:signer:([^:]+):\d{12}:\/signing-profiles\/[^/]+\/[^/]+$/i;

/** Milliseconds for which an answer is believed, */
const knownMs = 15 * 60_000;
/** and for which a region that fails is not asked again. */
const unknownMs = 10_000;
/** Regions of AWS are some forty: one of a policy's profiles is asked. */
const maxRegions = 100;
const mostNamed = 5;

/**
 * Whether AWS Signer has revoked the profile, the job or a certificate of a signature, with effect at the time of signing:
 * `signer:GetRevocationStatus` in the region of the profile. Rejects with Refusal `deadline` where the allowance ends first.
 */
export function awsSigner({ clientFor, clock }: SignerOptions) {
  const resting = new Map<string, { readonly until: number; readonly why: string }>();

  function unknown(region: string, why: string): RevocationAnswer {
    const message = `signer:GetRevocationStatus in ${region}: ${why}`;
    return { status: 'unknown', message, until: clock() + unknownMs };
  }

  return async (question: SignerQuestion, allowance: Spending): Promise<RevocationAnswer> => {
    const { profileVersionArn, jobArn, certificateHashes, signedAt } = question;
    const [, region] = profileVersion.exec(profileVersionArn) ?? [];
    if (region === undefined || !regionName.test(region))
      return unknown('no region', 'the signature names no version of a signing profile');
    const rest = resting.get(region);
    if (rest !== undefined && clock() < rest.until)
      return unknown(region, `${rest.why}; it is not asked again for now`);
    const { deadline } = allowance;
    const late = () => new Refusal('deadline', `the time ended before AWS Signer in ${region} had answered`);
    let revoked: readonly string[];
    try {
      deadline.signal.throwIfAborted();
      allowance.sent();
      const signatureTimestamp = new Date(signedAt);
      const asked = { signatureTimestamp, platformId, profileVersionArn, jobArn, certificateHashes };
      const answered = clientFor(region).then((get) => get(asked, deadline.signal));
      revoked = await inTime(answered, deadline, late);
    } catch (thrown) {
      if (thrown instanceof Refusal || deadline.remaining() === 0) throw late();
      // Not kept as its cause: an SDK error carries the response.
      const why = whyOf(thrown);
      if (resting.size >= maxRegions) resting.clear();
      if (why.region) resting.set(region, { until: clock() + unknownMs, why: why.words });
      return unknown(region, why.words);
    }
    const until = clock() + knownMs;
    if (revoked.length === 0) return { status: 'good', message: '', until };
    const named = revoked.slice(0, mostNamed).join(', ');
    return { status: 'revoked', message: `AWS Signer says that it is revoked: ${named}`, until };
  };
}

const words: Readonly<Record<AwsFailure, string>> = {
  throttled: 'AWS Signer asks to slow down',
  denied: 'access is denied: allow the action signer:GetRevocationStatus, and look at the AWS credentials',
  missing: 'AWS Signer did not answer it',
  slow: 'AWS Signer did not answer in time',
  unreachable: 'AWS Signer could not be reached',
  broken: 'the connection to AWS Signer broke',
  service: 'AWS Signer failed',
  unexpected: 'the answer was not understood',
};

/** `region`: it is no matter of this signature, and others would fail alike. */
function whyOf(thrown: unknown): { readonly words: string; readonly region: boolean } {
  const failure = awsFailure(thrown);
  const name = nameOf(thrown) ?? '';
  const told = name === '' || name === 'Error' ? '' : ` (${name.slice(0, 60)})`;
  return { words: `${words[failure]}${told}`, region: failure !== 'unexpected' && failure !== 'missing' };
}
