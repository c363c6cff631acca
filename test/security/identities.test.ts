import { readEvidence } from '../../shared/evidence/read.ts';
import type { KeylessAttestor } from '../../shared/policy/policy.ts';
import { loadRegExps } from '../../shared/regexp.ts';
import type { AttachedItem } from '../../shared/registry/registry.ts';
import { askOf, asSignatures, now, reasonOf } from '../fixtures/ask.ts';
import { makeImage } from '../fixtures/attached.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubClaims, githubIssuer } from '../fixtures/authority/certificate.ts';
import { flip, makeKey } from '../fixtures/authority/keys.ts';
import { type LogEntry, makeRekor1, makeRekor2, proved } from '../fixtures/authority/log.ts';
import { certificateFor, signContent } from '../fixtures/authority/signing.ts';
import { makeTimestampAuthority } from '../fixtures/authority/tsa.ts';
import { type Carrier, everyCarrier, type Signing, trustIn } from '../fixtures/carriers.ts';
import { entryOf, keylessOf, setOf } from '../fixtures/entries.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { decide, image, usual, usualRoot, workflow } from '../fixtures/twins.ts';

// The published flaws of signatures by certificates, in every way in which they come along. Each with a twin that passes.

await loadRegExps();

const hour = 3_600_000;
const minute = 60_000;
const moment = (milliseconds: number) => new Date(usual.at.getTime() + milliseconds);
const start = usual.ca.root.notBefore;
const signed = (carrier: Carrier, signing: Signing = {}) => reasonOf(decide(carrier, { signing }));
const by =
  (changes: Partial<KeylessAttestor>) =>
  (carrier: Carrier, signing: Signing = {}) =>
    reasonOf(decide(carrier, { ...workflow(changes), signing }));
const bundles = everyCarrier.filter(({ by: how }) => how !== 'promise');
const promised = everyCarrier.filter(({ by: how }) => how !== 'proof');
const edit = (changes: (entry: LogEntry) => Partial<LogEntry>): Signing => ({
  entry: (entry) => ({ ...entry, ...changes(entry) }),
});

describe('B1 CVE-2026-22703, CVE-2024-51746, CVE-2024-53267: a log entry about something else, of a certificate', () => {
  test.each(everyCarrier)('$name', (carrier) => {
    const signer = makeSigner();
    const another = certificateFor(usual, signer).der;
    const stolen = signContent(usual, { message: Buffer.from('another artifact') });
    for (const recorded of [
      { message: Buffer.from('another artifact') },
      { signature: stolen.signature },
      { message: Buffer.from('another artifact'), signature: stolen.signature },
      { verifier: { certificate: another } },
      { verifier: { publicKey: makeSigner().der } },
      { verifier: { certificate: stolen.certificate?.der ?? another } },
    ]) {
      expect(signed(carrier, { signer, recorded })).toBe('log-entry-mismatch');
    }
    expect(signed(carrier, { signer })).toBe('pass');
  });
});

describe('B2 CVE-2026-31830, and A8: a signature of another image', () => {
  test.each(everyCarrier)('$name', (carrier) => {
    const item = carrier.item(usual, makeImage('other'));
    const outcome = decide({ ...carrier, item: () => item });
    expect(reasonOf(outcome)).toBe(carrier.format === 'message' ? 'signature-mismatch' : 'other-image');
    expect(signed(carrier)).toBe('pass');
  });
});

describe('B3 CVE-2026-48816, CVE-2024-55655: a time that nobody signed', () => {
  test.each(promised)('$name: an edited time under a promise', (carrier) => {
    const late = { at: moment(hour) };
    const backdated = edit(({ integratedTime = 0 }) => ({ integratedTime: integratedTime - hour / 1000 }));
    expect(signed(carrier, { ...late, ...backdated, stamps: [] })).toBe('log-entry-mismatch');
    expect(signed(carrier, { ...late, stamps: [] })).toBe('certificate-expired');
    expect(signed(carrier, { stamps: [] })).toBe('pass');
  });

  test.each(bundles)('$name: the time beside a proof', (carrier) => {
    const timed = edit(({ promise: _, ...entry }) => ({
      ...entry,
      integratedTime: Math.floor(usual.at.getTime() / 1000) + 60,
    }));
    const unpromised = { ...timed, stamps: [] };
    // A proof covers the entry, and no time: nothing tells when, and now the certificate has expired.
    const proofAlone: Carrier = {
      ...carrier,
      item: (authority, of, signing = {}) =>
        carrier.item(authority, of, { ...signing, entry: (entry) => proved(signing.entry?.(entry) ?? entry) }),
    };
    if (carrier.by === 'proof') {
      expect(signed(proofAlone, unpromised)).toBe('certificate-expired');
      expect(signed(proofAlone, timed)).toBe('pass');
    }
  });

  test.each(everyCarrier)('$name: where the log is ignored its time is as well', (carrier) => {
    const ignoring = by({ rekor: { ignoreTlog: true } });
    expect(ignoring(carrier, { stamps: [] })).toBe('certificate-expired');
    expect(ignoring(carrier, { stamps: [{}] })).toBe('pass');
    expect(ignoring(carrier, { ...edit(() => ({ integratedTime: now / 1000 })), stamps: [] })).toBe(
      'certificate-expired',
    );
  });
});

describe('B6 CVE-2025-29778: identity patterns are ignored', () => {
  test.each(everyCarrier)('$name', (carrier) => {
    for (const wrong of [
      { subject: 'https://github.com/acme/other/*' },
      { issuer: 'https://accounts.test' },
      { additionalExtensions: { githubWorkflowRef: 'refs/tags/*' } },
      { issuer: '', subject: '*' },
      { issuer: '*', subject: '' },
      { issuerRegExp: '^https://accounts\\.test$' },
      { subjectRegExp: '^https://github\\.com/acme/other/' },
    ]) {
      expect(by(wrong)(carrier)).toMatch(/^(?:subject|issuer|extension)-mismatch$/);
    }
    expect(by({ additionalExtensions: { githubWorkflowRef: 'refs/heads/main' } })(carrier)).toBe('pass');
    expect(by({ issuerRegExp: 'githubusercontent', subjectRegExp: '^https://github\\.com/' })(carrier)).toBe('pass');
  });
});

describe('B7: an identity is an unanchored regular expression', () => {
  test.each(everyCarrier)('$name', (carrier) => {
    const wanting = by({ subject: 'a@x.com', issuer: githubIssuer });
    for (const email of [
      'ba@x.com',
      'a@x.com.evil',
      'a@xycom',
      'a@x.com\0.evil',
      'a@x.com\n',
      'A@x.com',
      'ba@x.com.evil',
    ]) {
      expect(wanting(carrier, { certificate: { names: [{ email }] } })).toBe('subject-mismatch');
    }
    expect(wanting(carrier, { certificate: { names: [{ email: 'a@x.com' }] } })).toBe('pass');
    const claims = githubClaims({ issuer: `${githubIssuer}.evil` });
    expect(wanting(carrier, { certificate: { names: [{ email: 'a@x.com' }], claims } })).toBe('issuer-mismatch');
  });
});

describe('B8 CVE-2026-49834: one signer, one log or one time stamp counted several times', () => {
  const two = (...subjects: readonly string[]) =>
    entryOf([
      setOf(
        subjects.map((subject) => keylessOf({ issuer: githubIssuer, subject })),
        2,
      ),
    ]);
  const asked = (entry: ReturnType<typeof two>, items: readonly AttachedItem[]) =>
    reasonOf(askOf(asSignatures(readEvidence(items, () => true)), entry, image, { root: usualRoot }));

  test.each(everyCarrier)('$name: whoever signs twice, or has two names', (carrier) => {
    const item = (...names: readonly string[]) =>
      carrier.item(usual, image, { certificate: { names: names.map((email) => ({ email })) } });
    expect(asked(two('a@x.com', '*@x.com'), [item('a@x.com'), item('a@x.com')])).toBe('too-few-attestors');
    expect(asked(two('a@x.com', 'b@x.com'), [item('a@x.com', 'b@x.com')])).toBe('too-few-attestors');
    expect(asked(two('a@x.com', 'b@x.com'), [item('a@x.com'), item('b@x.com')])).toBe('pass');
  });

  test.each(bundles)('$name: one entry written twice', (carrier) => {
    const log = usual[carrier.log];
    const [entry] = signContent(usual, { message: image.bytes }, { logs: [log] }).entries;
    if (entry === undefined) throw new Error('no entry');
    const copying: Signing = { logs: [log, { ...log, record: () => last ?? entry }] };
    let last: LogEntry | undefined;
    const keeping: Signing = { ...copying, entry: (one) => (last ??= one) };
    expect(signed(carrier, keeping)).toBe('log-entry-mismatch');
    expect(signed(carrier)).toBe('pass');
  });
});

describe('B9 CVE-2026-24122: an expired intermediate is accepted without the log', () => {
  const until = (notAfter: Date) => ({ notBefore: start, notAfter });
  const judged = (carrier: Carrier, ca: object, notAfter: Date) => {
    const authority = makeAuthority({ ca });
    const root = trustIn(authority, { timestampAuthorities: [] });
    const certificate = { notBefore: new Date(now - 2 * hour), notAfter };
    const question = { authority, root, signing: { certificate }, ...workflow({ rekor: { ignoreTlog: true } }) };
    return reasonOf(decide(carrier, question));
  };
  const past = new Date(now - hour);
  const future = new Date(now + hour);

  test.each(everyCarrier)('$name', (carrier) => {
    expect(judged(carrier, { intermediateValidity: until(past) }, future)).toBe('certificate-expired');
    expect(judged(carrier, { notAfter: past, intermediateValidity: until(future) }, future)).toBe(
      'certificate-expired',
    );
    expect(judged(carrier, {}, past)).toBe('certificate-expired');
    expect(judged(carrier, { intermediateValidity: until(future) }, future)).toBe('pass');
  });
});

describe('B10 CVE-2026-54787, CVE-2026-39984: validity windows of keys and of time stamping certificates', () => {
  const early = { start, end: moment(0) };
  const late = { start: moment(2 * minute) };
  const timely = { start, end: moment(minute) };

  test.each(everyCarrier)(
    '$name: a CA, a log, a certificate log or a time-stamp authority that is not trusted at the time',
    (carrier) => {
      const log = usual[carrier.log];
      const { ca, certificateLog, timestampAuthority } = usual;
      const under = (parts: Parameters<typeof trustIn>[1]) =>
        reasonOf(decide(carrier, { root: trustIn(usual, parts) }));
      for (const validFor of [early, late]) {
        expect(under({ authorities: [{ chain: ca.chain, validFor }] })).toBe('certificate-expired');
        expect(under({ logs: [{ log, validFor }] })).toBe('log-entry-mismatch');
      }
      expect(under({ certificateLogs: [{ log: certificateLog, validFor: late }] })).toBe('certificate-unlogged');
      if (carrier.by === 'proof') {
        const stampers = (validFor: typeof late) =>
          under({ timestampAuthorities: [{ chain: timestampAuthority.chain, validFor }] });
        expect([stampers(early), stampers(late), stampers(timely)]).toEqual([
          'timestamp-mismatch',
          'timestamp-mismatch',
          'pass',
        ]);
      }
      const all = {
        authorities: [{ chain: ca.chain, validFor: timely }],
        logs: [{ log, validFor: timely }],
        certificateLogs: [{ log: certificateLog, validFor: timely }],
        timestampAuthorities: [{ chain: timestampAuthority.chain, validFor: timely }],
      };
      expect(under(all)).toBe('pass');
    },
  );

  const timed = everyCarrier.filter(({ by: how }) => how === 'proof');
  test.each(timed)(
    '$name: the certificate by which a time stamp is checked is the one that its authority issued',
    (carrier) => {
      const { notBefore, notAfter } = usual.ca.root;
      const own = makeTimestampAuthority({ notBefore, notAfter });
      const forger = makeTimestampAuthority({ notBefore, notAfter });
      const root = trustIn(usual, { timestampAuthorities: [{ chain: [own.root], validFor: { start } }] });
      const judged = (stamp: NonNullable<Signing['stamps']>[number]) =>
        reasonOf(decide(carrier, { root, signing: { stamps: [stamp] } }));
      // The forger's token carries the authority's certificate beside its own, and names either.
      const certificates = [own.leaf, forger.leaf, forger.root];
      expect(judged({ by: forger, certificates })).toBe('timestamp-mismatch');
      expect(judged({ by: own, certificates, key: forger.key })).toBe('timestamp-mismatch');
      expect(judged({ by: own, certificates: certificates.toReversed() })).toBe('pass');
    },
  );
});

describe('B11 CVE-2024-54140, CVE-2023-47122: a checkpoint is unchecked, or the key of the log comes from the log', () => {
  test.each(bundles)('$name', (carrier) => {
    const key = makeKey(carrier.log === 'rekor2' ? 'ed25519' : 'p256');
    for (const checkpoint of [
      { key },
      { signature: (bytes: Buffer) => flip(bytes) },
      { root: Buffer.alloc(32) },
      { size: 1 },
    ]) {
      expect(signed(carrier, { record: { checkpoint } })).toBe('log-entry-mismatch');
    }
    const { host } = usual[carrier.log];
    const posing = carrier.log === 'rekor2' ? makeRekor2({ host }) : makeRekor1({ host });
    expect(signed(carrier, { logs: [posing] })).toBe('log-entry-mismatch');
    expect(signed(carrier, { record: { key, logId: usual[carrier.log].logId } })).toBe('log-entry-mismatch');
    expect(signed(carrier)).toBe('pass');
  });
});

describe('B12 Kyverno #17125: who asks for nothing in particular loses the check of the certificate log', () => {
  test.each(everyCarrier)('$name', (carrier) => {
    const unlogged: Signing = { certificate: { logs: [] } };
    expect(signed(carrier, unlogged)).toBe('certificate-unlogged');
    expect(signed(carrier)).toBe('pass');
    const ignoring = by({ ctlog: { ignoreSCT: true } });
    expect(ignoring(carrier, unlogged)).toBe('pass');
  });
});
