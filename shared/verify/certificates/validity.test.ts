import { now } from '../../../test/fixtures/ask.ts';
import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { makeKey } from '../../../test/fixtures/authority/keys.ts';
import type { LeafChanges } from '../../../test/fixtures/authority/signing.ts';
import { carriers, holdsSeveral, trustIn } from '../../../test/fixtures/carriers.ts';
import { may, rootOnly, signer, subordinate, under, validFor } from '../../../test/fixtures/subordinate.ts';
import {
  byWorkflow,
  decide,
  type Question,
  type Twins,
  testTwins,
  usual,
  workflow,
} from '../../../test/fixtures/twins.ts';

const { ca } = usual;

const hour = 3_600_000;
const since = (milliseconds: number) => new Date(usual.at.getTime() + milliseconds);
const expired = (name: string, wrong: Question, right: Question = {}, on?: Twins['on']): Twins => ({
  name,
  wrong,
  right,
  reason: 'certificate-expired',
  message:
    /^a signature was made at \S+Z(?: and \S+Z)?, when its certificate or CA was not valid \(valid from \S+ to \S+\)$/,
  ...(on === undefined ? {} : { on }),
});
/** An authority of its own, and what trusts it. */
function ofOwn(options: Parameters<typeof makeAuthority>[0], window: { start: Date; end?: Date } = validFor): Question {
  const authority = makeAuthority(options);
  return { authority, root: trustIn(authority, { authorities: [{ chain: authority.ca.chain, validFor: window }] }) };
}
const until = (notAfter: Date) => ({ notBefore: ca.root.notBefore, notAfter });

describe('when', () => {
  const bothTimes: Twins['on'] = ({ by, stamped }) => stamped && by !== 'proof';
  testTwins([
    expired('after its end', { signing: { at: since(10 * 60_000 + 1000) } }, { signing: { at: since(10 * 60_000) } }),
    expired('before its beginning', { signing: { at: since(-1000) } }, { signing: { at: since(0) } }),
    expired(
      'a time stamp after its end',
      { signing: { stamps: [{ at: since(hour) }] } },
      { signing: { stamps: [{ at: since(60_000) }] } },
      ({ stamped }) => stamped,
    ),
    expired(
      'a log that is late, and a time stamp that is not',
      { signing: { at: since(hour), stamps: [{ at: since(60_000) }] } },
      {},
      bothTimes,
    ),
    expired(
      'a second time stamp after its end',
      { signing: { stamps: [{}, { at: since(hour) }] } },
      { signing: { stamps: [{}, {}] } },
      (carrier) => carrier.stamped && holdsSeveral(carrier),
    ),
    expired(
      'an intermediate that had expired',
      ofOwn({ ca: { intermediateValidity: until(since(-hour)) } }),
      ofOwn({ ca: { intermediateValidity: until(since(hour)) } }),
    ),
    expired(
      'an intermediate that was not yet valid',
      ofOwn({ ca: { intermediateValidity: { notBefore: since(hour), notAfter: ca.root.notAfter } } }),
      ofOwn({}),
    ),
    expired(
      'a root that had expired',
      ofOwn({ ca: { notAfter: since(-hour), intermediateValidity: until(since(hour)) } }),
      ofOwn({ ca: { notAfter: since(hour) } }),
    ),
    expired(
      'an authority that is trusted from later on',
      ofOwn({}, { start: since(hour) }),
      ofOwn({}, { start: since(0) }),
    ),
    expired(
      'an authority that is trusted no more',
      ofOwn({}, { start: validFor.start, end: since(0) }),
      ofOwn({}, { start: validFor.start, end: since(hour) }),
    ),
    expired(
      'an attached intermediate that had expired',
      under(subordinate(may, undefined, { notAfter: since(-hour) })),
      under(subordinate(may, undefined, { notAfter: since(hour) })),
    ),
  ]);

  test.each(carriers)('$name: a renewed intermediate counts beside the one that had expired', (carrier) => {
    const key = makeKey();
    const old = subordinate(may, undefined, { key, notAfter: since(-hour) });
    const renewed = subordinate(may, undefined, { key });
    const chain = [old, renewed].map(({ certificate }) => certificate);
    const signing = { signer, certificate: old.issue() };
    expect(decide(carrier, { root: rootOnly, signing: { ...signing, chain } }).pass).toBe(true);
    const listed = trustIn(usual, { authorities: [{ chain: [...chain, ca.root], validFor }] });
    expect(decide(carrier, { root: listed, signing }).pass).toBe(true);
    expect(decide(carrier, { root: listed, signing: { ...signing, chain: chain.slice(0, 1) } }).pass).toBe(true);
    const alone = trustIn(usual, { authorities: [{ chain: [old.certificate, ca.root], validFor }] });
    expect(decide(carrier, { root: alone, signing })).toMatchObject({ reason: 'certificate-expired' });
    expect(decide(carrier, { root: alone, signing: { ...signing, chain } }).pass).toBe(true);
  });
});

describe('when nothing tells when', () => {
  const timeless: Question = {
    attestor: { ...byWorkflow, rekor: { ignoreTlog: true } },
    root: trustIn(usual, { timestampAuthorities: [] }),
  };
  const from = new Date(now - hour);
  const to = new Date(now + hour);
  const lasting = (changes: LeafChanges = {}): Question => ({
    ...timeless,
    signing: { certificate: { notBefore: from, notAfter: to, ...changes } },
  });
  const notNow = (name: string, wrong: Question, right = lasting()): Twins => ({
    name,
    wrong,
    right,
    reason: 'certificate-expired',
    message:
      /^a signature is by a certificate that is not valid now \(valid from \S+ to \S+\), and nothing that is trusted says that it was when it signed$/,
  });
  const authority = (options: Parameters<typeof makeAuthority>[0], window?: { start: Date; end?: Date }): Question => {
    const own = ofOwn(options, window);
    const { ca } = own.authority ?? usual;
    const root = trustIn(own.authority ?? usual, {
      timestampAuthorities: [],
      authorities: [{ chain: ca.chain, validFor: window ?? validFor }],
    });
    return { ...lasting(), ...own, root };
  };

  // B9 (CVE-2026-24122): an intermediate that has expired was accepted without the log.
  testTwins([
    notNow('an expired certificate', timeless),
    notNow('one that is not yet valid', lasting({ notBefore: to, notAfter: new Date(now + 2 * hour) })),
    notNow(
      'an intermediate that has expired',
      authority({ ca: { intermediateValidity: until(from) } }),
      authority({ ca: { intermediateValidity: until(to) } }),
    ),
    notNow(
      'a root that has expired',
      authority({ ca: { notAfter: from, intermediateValidity: until(to) } }),
      authority({ ca: { notAfter: to } }),
    ),
    notNow(
      'an authority that is trusted no more',
      authority({}, { start: validFor.start, end: from }),
      authority({}, { start: validFor.start, end: to }),
    ),
  ]);

  test.each(carriers)('$name: what passes ends with whatever ends first', (carrier) => {
    const end = (question: Question) => {
      const outcome = decide(carrier, question);
      return outcome.pass ? outcome.validUntil : outcome.message;
    };
    const long = { notBefore: from, notAfter: new Date(now + 10 * hour) };
    expect(end(lasting())).toBe(to.getTime());
    const later = { signing: { certificate: long } };
    expect(end({ ...authority({ ca: { intermediateValidity: until(to) } }), ...later })).toBe(to.getTime());
    expect(end({ ...authority({ ca: { notAfter: to, intermediateValidity: until(long.notAfter) } }), ...later })).toBe(
      to.getTime(),
    );
    expect(end({ ...authority({}, { start: validFor.start, end: to }), ...later })).toBe(to.getTime());
    const proof = { ...lasting(), attestor: byWorkflow };
    const log = usual[carrier.log];
    const listed = (window: { start: Date; end?: Date }) =>
      trustIn(usual, { timestampAuthorities: [], logs: [{ log, validFor: window }] });
    if (carrier.by === 'proof') {
      expect(end({ ...proof, ...later, root: listed({ ...validFor, end: to }) })).toBe(to.getTime());
      expect(end({ ...proof, ...later, root: listed(validFor) })).toBe(long.notAfter.getTime());
      expect(end({ ...proof, ...later, root: listed({ ...validFor, end: from }) })).toMatch(
        /a log whose key is not trusted/,
      );
    }
    expect(end({ ...lasting(), at: to.getTime() })).toBe(to.getTime());
    expect(end({ ...lasting(), at: to.getTime() + 1000 })).toMatch(/not valid now/);
  });

  test('an entry of a log that is ignored tells no time', () => {
    for (const carrier of carriers)
      expect(decide(carrier, { ...timeless, ...workflow({ rekor: { ignoreTlog: true } }) }).pass).toBe(false);
  });
});
