import { now } from '../../test/fixtures/ask.ts';
import {
  day,
  hour,
  issueRevocable,
  issuingPoint,
  makeCrl,
  makeRevoker,
  ocspAnswer,
} from '../../test/fixtures/authority/revocation.ts';
import { trickle } from '../net/testing/server.ts';
import { spending } from '../net/testing/spending.ts';
import { Certificate } from '../trust/x509/certificate.ts';
import type { SignerQuestion } from './revocation.ts';
import { type Served, startWorld } from './testing/world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

const minute = 60_000;
const later = (milliseconds: number) => new Date(now + milliseconds);

/** A certificate with one OCSP responder, and what that one answers. */
function withOcsp(answer: (made: ReturnType<typeof issueRevocable>) => Served) {
  const { made, certificate } = world.certify({ ocsp: [world.at('ocsp')] });
  world.served.set('ocsp', answer(made));
  return { made, certificate };
}

describe('OCSP', () => {
  test('good; revoked; and who was asked, of which certificate', async () => {
    const { ask } = world.asker();
    const good = withOcsp((made) => ocspAnswer(world.revoker, made));
    expect(await ask(good.certificate)).toEqual({ status: 'good', message: '', until: now + 15 * minute });
    const revoked = withOcsp((made) => ocspAnswer(world.revoker, made, { status: { reason: 1 } }));
    expect(await ask(revoked.certificate)).toEqual({
      status: 'revoked',
      message: `the certificate O=acme, CN=signer is revoked since 2025-12-31T00:00:00.000Z (keyCompromise), says the OCSP responder ${world.at('ocsp')}`,
      until: now + 15 * minute,
    });
    expect(world.server.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('a request that is too long for a URL is sent', async () => {
    const { made, certificate } = world.certify({ ocsp: [world.at('ocsp')], serial: Buffer.alloc(150, 5) });
    let sent = Buffer.alloc(0);
    world.served.set('ocsp', async (request, response) => {
      sent = Buffer.concat(await request.toArray());
      response.end(ocspAnswer(world.revoker, made));
    });
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'good' });
    const [request] = world.server.requests;
    expect(request).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/ocsp-request' } });
    expect(sent.includes(made.serial)).toBe(true);
  });

  test('what was not good when it signed counts, what became so later does not', async () => {
    const status = { invalidSince: later(-hour) };
    const { certificate } = withOcsp((made) => ocspAnswer(world.revoker, made, { status }));
    const { ask } = world.asker();
    expect(await ask(certificate, spending(), now - 2 * hour)).toMatchObject({ status: 'good' });
    expect(await ask(certificate, spending(), now - hour)).toMatchObject({ status: 'revoked' });
    expect(await ask(certificate)).toMatchObject({ status: 'revoked' });
    expect(world.server.requests).toHaveLength(1);
  });

  test('responders are asked in order until one says something', async () => {
    const ocsp = ['gone', 'other', 'ocsp', 'never'].map(world.at);
    const { made, certificate } = world.certify({ ocsp });
    world.served.set('other', ocspAnswer(world.revoker, made, { about: { serial: Buffer.from([1]) } }));
    world.served.set('ocsp', ocspAnswer(world.revoker, made));
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'good' });
    expect(world.asked()).toEqual(['gone', 'other', 'ocsp']);
  });

  test('one that does not know the certificate is believed, and its lists are asked', async () => {
    const { made, certificate } = world.certify({
      ocsp: ['ocsp', 'never'].map(world.at),
      crls: [world.at('crl')],
    });
    world.served.set('ocsp', ocspAnswer(world.revoker, made, { status: 'unknown' }));
    world.served.set('crl', makeCrl(world.revoker));
    const { ask } = world.asker();
    expect(await ask(certificate)).toMatchObject({ status: 'good' });
    expect(world.asked()).toEqual(['ocsp', 'crl']);
    const alone = withOcsp((one) => ocspAnswer(world.revoker, one, { status: 'unknown' }));
    expect(await ask(alone.certificate)).toMatchObject({
      status: 'unknown',
      message: `whether the certificate O=acme, CN=signer is revoked is not known: the OCSP responder ${world.at('ocsp')}: it does not know the certificate`,
    });
  });

  test.each<[string, Served, string]>([
    ['answers with another status', (_, response) => response.writeHead(500).end(), 'status 500'],
    ['answers with no OCSP', Buffer.from('<html>'), 'it is not understood'],
    ['answers with too much', Buffer.alloc(20 * 1024 + 1), 'over the bound of 20480 bytes'],
    ['hangs up', (request) => request.socket.destroy(), 'could not be asked'],
    ['never answers', () => undefined, 'it did not answer in 100 ms'],
    ['stops in the middle', (_, response) => response.write('x'), 'it did not answer in 100 ms'],
    ['sends us elsewhere', (_, response) => response.writeHead(302, { location: '/never' }).end(), 'status 302'],
  ])('who %s: unknown', async (_, answer, told) => {
    const { certificate } = withOcsp(() => answer);
    const found = await world.asker({ ocspMs: 100 }).ask(certificate);
    expect(found).toMatchObject({ status: 'unknown', message: expect.stringContaining(told), until: now + 10_000 });
    expect(world.asked()).not.toContain('never');
  });

  test.each([
    ['https://ocsp.test/', 'plain HTTP'],
    ['ldap://ocsp.test/', 'plain HTTP'],
    ['file:///etc/passwd', 'plain HTTP'],
    ['nonsense', 'no URL'],
    ['http://user:secret@ocsp.test/', 'user name'],
  ])('%s is not asked', async (url, told) => {
    const { certificate } = world.certify({ ocsp: [url] });
    expect(await world.asker().ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining(told),
    });
  });

  test('deployed, addresses of our own network are asked where settings name them, and not else', async () => {
    const { certificate } = withOcsp((made) => ocspAnswer(world.revoker, made));
    const deployed = world.asker({ door: { addresses: [] } });
    expect(await deployed.ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('is on an address that is not called from here'),
    });
    expect(world.server.requests).toEqual([]);
    const granted = world.asker({ door: { addresses: [{ ranges: ['127.0.0.0/8'], hosts: [world.server.host] }] } });
    expect(await granted.ask(certificate)).toMatchObject({ status: 'good' });
  });
});

describe('lists', () => {
  const listing = (serial: Uint8Array, changes = {}) => makeCrl(world.revoker, { listed: [{ serial, ...changes }] });
  const certify = (...names: readonly string[]) => world.certify({ crls: names.map(world.at) });

  test('good; revoked; and where it is listed', async () => {
    const { made, certificate } = certify('crl');
    world.served.set('crl', makeCrl(world.revoker));
    expect(await world.asker().ask(certificate)).toEqual({ status: 'good', message: '', until: now + 15 * minute });
    world.served.set('crl', listing(made.serial));
    expect(await world.asker().ask(certificate)).toMatchObject({
      status: 'revoked',
      message: expect.stringMatching(/CN=signer is revoked since .* says the CRL http:.*\/crl$/),
    });
  });

  test('all of them have to be had', async () => {
    const { made, certificate } = certify('crl', 'second');
    world.served.set('crl', makeCrl(world.revoker));
    expect(await world.asker().ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('/second: it answers with status 404'),
    });
    world.served.set('second', makeCrl(world.revoker));
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'good' });
    world.served.set('second', listing(made.serial));
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'revoked' });
  });

  test('the list of another part of the certificates is none', async () => {
    const { certificate } = certify('crl');
    world.served.set('crl', makeCrl(world.revoker, { extensions: [issuingPoint([world.at('other')])] }));
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'unknown' });
    world.served.set('crl', makeCrl(world.revoker, { extensions: [issuingPoint([world.at('crl')])] }));
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'good' });
  });

  test('a list of changes in the place of the list is none', async () => {
    const { certificate } = certify('crl');
    world.served.set('crl', makeCrl(world.revoker, { changesSince: 9 }));
    expect(await world.asker().ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('it lists changes alone'),
    });
  });

  test('changes: they revoke, they lift a hold, and have to be had', async () => {
    const { made, certificate } = certify('crl');
    const held = { serial: made.serial, reason: 6 };
    const base = (listed: readonly object[]) =>
      makeCrl(world.revoker, { listed: listed as [], freshest: ['gone', 'delta'].map(world.at) });
    const delta = (listed: readonly object[], number = 11) =>
      makeCrl(world.revoker, { listed: listed as [], number, changesSince: 10 });
    const status = async (list: Buffer, changes: Buffer | undefined) => {
      world.reset();
      world.served.set('crl', list);
      if (changes !== undefined) world.served.set('delta', changes);
      return (await world.asker().ask(certificate)).status;
    };
    expect(await status(base([]), undefined)).toBe('unknown');
    expect(await status(base([]), delta([]))).toBe('good');
    expect(world.asked()).toEqual(['crl', 'gone', 'delta']);
    expect(await status(base([]), delta([held]))).toBe('revoked');
    expect(await status(base([held]), delta([]))).toBe('revoked');
    expect(await status(base([held]), delta([{ ...held, reason: 8, since: later(-hour) }]))).toBe('good');
    expect(await status(base([{ ...held, since: later(-hour) }]), delta([{ ...held, reason: 8 }]))).toBe('revoked');
    expect(await status(base([{ ...held, reason: 1 }]), delta([{ ...held, reason: 8 }]))).toBe('revoked');
    expect(await status(base([]), delta([], 10))).toBe('unknown');
  });

  test('what became invalid after it signed does not count, but of all that is said', async () => {
    const { made, certificate } = certify('crl');
    world.served.set('crl', listing(made.serial, { invalidSince: later(-hour) }));
    const { ask } = world.asker();
    expect(await ask(certificate, spending(), now - day)).toMatchObject({ status: 'good' });
    expect(await ask(certificate, spending(), now)).toMatchObject({ status: 'revoked' });
  });

  test('one that is over its bound, and one that never ends', async () => {
    const { certificate } = certify('crl');
    world.served.set('crl', Buffer.alloc(8 * 1024 * 1024 + 1));
    expect(await world.asker().ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('over the bound of 8388608 bytes'),
    });
    world.served.set('crl', (_, response) => trickle(response, 200));
    expect(await world.asker({ crlMs: 100 }).ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('it did not answer in 100 ms'),
    });
  });

  test('by whom another is asked of is fetched once', async () => {
    const { ask } = world.asker();
    const one = certify('crl');
    const two = certify('crl');
    world.served.set('crl', listing(two.made.serial));
    const found = await Promise.all([one, two, one].map(({ certificate }) => ask(certificate)));
    expect(found.map(({ status }) => status)).toEqual(['good', 'revoked', 'good']);
    expect(world.asked()).toEqual(['crl']);
  });
});

describe('a chain', () => {
  const middle = () => world.certify({ name: 'middle', isAuthority: true, ocsp: [world.at('middle')] });

  /** A signer under an intermediate, each with a responder. */
  function chained() {
    const under = makeRevoker(new Date(now), { name: 'unused' });
    const made = issueRevocable(world.revoker, {
      name: 'middle',
      isAuthority: true,
      ocsp: [world.at('middle')],
      key: under.key,
    });
    const revoker = { ...under, certificate: made };
    const leaf = issueRevocable(revoker, { ocsp: [world.at('leaf')] });
    return { made, revoker, leaf, chain: [new Certificate(leaf.der), new Certificate(made.der), world.issuer] };
  }

  test('each of it is asked about, but for the root; the worst decides', async () => {
    const { made, revoker, leaf, chain } = chained();
    const status = async (ofLeaf: object, ofMiddle: object) => {
      world.served.set('leaf', ocspAnswer(revoker, leaf, ofLeaf));
      world.served.set('middle', ocspAnswer(world.revoker, made, ofMiddle));
      return world.asker().revocations.ask({ what: 'chain', chain, signedAt: undefined }, spending());
    };
    const revoked = { status: {} };
    const unknown = { failure: 3 };
    expect(await status({}, {})).toMatchObject({ status: 'good', message: '' });
    expect(await status({}, { nextUpdate: later(minute) })).toMatchObject({ until: now + minute });
    expect(await status({}, revoked)).toMatchObject({
      status: 'revoked',
      message: expect.stringContaining('CN=middle is revoked'),
    });
    expect(await status(unknown, revoked)).toMatchObject({ status: 'revoked' });
    expect(await status(revoked, unknown)).toMatchObject({ status: 'revoked' });
    expect(await status({}, unknown)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('it answers tryLater'),
    });
  });

  test('what is revoked is told at once, whoever else of the chain never answers or runs out of time', async () => {
    const { made, revoker, leaf, chain } = chained();
    const hang = () => undefined;
    const question = { what: 'chain', chain, signedAt: undefined } as const;
    world.served.set('leaf', ocspAnswer(revoker, leaf, { status: {} }));
    world.served.set('middle', hang);
    const { revocations } = world.asker({ ocspMs: 60_000 });
    expect(await revocations.ask(question, spending({ remaining: 5000 }))).toMatchObject({ status: 'revoked' });
    world.served.set('leaf', ocspAnswer(revoker, leaf));
    const allowance = spending({ remaining: 2000 });
    world.served.set('middle', () => allowance.end());
    await expect(world.asker().revocations.ask(question, allowance)).rejects.toMatchObject({ reason: 'deadline' });
    world.served.set('middle', ocspAnswer(world.revoker, made));
    expect(await world.asker().revocations.ask(question, spending())).toMatchObject({ status: 'good' });
  });

  test('a certificate that names nobody is good, which is told; a root alone has nobody to ask', async () => {
    const { revocations, ask } = world.asker();
    const { certificate } = world.certify();
    expect(await ask(certificate)).toEqual({
      status: 'good',
      message: 'the certificate O=acme, CN=signer names no OCSP responder and no CRL',
      until: now + 15 * minute,
    });
    const alone = await revocations.ask({ what: 'chain', chain: [world.issuer], signedAt: undefined }, spending());
    expect(alone).toEqual({ status: 'good', message: '', until: now + 15 * minute });
  });

  test('an answer by the signer of the signer, for the intermediate, is none', async () => {
    const { certificate, made } = middle();
    const forger = makeRevoker(new Date(now));
    world.served.set('middle', ocspAnswer({ ...world.revoker, key: forger.key }, made));
    expect(await world.asker().ask(certificate)).toMatchObject({ status: 'unknown' });
  });
});

describe('what is kept', () => {
  test('a word, for as long as it says and 15 minutes at most', async () => {
    const { time, ask } = world.asker();
    const { certificate } = withOcsp((made) => ocspAnswer(world.revoker, made));
    await ask(certificate);
    time.now += 15 * minute - 1;
    expect(await ask(certificate)).toMatchObject({ until: now + 15 * minute });
    expect(world.server.requests).toHaveLength(1);
    time.now += 1;
    expect(await ask(certificate)).toMatchObject({ until: now + 30 * minute });
    expect(world.server.requests).toHaveLength(2);
    const short = withOcsp((made) => ocspAnswer(world.revoker, made, { nextUpdate: later(16 * minute) }));
    expect(await ask(short.certificate)).toMatchObject({ until: now + 16 * minute });
    time.now = now + 16 * minute;
    expect(await ask(short.certificate)).toMatchObject({ status: 'good' });
    expect(world.server.requests).toHaveLength(4);
  });

  test('that there is no word, for ten seconds', async () => {
    const { time, ask, counted } = world.asker();
    const { made, certificate } = withOcsp((made) => ocspAnswer(world.revoker, made, { failure: 3 }));
    expect(await ask(certificate)).toMatchObject({ status: 'unknown' });
    world.served.set('ocsp', ocspAnswer(world.revoker, made));
    time.now += 9999;
    expect(await ask(certificate)).toMatchObject({ status: 'unknown' });
    expect(counted).toEqual(['revocation-unknown responders']);
    time.now += 1;
    expect(await ask(certificate)).toMatchObject({ status: 'good' });
  });

  test('a host that does not answer is waited for by one, and rests ten seconds for the certificates of all', async () => {
    const { time, ask } = world.asker({ ocspMs: 100 });
    const one = withOcsp(() => () => undefined);
    const two = world.certify({ ocsp: [world.at('ocsp')] });
    const found = await Promise.all([one, one].map(({ certificate }) => ask(certificate)));
    expect(found.map(({ status }) => status)).toEqual(['unknown', 'unknown']);
    expect(await ask(two.certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('it did not answer in 100 ms, and is not asked again for now'),
    });
    expect(world.server.requests).toHaveLength(1);
    world.served.set('ocsp', ocspAnswer(world.revoker, two.made));
    time.passed += 10_000;
    time.now += 10_000;
    expect(await ask(two.certificate)).toMatchObject({ status: 'good' });
  });
});

describe('the allowance of a review', () => {
  test('what is asked counts as its requests and bytes', async () => {
    const { made, certificate } = world.certify({ ocsp: [world.at('ocsp')] });
    const answer = ocspAnswer(world.revoker, made);
    world.served.set('ocsp', answer);
    const allowance = spending();
    await world.asker().ask(certificate, allowance);
    expect(allowance.spent).toEqual({ requests: 1, bytes: answer.length });
  });

  test('its bytes are over: that is no word of the responder, and another review asks anew', async () => {
    const { certificate } = withOcsp((made) => ocspAnswer(world.revoker, made));
    const { ask } = world.asker();
    await expect(ask(certificate, spending({ bytes: 10 }))).rejects.toMatchObject({ reason: 'review-too-large' });
    expect(await ask(certificate)).toMatchObject({ status: 'good' });
  });

  test('its time is over: the same', async () => {
    const allowance = spending({ remaining: 2000 });
    const { made, certificate } = withOcsp(() => () => allowance.end());
    const { ask } = world.asker();
    await expect(ask(certificate, allowance)).rejects.toMatchObject({ reason: 'deadline' });
    world.served.set('ocsp', ocspAnswer(world.revoker, made));
    expect(await ask(certificate)).toMatchObject({ status: 'good' });
  });

  test('it asks 256 times and no more; another one asks again', async () => {
    const { ask } = world.asker();
    world.served.set('ocsp', (_, response) => response.writeHead(500).end());
    const allowance = spending();
    const certify = () => world.certify({ ocsp: Array.from({ length: 8 }, () => world.at('ocsp')) }).certificate;
    for (let asked = 0; asked < 32; asked += 1)
      expect(await ask(certify(), allowance)).toMatchObject({ status: 'unknown' });
    await expect(ask(certify(), allowance)).rejects.toMatchObject({ reason: 'review-too-large', kind: 'denied' });
    expect(world.server.requests).toHaveLength(256);
    expect(await ask(certify())).toMatchObject({ status: 'unknown' });
  });

  test('who names more than eight responders is not asked', async () => {
    const { certificate } = world.certify({ ocsp: Array.from({ length: 9 }, () => world.at('ocsp')) });
    expect(await world.asker().ask(certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('it names over 8 places'),
    });
    const long = world.certify({ ocsp: [world.at('o'.repeat(2048))] });
    expect(await world.asker().ask(long.certificate)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('over 2048 characters'),
    });
    expect(world.server.requests).toEqual([]);
  });
});

test('what AWS Signer says is kept as well', async () => {
  const asked: SignerQuestion[] = [];
  const { time, revocations } = world.asker({
    signer: async (question) => {
      asked.push(question);
      return { status: 'good', message: '', until: now + minute };
    },
  });
  const question: SignerQuestion = {
    what: 'aws-signer',
    profileVersionArn: 'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/p/v',
    jobArn: 'arn:aws:signer:eu-west-1:111122223333:/signing-jobs/j',
    certificateHashes: ['aa'],
    signedAt: now,
  };
  const ask = (changes: Partial<SignerQuestion> = {}) => revocations.ask({ ...question, ...changes }, spending());
  await Promise.all([ask(), ask()]);
  expect(asked).toHaveLength(1);
  await ask({ jobArn: 'another' });
  expect(asked).toHaveLength(2);
  time.now += minute;
  await ask();
  expect(asked).toHaveLength(3);
});
