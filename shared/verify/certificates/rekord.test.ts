import type { LogEntry } from '../../../test/fixtures/authority/log.ts';
import { certificateFor } from '../../../test/fixtures/authority/signing.ts';
import { carriers, type Signing } from '../../../test/fixtures/carriers.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { type Twins, testTwins, usual } from '../../../test/fixtures/twins.ts';

const edited = (edit: (entry: LogEntry) => Partial<LogEntry>): Signing => ({
  entry: (entry) => ({ ...entry, ...edit(entry) }),
});
const otherCertificate = /^a signature has a log entry that names another certificate$/;

// What cosign had logged before 1.3.
describe('an entry of rekord', () => {
  const rekord: Signing = { kind: 'rekord 0.0.1' };
  const wrong = (name: string, signing: Signing, message: RegExp): Twins => ({
    name,
    wrong: { signing: { ...rekord, ...signing } },
    right: { signing: rekord },
    reason: 'log-entry-mismatch',
    message,
  });
  const written = (from: string, to: string) => edited(({ body }) => ({ body: replaced(body, from, to) }));
  testTwins(
    [
      wrong('of other bytes', { recorded: { message: Buffer.from('other') } }, /is about other bytes$/),
      wrong('of another signature', { recorded: { signature: Buffer.from('other') } }, /names another signature$/),
      wrong(
        'by another certificate',
        { recorded: { verifier: { certificate: certificateFor(usual, makeSigner()).der } } },
        otherCertificate,
      ),
      wrong('by a key of PGP', written('"x509"', '"pgp"'), /does not parse$/),
      wrong('that the log did not write', written('{', '{ '), /does not verify$/),
      wrong(
        'under the name of a kind that is not read',
        edited(({ body }) => ({ kind: 'rekords', body: replaced(body, '"rekord"', '"rekords"') })),
        /^a signature has a log entry that is of a kind that is not read$/,
      ),
    ],
    carriers.filter(({ log }) => log === 'rekor1'),
  );

  function replaced(body: Buffer, from: string, to: string): Buffer {
    return Buffer.from(body.toString().replace(from, to));
  }
});
