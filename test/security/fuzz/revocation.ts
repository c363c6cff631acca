import fc from 'fast-check';
import { at, parseDer } from '../../../shared/der.ts';
import { entriesOf, readCrl } from '../../../shared/revocation/crl.ts';
import { readOcspAnswer } from '../../../shared/revocation/ocsp-answer.ts';
import { certificateId } from '../../../shared/revocation/ocsp-request.ts';
import { placesOf } from '../../../shared/revocation/places.ts';
import { serialOf } from '../../../shared/revocation/signed.ts';
import { atOnce } from '../../../shared/slices.ts';
import { Certificate } from '../../../shared/trust/x509/certificate.ts';
import { now } from '../../fixtures/ask.ts';
import { bits, explicit, octets, oid, sequence, tagged } from '../../fixtures/authority/der.ts';
import { signatureAlgorithm, signWith } from '../../fixtures/authority/keys.ts';
import {
  appointResponder,
  issueRevocable,
  issuingPoint,
  makeCrl,
  makeRevoker,
  ocspAnswer,
} from '../../fixtures/authority/revocation.ts';
import { startCpu } from '../../fixtures/cpu.ts';
import { damagedBytes } from './mutate.ts';
import { demand, type Target, target } from './target.ts';

const moment = new Date(now);
const revoker = makeRevoker(moment);
const responder = appointResponder(revoker);
const made = issueRevocable(revoker, { ocsp: ['http://ocsp.test/'], crls: ['http://crl.test/a', 'http://crl.test/b'] });
const certificate = new Certificate(made.der);
const issuer = new Certificate(revoker.certificate.der);
const asked = { id: certificateId(certificate, issuer), issuer, now };
const serial = serialOf(certificate);

const maxCpu = 50;

/** What comes of it, or nothing where it is refused: by an error, and never by one of ours in the code. */
function read<T>(work: () => T): T | undefined {
  for (let again = false; ; again = true) {
    const spent = startCpu();
    let value: T | undefined;
    try {
      value = work();
    } catch (thrown) {
      demand(Error.isError(thrown) && (!(thrown instanceof TypeError) || 'code' in thrown), `it throws ${thrown}`);
    }
    const cpu = spent();
    if (cpu < maxCpu) return value;
    demand(!again, `it took ${cpu} ms of CPU`);
  }
}

/** An answer says what its responder signed; and one that signs nonsense is as good as none, or still about this certificate. */
export function ocspAnswers(): Target {
  const revoked = { status: { reason: 1, invalidSince: moment } };
  const originals = [
    ocspAnswer(revoker, made, { ...responder.answers, ...revoked }),
    ocspAnswer(revoker, made, revoked),
  ];
  const dataOf = (answer: Buffer) => at(parseDer(answer), 1, 0, 1, 0, 0).raw;
  const resigned = (data: Buffer) =>
    sequence(
      tagged(0x0a, Buffer.from([0])),
      explicit(
        0,
        sequence(
          oid('1.3.6.1.5.5.7.48.1.1'),
          octets(sequence(data, signatureAlgorithm(revoker.key), bits(signWith(revoker.key, data)))),
        ),
      ),
    );
  const input = fc.constantFrom(...originals).chain((answer) =>
    fc.oneof(
      damagedBytes(answer).map((bytes) => ({ bytes, signed: dataOf(answer) })),
      damagedBytes(dataOf(answer)).map((data) => ({ bytes: resigned(data), signed: serial })),
    ),
  );
  return target('OCSP answer', input, ({ bytes, signed }) => {
    const answer = read(() => readOcspAnswer(bytes, asked));
    demand(answer === undefined || bytes.includes(signed), 'it is believed and was not signed');
  });
}

/** A list says what its issuer signed. */
export function crls(): Target {
  const original = makeCrl(revoker, {
    listed: [{ serial: Buffer.from([7]) }, { serial, reason: 1, invalidSince: moment }],
    freshest: ['http://crl.test/delta'],
    extensions: [issuingPoint(['http://crl.test/a'], 1)],
  });
  const tbs = at(parseDer(original), 0).raw;
  const resigned = (data: Buffer) => sequence(data, signatureAlgorithm(revoker.key), bits(signWith(revoker.key, data)));
  const input = fc.oneof(
    damagedBytes(original).map((bytes) => ({ bytes, issued: false })),
    damagedBytes(tbs).map((data) => ({ bytes: resigned(data), issued: true })),
  );
  return target('CRL', input, ({ bytes, issued }) => {
    const crl = read(() => readCrl(bytes, issuer, now));
    if (crl === undefined) return;
    demand(issued || bytes.includes(tbs), 'it is believed and was not signed');
    read(() => atOnce(entriesOf(crl, serial)));
  });
}

/** Whom a certificate names is found, or nobody is. */
export function places(): Target {
  const tbs = certificate.tbs.raw;
  const input = damagedBytes(tbs).map((data) =>
    sequence(data, signatureAlgorithm(revoker.key), bits(signWith(revoker.key, data))),
  );
  return target('places of revocation', input, (der) => {
    const found = read(() => placesOf(new Certificate(der)));
    demand((found?.responders.length ?? 0) <= 8 && (found?.crls.length ?? 0) <= 8, 'it names too many');
  });
}
