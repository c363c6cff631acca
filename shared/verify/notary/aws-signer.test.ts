import { createHash } from 'node:crypto';
import { now } from '../../../test/fixtures/ask.ts';
import { makeKey } from '../../../test/fixtures/authority/keys.ts';
import { makeChain } from '../../../test/fixtures/notary/chain.ts';
import {
  byAuthority,
  decide,
  good,
  minute,
  type NotaryQuestion,
  type NotaryTwins,
  notaryEvidence,
  rootIn,
  testNotaryTwins,
  usualChain,
} from '../../../test/fixtures/notary/decide.ts';
import type { ExtendedAttribute, NotaryAttributes } from '../../evidence/notary-signature/attributes.ts';
import { type NotaryIdentity, notaryLevels } from '../../policy/notary/trust-policy.ts';
import type { RevocationQuestion } from '../../revocation/revocation.ts';
import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import { Certificate } from '../../trust/x509/certificate.ts';
import { wildcardObjection } from './aws-signer.ts';

const profile = 'arn:aws:signer:us-west-2:000000000000:/signing-profiles/Acme';
const version = `${profile}/AbCdEfGhIj`;
const job = 'arn:aws:signer:us-west-2:000000000000:/signing-jobs/0b6f1bd2-7b0c-4a3b-9b1c-5f0a1d2e3c4b';
const usual: Readonly<Record<string, string | undefined>> = {
  'io.cncf.notary.verificationPlugin': 'com.amazonaws.signer.notation.plugin',
  'com.amazonaws.signer.signingProfileVersion': version,
  'com.amazonaws.signer.signingJob': job,
};

const trusting = (...arns: string[]): readonly NotaryIdentity[] =>
  arns.map((arn) => ({ kind: 'aws-signer-profile', arn }));
const stores = [rootIn('signingAuthority')];

/** With other attributes; `undefined` leaves one out. */
function signing(
  changes: Readonly<Record<string, string | undefined>> = {},
  attributes: Partial<NotaryAttributes> = {},
) {
  const extended = Object.entries({ ...usual, ...changes }).flatMap(([name, value]): ExtendedAttribute[] =>
    value === undefined ? [] : [{ name, value, critical: true }],
  );
  return { attributes: { ...byAuthority, extended, ...attributes } };
}

function signed(
  changes: Readonly<Record<string, string | undefined>> = {},
  identities: readonly NotaryIdentity[] | 'any' = trusting(profile),
  attributes: Partial<NotaryAttributes> = {},
): NotaryQuestion {
  return { signing: signing(changes, attributes), statement: { stores, identities } };
}

const twins = (
  name: string,
  reason: NotaryTwins['reason'],
  wrong: NotaryQuestion,
  message: string,
  right: NotaryQuestion = signed(),
): NotaryTwins => ({ name, reason, wrong, right, message: new RegExp(message) });

test('the profile is who signed', () => {
  expect(decide(signed())).toMatchObject({
    pass: true,
    signers: [{ identity: `${version} (CN=builder,O=acme,ST=WA,C=US)`, issuer: 'CN=CA 1,O=acme' }],
  });
});

test.each<[string, readonly NotaryIdentity[], boolean]>([
  ['the profile', trusting(profile), true],
  ['its version', trusting(version), true],
  ['in another case', trusting(profile.toUpperCase().replace('ARN:AWS:SIGNER', 'arn:aws:signer')), true],
  ['one of several', trusting('arn:aws:signer:us-west-2:000000000000:/signing-profiles/Other', version), true],
  ['beside a subject', [{ kind: 'subject', text: '', attributes: new Map([['CN', 'x']]) }, ...trusting(profile)], true],
  ['another profile', trusting(`${profile}2`), false],
  ['another version', trusting(`${profile}/AbCdEfGhIk`), false],
  ['another account', trusting(profile.replace('000000000000', '000000000001')), false],
  ['another region', trusting(profile.replace('us-west-2', 'us-west-1')), false],
  ['another partition', trusting(profile.replace('arn:aws:', 'arn:aws-cn:')), false],
  ['another service', trusting(profile.replace(':signer:', ':s3:')), false],
  ['a job', trusting(job), false],
  ['a longer one', trusting(`${version}/x`), false],
  ['the singular that is no ARN', trusting(profile.replace('profiles', 'profile')), false],
  [
    'the subject of the certificate alone',
    [{ kind: 'subject', text: '', attributes: new Map([['CN', 'builder']]) }],
    false,
  ],
])('%s is trusted', (_, identities, passes) => {
  const outcome = decide(signed({}, identities));
  expect(outcome.pass).toBe(passes);
  if (!outcome.pass)
    expect(outcome).toMatchObject({ reason: 'identity-untrusted', message: expect.stringContaining(version) });
});

test('certificates of a rule trust everybody, which is told apart from a trust policy that does', () => {
  const statement: TrustedStatement = {
    origin: 'rule',
    name: 'certificates',
    scopes: 'every',
    levels: notaryLevels.strict,
    verifyTimestamp: 'always',
    stores: { ca: [], signingAuthority: undefined, tsa: undefined },
    identities: 'any',
  };
  const told = (origin: TrustedStatement['origin']) => wildcardObjection({ ...statement, origin })?.message;
  expect(told('rule')).toBe(
    'is by AWS Signer, and no certificate of a rule says whose signing profile counts: name it in a trust policy',
  );
  expect(told('trust policy')).toContain('the trust policy "certificates" trusts everybody');
  expect(wildcardObjection({ ...statement, identities: [] })).toBeUndefined();
});

describe('what AWS Signer signs', () => {
  const unknown = 'attribute-unknown';
  const named = (name: string, value: string | undefined) => signed({ [name]: value });
  const min = 'io.cncf.notary.verificationPluginMinVersion';
  testNotaryTwins([
    twins('trusting everybody', 'identity-untrusted', signed({}, 'any'), 'trusts everybody: name the signing profile'),
    twins(
      'without a profile',
      unknown,
      named('com.amazonaws.signer.signingProfileVersion', undefined),
      'does not name its signing profile and job',
    ),
    twins(
      'without a job',
      unknown,
      named('com.amazonaws.signer.signingJob', undefined),
      'does not name its signing profile and job',
    ),
    twins(
      'with something else',
      unknown,
      named('com.amazonaws.signer.signingProfileAlias', 'x'),
      'has the attribute "com.amazonaws.signer.signingProfileAlias", which is not understood',
    ),
    twins(
      'by another scheme',
      unknown,
      {
        ...signed({}, trusting(profile), { scheme: 'notary.x509', authenticSigningTime: undefined }),
        statement: { stores: [rootIn('ca'), ...stores], identities: trusting(profile) },
      },
      'does not say when a signing authority signed',
    ),
    twins('asking for a later plugin', unknown, named(min, '2.0.0'), 'asks for version "2.0.0"', named(min, '1.0.350')),
    twins(
      'asking for a version that is none',
      unknown,
      named(min, '1'),
      'a version of the plugin that is none',
      named(min, '1.0.0-rc.1'),
    ),
    twins(
      'under another root',
      'certificate-untrusted',
      { ...signed(), statement: { stores: [rootIn('signingAuthority', makeChain())], identities: trusting(profile) } },
      'has no certificate of a store signingAuthority of the trust policy',
    ),
  ]);

  test('at no level anything of it passes', () => {
    const audit = (question: NotaryQuestion) =>
      decide({ ...question, statement: { ...question.statement, levels: notaryLevels.audit } });
    expect(audit(signed({}, 'any'))).toMatchObject({ reason: 'identity-untrusted' });
    expect(audit(named('a', 'b'))).toMatchObject({ reason: unknown });
    expect(audit(signed({}, trusting(`${profile}2`)))).toMatchObject({
      pass: true,
      notes: [expect.stringContaining(version)],
    });
  });

  test('an attribute that is not critical has to be understood as well', () => {
    const { attributes } = signing();
    const extended = [...attributes.extended, { name: 'a', value: 'b', critical: false }];
    expect(decide({ ...signed(), signing: { attributes: { ...attributes, extended } } })).toMatchObject({
      reason: unknown,
    });
  });
});

describe('revocation', () => {
  const asks = (statement: NotaryQuestion['statement'] = {}) => {
    const asked: RevocationQuestion[] = [];
    const question = signed();
    decide({
      ...question,
      statement: { ...question.statement, ...statement },
      revocation: (one) => {
        asked.push(one);
        return undefined;
      },
    });
    return asked;
  };
  test('AWS Signer is asked beside those who issued the certificates', () => {
    const hashes = usualChain.certificates.map(({ der }) =>
      createHash('sha384').update(new Certificate(der).tbs.raw).digest('hex'),
    );
    const [signer = '', ca = '', root = ''] = hashes;
    expect(asks()).toEqual([
      expect.objectContaining({ what: 'chain', signedAt: now - 1000 }),
      {
        what: 'aws-signer',
        profileVersionArn: version,
        jobArn: job,
        signedAt: now - 1000,
        certificateHashes: [signer + ca, ca + root, root + root],
      },
    ]);
  });
  test.each([
    ['revoked', 'certificate-revoked'],
    ['too-many', 'too-many-signatures'],
  ] as const)('what AWS Signer says (%s) is told, where of the certificates nobody can say', (status, reason) => {
    const says = (ofSigner: 'good' | typeof status, ofChain: 'good' | 'unknown'): NotaryQuestion => ({
      ...signed(),
      revocation: ({ what }) => {
        return { status: what === 'chain' ? ofChain : ofSigner, message: what, until: now + minute };
      },
    });
    const message = expect.stringContaining('aws-signer');
    expect(decide(says(status, 'unknown'))).toMatchObject({ pass: false, reason, message });
    expect(decide(says('good', 'unknown'))).toMatchObject({ pass: false, reason: 'revocation-unavailable' });
    expect(decide(says('good', 'good'))).toMatchObject({ pass: true });
  });

  test('not where the level skips it', () => {
    expect(asks({ levels: { ...notaryLevels.strict, revocation: 'skip' } })).toEqual([]);
  });
  test.each([
    ['revoked', 'certificate-revoked'],
    ['unknown', 'revocation-unavailable'],
  ] as const)('%s', (status, reason) => {
    const revocation = (one: RevocationQuestion) =>
      one.what === 'aws-signer' ? { status, message: 'the job', until: now + minute } : good();
    expect(decide({ ...signed(), revocation })).toMatchObject({ pass: false, reason });
    const statement = { stores, identities: trusting(profile), levels: notaryLevels.permissive };
    expect(decide({ ...signed(), statement, revocation })).toMatchObject({ pass: true, validUntil: now + minute });
  });
});

test('two signatures for a profile are by one signer, whatever certificate AWS has meanwhile', () => {
  const root = makeChain();
  const chains = [makeChain({ under: root, key: makeKey() }), makeChain({ under: root, key: makeKey() })];
  const evidence = chains.map((chain) => notaryEvidence({ chain, ...signing() }));
  const statement = { stores: [rootIn('signingAuthority', root)], identities: trusting(profile) };
  const outcome = decide({ evidence, statement });
  expect(outcome.pass && outcome.signers).toHaveLength(1);
});
