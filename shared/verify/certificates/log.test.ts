import { makeImage, payloadOf, statementOf } from '../../../test/fixtures/attached.ts';
import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { flip, makeKey } from '../../../test/fixtures/authority/keys.ts';
import {
  type LogEntry,
  makeRekor1,
  makeRekor2,
  noteLine,
  type RecordChanges,
} from '../../../test/fixtures/authority/log.ts';
import { certificateFor } from '../../../test/fixtures/authority/signing.ts';
import { type Carrier, carriers, holdsSeveral, type Signing, trustIn } from '../../../test/fixtures/carriers.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { decide, image, type Question, type Twins, testTwins, usual, workflow } from '../../../test/fixtures/twins.ts';

const other = makeAuthority();
const otherImage = makeImage('other');
const signer = makeSigner();
const start = usual.ca.root.notBefore;
const moment = (milliseconds: number) => new Date(usual.at.getTime() + milliseconds);
const minute = 60_000;

const mismatch = (name: string, wrong: Signing, message: RegExp, on?: Twins['on'], right: Question = {}): Twins => ({
  name,
  wrong: { signing: wrong },
  right,
  reason: 'log-entry-mismatch',
  message,
  ...(on === undefined ? {} : { on }),
});
const promised: Twins['on'] = ({ by }) => by !== 'proof';
const proved: Twins['on'] = ({ by }) => by !== 'promise';
const edited = (edit: (entry: LogEntry) => Partial<LogEntry>): Signing => ({
  entry: (entry) => ({ ...entry, ...edit(entry) }),
});
const proof = (edit: (proof: NonNullable<LogEntry['proof']>) => object): Signing =>
  edited(({ proof: whole }) => (whole === undefined ? {} : { proof: { ...whole, ...edit(whole) } }));
const record = (changes: RecordChanges): Signing => ({ record: changes });
const checkpoint = (changes: RecordChanges['checkpoint'] & object): Signing => record({ checkpoint: changes });

const noPromise = /^a signature has an entry of https:\/\/\S+, and the log's promise does not verify$/;
const noCheckpoint = /and the log's checkpoint does not verify$/;
const noProof = /and the proof of inclusion does not verify$/;
const otherCertificate = /^a signature has a log entry that names another certificate$/;

describe('an entry', () => {
  testTwins([
    {
      name: 'none',
      wrong: { signing: { logs: [] } },
      reason: 'log-entry-missing',
      message: /^a signature carries no entry of the transparency log$/,
    },
    // Without a promise no log can be read of a bundle of version 0.1.
    mismatch(
      'of another log',
      { logs: [other.rekor1] },
      /^a signature carries no entry of the trust root's logs but of another$/,
      ({ log }) => log === 'rekor1',
    ),
    mismatch(
      'of another log',
      { logs: [other.rekor2] },
      /^a signature carries no entry of the trust root's logs but of another$/,
      ({ log }) => log === 'rekor2',
    ),
    // B1: of this signature and image in everything but one thing.
    mismatch(
      'of another signature',
      { recorded: { signature: Buffer.from('other') } },
      /^a signature has a log entry that names another signature$/,
    ),
    mismatch(
      'of other bytes',
      { recorded: { message: Buffer.from('other') } },
      /^a signature has a log entry that is about other bytes$/,
    ),
    mismatch(
      'of the same by another certificate',
      { recorded: { verifier: { certificate: certificateFor(usual, makeSigner()).der } } },
      otherCertificate,
    ),
    mismatch(
      'of the same by another certificate for the same key',
      { signer, recorded: { verifier: { certificate: certificateFor(usual, signer).der } } },
      otherCertificate,
    ),
    mismatch(
      'of the same by another key',
      { recorded: { verifier: { publicKey: makeSigner().der } } },
      otherCertificate,
      undefined,
      {
        signing: { signer, recorded: { verifier: { publicKey: signer.der } } },
      },
    ),
    mismatch(
      'of another kind than its body',
      edited(() => ({ kind: 'rekord' })),
      /^a signature has a log entry that does not parse$/,
      holdsSeveral,
    ),
    mismatch(
      'whose body was changed',
      edited(({ body }) => ({ body: Buffer.concat([body, Buffer.from(' ')]) })),
      /does not verify$/,
    ),
    mismatch('with neither promise nor proof', record({ logId: Buffer.alloc(32) }), /but of another$/),
    mismatch('by another key under the ID of the log', record({ key: makeKey() }), /does not verify$/),
  ]);
});

describe('a promise', () => {
  testTwins([
    mismatch(
      'of another time',
      edited(({ integratedTime = 0 }) => ({ integratedTime: integratedTime + 1 })),
      noPromise,
      promised,
    ),
    mismatch(
      'of another index',
      edited(({ logIndex }) => ({ logIndex: logIndex + 1 })),
      noPromise,
      promised,
    ),
    mismatch('that promises something else', record({ promised: { integratedTime: 1 } }), noPromise, promised),
    mismatch(
      'whose signature is wrong',
      edited(({ promise }) => (promise === undefined ? {} : { promise: flip(promise) })),
      noPromise,
      promised,
    ),
    mismatch(
      'of another log',
      edited((entry) => ({ promise: signedBy(entry) })),
      noPromise,
      promised,
    ),
  ]);

  function signedBy({ body }: LogEntry): Buffer {
    const { promise } = other.rekor1.record(JSON.parse(body.toString()), moment(minute));
    return promise ?? Buffer.alloc(0);
  }
});

describe('a proof', () => {
  const older = usual.rekor1.record({ kind: 'x', apiVersion: '0' }, usual.at).proof;
  testTwins([
    mismatch(
      'by another path',
      proof(({ path }) => ({ path: path.map((hash) => flip(hash)) })),
      noProof,
      proved,
    ),
    mismatch(
      'by a shorter path',
      proof(({ path }) => ({ path: path.slice(1) })),
      noProof,
      proved,
    ),
    mismatch(
      'by a longer path',
      proof(({ path }) => ({ path: [...path, Buffer.alloc(32)] })),
      noProof,
      proved,
    ),
    mismatch(
      'by none',
      proof(() => ({ path: [] })),
      noProof,
      proved,
    ),
    mismatch(
      'of another index',
      proof(({ index }) => ({ index: index + 1 })),
      noProof,
      proved,
    ),
    mismatch(
      'of an index outside',
      proof(({ size }) => ({ index: size })),
      noProof,
      proved,
    ),
    mismatch(
      'in another tree that the log signed',
      proof(() => ({ checkpoint: older?.checkpoint ?? '' })),
      noProof,
      (carrier) => proved(carrier) && carrier.log === 'rekor1',
    ),
    mismatch('in a tree with another root', checkpoint({ root: Buffer.alloc(32) }), noProof, proved),
    mismatch('in a tree of another size', checkpoint({ size: 1 }), noProof, proved),
    // The proof's own root and size say nothing: those that are signed count.
    {
      ...mismatch('with another root in it', checkpoint({ root: Buffer.alloc(32) }), noProof, proved),
      right: { signing: proof(() => ({ root: Buffer.alloc(32), size: 1 })) },
    },
  ]);
});

describe('a checkpoint', () => {
  const foreign = noteLine('witness.test', Buffer.alloc(4), Buffer.alloc(64));
  testTwins([
    mismatch('by another key', checkpoint({ key: makeKey() }), noCheckpoint, proved),
    mismatch('whose signature is wrong', checkpoint({ signature: (bytes) => flip(bytes) }), noCheckpoint, proved),
    mismatch('under another name', checkpoint({ name: 'other.test' }), noCheckpoint, proved),
    mismatch('of another origin', checkpoint({ origin: 'other.test' }), noCheckpoint, proved),
    // Rekor v1 signs under the name of the host that it runs on, by the one key that its ID is of; v2's ID holds its name.
    mismatch(
      'under the name of another log',
      checkpoint({ origin: 'other.test', name: 'other.test' }),
      noCheckpoint,
      ({ log }) => log === 'rekor2',
    ),
    mismatch(
      'of another origin under the name of a Pod',
      checkpoint({ origin: 'other.test - 1', name: 'rekor-server-6d5f7c9b8-x2x4q' }),
      noCheckpoint,
      (carrier) => proved(carrier) && carrier.log === 'rekor1',
      { signing: checkpoint({ origin: 'rekor-server-6d5f7c9b8-x2x4q - 1', name: 'rekor-server-6d5f7c9b8-x2x4q' }) },
    ),
    mismatch(
      'by another key under the name of a Pod',
      checkpoint({ origin: 'rekor-server-0 - 1', name: 'rekor-server-0', key: makeKey() }),
      noCheckpoint,
      (carrier) => proved(carrier) && carrier.log === 'rekor1',
      { signing: checkpoint({ origin: 'rekor-server-0 - 1', name: 'rekor-server-0' }) },
    ),
    mismatch(
      'of an origin that begins alike',
      checkpoint({ origin: 'rekor.test.evil - 1' }),
      noCheckpoint,
      (carrier) => proved(carrier) && carrier.log === 'rekor1',
    ),
    mismatch('with another hint', checkpoint({ hint: Buffer.alloc(4) }), noCheckpoint, proved),
    mismatch('of no size', checkpoint({ size: '1e1' }), noCheckpoint, proved),
    mismatch('of a size before zero', checkpoint({ size: '-1' }), noCheckpoint, proved),
    mismatch('with a root that is none', checkpoint({ root: Buffer.alloc(31) }), noCheckpoint, proved),
    mismatch(
      'changed after it was signed',
      proof(({ checkpoint: note }) => ({ checkpoint: note.replace('\n\n', '\nmore\n\n') })),
      noCheckpoint,
      proved,
    ),
    mismatch(
      'without a signature',
      proof(({ checkpoint: note }) => ({ checkpoint: `${note.split('\n\n')[0]}\n\n` })),
      noCheckpoint,
      proved,
    ),
    mismatch(
      'that is empty',
      proof(() => ({ checkpoint: 'x' })),
      noCheckpoint,
      proved,
    ),
    mismatch(
      'of a witness alone',
      proof(({ checkpoint: note }) => ({ checkpoint: `${note.split('\n\n')[0]}\n\n${foreign}` })),
      noCheckpoint,
      proved,
      {
        signing: checkpoint({ linesBefore: [foreign], linesAfter: [foreign], otherLines: ['extension'] }),
      },
    ),
  ]);
});

describe('whose log', () => {
  const at = (carrier: Carrier, window: { start: Date; end?: Date }) =>
    trustIn(usual, { logs: [{ log: usual[carrier.log], validFor: window }] });

  // B10: the key of a log that is retired can be anyone's, and an entry without a promise tells no time.
  test.each(carriers)('$name: a log that was not trusted when it signed', (carrier) => {
    for (const window of [{ start: moment(2 * minute) }, { start, end: moment(0) }]) {
      const outcome = decide(carrier, { root: at(carrier, window) });
      expect(outcome).toMatchObject({ pass: false, reason: 'log-entry-mismatch' });
    }
    expect(decide(carrier, { root: at(carrier, { start, end: moment(minute) }) }).pass).toBe(true);
  });

  test.each(carriers)('$name: a log that is listed twice, with the times of each', (carrier) => {
    const log = usual[carrier.log];
    const twice = (...windows: readonly { start: Date; end?: Date }[]) =>
      decide(carrier, { root: trustIn(usual, { logs: windows.map((validFor) => ({ log, validFor })) }) });
    const early = { start, end: moment(-minute) };
    const late = { start: moment(0) };
    expect(twice(early, late).pass).toBe(true);
    expect(twice(late, early).pass).toBe(true);
    expect(twice(early, early).pass).toBe(false);
  });

  const bundles = carriers.filter((carrier) => holdsSeveral(carrier) && carrier.log === 'rekor1');
  test.each(bundles)('$name: two trusted logs that have the same entry', (carrier) => {
    const second = makeRekor1({ host: 'second.test' });
    const root = trustIn(usual, { logs: [usual.rekor1, second].map((log) => ({ log, validFor: { start } })) });
    expect(decide(carrier, { root, signing: { logs: [usual.rekor1, second] } }).pass).toBe(true);
    expect(decide(carrier, { signing: { logs: [usual.rekor1, second] } }).pass).toBe(true);
    const copied = { logs: [usual.rekor1], entry: (entry: LogEntry) => entry };
    expect(decide(carrier, { root, signing: copied }).pass).toBe(true);
  });

  test.each(carriers.filter(({ log }) => log === 'rekor1'))('$name: the log that the policy names', (carrier) => {
    const naming = (key: string, url = 'https://rekor.test') =>
      workflow({ rekor: { ignoreTlog: false, pubkey: key, url } });
    expect(decide(carrier, naming(usual.rekor1.key.pem)).pass).toBe(true);
    expect(decide(carrier, naming(other.rekor1.key.pem))).toMatchObject({ reason: 'log-entry-mismatch' });
    expect(decide(carrier, naming(usual.rekor1.key.pem, 'https://elsewhere.test')).pass).toBe(true);
  });
});

test.each(carriers.filter(({ log }) => log === 'rekor2'))(
  '$name: a log that the policy names with a port, whatever name it signs under',
  (carrier) => {
    const baseUrl = 'https://own.test:8443';
    for (const host of ['own.test', 'own.test:8443', 'elsewhere.test']) {
      const rekor2 = makeRekor2({ host, baseUrl });
      const rekor = { ignoreTlog: false, pubkey: rekor2.key.pem, url: baseUrl };
      const decided = decide(carrier, { ...workflow({ rekor }), signing: { logs: [rekor2] } });
      expect(decided.pass).toBe(host !== 'elsewhere.test');
    }
  },
);

// A8 with certificates: a signature of X on Y.
test.each(carriers.filter(({ format }) => format !== 'message'))(
  '$name: all that proves a signature of another image',
  (carrier) => {
    const item = carrier.item(usual, otherImage);
    expect(payloadOf(image).equals(payloadOf(otherImage)) || statementOf(image).equals(statementOf(otherImage))).toBe(
      false,
    );
    expect(decide({ ...carrier, item: () => item })).toMatchObject({ pass: false, reason: 'other-image' });
    expect(decide(carrier).pass).toBe(true);
  },
);

test.each(carriers.filter(({ format }) => format === 'message'))(
  '$name: all that proves a message of another image',
  (carrier) => {
    const item = carrier.item(usual, otherImage);
    expect(decide({ ...carrier, item: () => item })).toMatchObject({ pass: false, reason: 'signature-mismatch' });
  },
);
