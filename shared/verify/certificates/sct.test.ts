import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import type { SctChanges } from '../../../test/fixtures/authority/ct.ts';
import { flip, makeKey } from '../../../test/fixtures/authority/keys.ts';
import type { LeafChanges } from '../../../test/fixtures/authority/signing.ts';
import { carriers, trustIn } from '../../../test/fixtures/carriers.ts';
import {
  decide,
  type Question,
  type Twins,
  testTwins,
  usual,
  usualRoot,
  workflow,
} from '../../../test/fixtures/twins.ts';

const other = makeAuthority();
const { certificateLog: log } = usual;
const start = usual.ca.root.notBefore;
const logged = (logs: NonNullable<LeafChanges['logs']>): Question => ({ signing: { certificate: { logs } } });
const sct = (changes: SctChanges): Question => logged([{ log, changes }]);
const minute = 60_000;
const moment = (milliseconds: number) => new Date(usual.at.getTime() + milliseconds);
const windowed = (window: { start: Date; end?: Date }, question: Question = {}): Question => ({
  ...question,
  root: trustIn(usual, { certificateLogs: [{ log, validFor: window }] }),
});

const twins = (name: string, wrong: Question, right: Question, problem: string): Twins => ({
  name,
  wrong,
  right,
  reason: 'certificate-unlogged',
  message: new RegExp(
    `^a signature is by a certificate without a good time stamp of a certificate log \\(SCT\\): ${problem}$`,
  ),
});

testTwins([
  twins('none', logged([]), {}, 'none is in it'),
  twins(
    'of another log',
    logged([other.certificateLog]),
    logged([other.certificateLog, log]),
    'those in it are of unknown logs',
  ),
  twins('by another key', sct({ key: makeKey() }), sct({}), 'one does not verify'),
  twins('whose signature is wrong', sct({ signature: (bytes) => flip(bytes) }), {}, 'one does not verify'),
  twins('of another certificate', sct({ tbs: Buffer.from('other') }), {}, 'one does not verify'),
  twins('for another issuer', sct({ issuer: makeKey().spki }), {}, 'one does not verify'),
  twins(
    'a good one beside one that does not verify',
    logged([log, { log, changes: { key: makeKey() } }]),
    logged([log, log]),
    'one does not verify',
  ),
  twins(
    'before its log was trusted',
    windowed({ start }, sct({ at: new Date(start.getTime() - 1) })),
    windowed({ start }, sct({ at: start })),
    'one does not verify',
  ),
  twins(
    'after its log was trusted',
    windowed({ start, end: moment(0) }, sct({ at: moment(1) })),
    windowed({ start, end: moment(0) }, sct({ at: moment(0) })),
    'one does not verify',
  ),
  twins('of another version', sct({ version: 1 }), {}, 'those in it do not parse'),
  twins('by SHA-512', sct({ hash: 'sha512' }), {}, 'those in it do not parse'),
  twins(
    'with another extension than was signed',
    extended('extension'),
    sct({ extensions: Buffer.from('ext') }),
    'one does not verify',
  ),
  twins(
    'under the ID of the log by a key of another',
    logged([{ log: other.certificateLog, changes: { keyId: log.keyId } }]),
    {},
    'one does not verify',
  ),
  twins(
    "of the log that the policy names: another's",
    {
      ...workflow({ ctlog: { ignoreSCT: false, pubkey: other.certificateLog.key.pem } }),
    },
    workflow({ ctlog: { ignoreSCT: false, pubkey: log.key.pem } }),
    'those in it are of unknown logs',
  ),
]);

/** The extension that it has is not the one that its log signed. */
function extended(what: string): Question {
  const signed = Buffer.from(what);
  const record: typeof log.record = (tbs, issuer, at) => {
    const sctBytes = log.record(tbs, issuer, at, { extensions: signed });
    // Version, ID, time and the size stand before it.
    return flip(sctBytes, 1 + 32 + 8 + 2);
  };
  return logged([{ ...log, record }]);
}

test.each(carriers)('$name: where logs are ignored, and only there, none is needed', (carrier) => {
  const ignoring = workflow({ ctlog: { ignoreSCT: true } });
  for (const bad of [logged([]), sct({ key: makeKey() }), sct({ version: 9 })]) {
    expect(decide(carrier, { ...bad, ...ignoring }).pass).toBe(true);
    expect(decide(carrier, bad).pass).toBe(false);
  }
});

test.each(['p384', 'rsa'] as const)('a log with a key of kind %s', (type) => {
  const authority = makeAuthority({ certificateLog: type });
  const root = trustIn(authority);
  const changes = type === 'p384' ? { hash: 'sha256' as const } : {};
  const certificate = { logs: [{ log: authority.certificateLog, changes }] };
  for (const carrier of carriers) {
    expect(decide(carrier, { authority, root, signing: { certificate } }).pass).toBe(true);
    expect(decide(carrier, { authority, root, signing: { certificate: { logs: [] } } }).pass).toBe(false);
  }
});

test.each(carriers)('$name: a log whose key is listed twice, each with its time', (carrier) => {
  const parts = (ends: readonly Date[]) =>
    ends.map((end, index) => ({ log, validFor: { start: index === 0 ? start : moment(-minute), end } }));
  const root = (...ends: readonly Date[]) => trustIn(usual, { certificateLogs: parts(ends) });
  expect(decide(carrier, { root: root(moment(-minute), moment(minute)) }).pass).toBe(true);
  expect(decide(carrier, { root: root(moment(-minute)) }).pass).toBe(false);
  expect(decide(carrier, { root: usualRoot }).pass).toBe(true);
});
