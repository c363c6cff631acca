import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, type LookupFunction, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { selfSigned as ofAnotherName } from '../../local/tls.ts';
import { Refusal } from '../reasons.ts';
import { createDoor, type Door, type DoorSettings } from './door.ts';
import { selfSigned } from './testing/certificate.ts';
import { startServer, type TestServer, trickle } from './testing/server.ts';
import { spending } from './testing/spending.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(handler: RequestListener, tls?: { key: string; cert: string }): Promise<TestServer> {
  const server = await startServer(handler, tls);
  closing.push(server.close);
  return server;
}

function open(settings: Partial<DoorSettings> = {}): Door {
  const door = createDoor({ addresses: 'any', ...settings });
  closing.push(door.close);
  return door;
}

const get = (door: Door, url: string, options: { headers?: Record<string, string>; namedBy?: URL } = {}) =>
  door.request(new URL(url), { spending: spending(), what: 'a thing', ...options });

const refused = (reason: string) => expect.objectContaining({ name: 'Refusal', reason });

describe('bodies', () => {
  const big = Buffer.alloc(1024 * 1024, 1);

  test('a body within its bound is read, and counted', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const spent = spending();
    const response = await open().request(new URL(server.url), { spending: spent, what: 'a thing' });
    expect(Buffer.from(await response.read(5)).toString()).toBe('hello');
    expect(spent.spent).toEqual({ requests: 1, bytes: 5 });
  });

  test('an announced length over the bound is refused before any of it is taken', async () => {
    const server = await serve((_, response) => response.setHeader('content-length', big.length).end(big));
    const spent = spending();
    const response = await open().request(new URL(server.url), { spending: spent, what: 'a thing' });
    await expect(response.read(1000)).rejects.toEqual(refused('too-large'));
    expect(spent.spent.bytes).toBe(0);
  });

  test('without a length the stream is cut at the bound, and the sender notices', async () => {
    const gone = Promise.withResolvers<void>();
    const server = await serve((_, response) => {
      response.on('close', gone.resolve);
      const more = () => {
        while (response.write(big));
      };
      response.on('drain', more);
      more();
    });
    const spent = spending();
    const response = await open().request(new URL(server.url), { spending: spent, what: 'a thing' });
    await expect(response.read(100_000)).rejects.toEqual(refused('too-large'));
    expect(spent.spent.bytes).toBeLessThan(300_000);
    await gone.promise;
  });

  test('a review that may fetch no more stops', async () => {
    const server = await serve((_, response) => response.end(big));
    const spent = spending({ bytes: 1000 });
    const response = await open().request(new URL(server.url), { spending: spent, what: 'a thing' });
    await expect(response.read(big.length)).rejects.toEqual(refused('review-too-large'));
  });

  test.each(['announced', 'chunked'])('a body that is cut short (%s) is unavailable', async (how) => {
    const server = await serve((_, response) => {
      if (how === 'announced') response.setHeader('content-length', 1000);
      response.write('only this');
      setImmediate(() => response.destroy());
    });
    const response = await get(open(), server.url);
    await expect(response.read(5000)).rejects.toEqual(refused('body-cut-short'));
  });

  test('a slow body ends with the time, and its socket with it', async () => {
    const gone = Promise.withResolvers<void>();
    const server = await serve((_, response) => {
      response.on('close', gone.resolve);
      response.write('a');
    });
    const spent = spending();
    const response = await open().request(new URL(server.url), { spending: spent, what: 'a thing' });
    const reading = response.read(5000);
    spent.end();
    await expect(reading).rejects.toEqual(refused('deadline'));
    await gone.promise;
  });
});

describe('answers of many lines', () => {
  const lines = 'a:\r\n';
  /** Answers each connection with these bytes as soon as it is asked anything. */
  async function answering(bytes: Buffer): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  const ask = (url: string, named: boolean) =>
    open().request(new URL(url), { spending: { ...spending(), named }, what: 'a thing' });

  test.each([true, false])('within the bounds they are read, of a host that is named or not (%s)', async (named) => {
    const body = Buffer.from('"x",\n'.repeat(100_000));
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${lines.repeat(4000)}\r\n`;
    const response = await ask(await answering(Buffer.concat([Buffer.from(head), body])), named);
    expect(Buffer.from(await response.read(body.length)).equals(body)).toBe(true);
  });

  test.each([true, false])('over them they end the connection', async (named) => {
    const head = `HTTP/1.1 200 OK\r\n${lines.repeat(40_000)}`;
    const tooLarge = { reason: 'registry-error', cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } };
    await expect(ask(await answering(Buffer.from(head)), named)).rejects.toMatchObject(tooLarge);
    const trailers = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${lines.repeat(40_000)}`;
    const response = await ask(await answering(Buffer.from(trailers)), named);
    await expect(response.read(10)).rejects.toEqual(refused('body-cut-short'));
  });
});

describe('content codings that come unasked', () => {
  /** Compresses badly, so that what is packed is the longer one. */
  const noise = createHash('sha512').update('noise').digest();
  const serveAs = (coding: string, body: Buffer, length = true) =>
    serve((_, response) => {
      response.setHeader('content-encoding', coding);
      if (length) response.setHeader('content-length', body.length);
      response.end(body);
    });
  const readFrom = async (server: TestServer, maxBytes: number, spent = spending()) =>
    (await open().request(new URL(server.url), { spending: spent, what: 'a thing' })).read(maxBytes);

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP, identity', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (bytes: Buffer) => bytes],
    ['', (bytes: Buffer) => bytes],
  ])('"%s" is taken off, and the bound is what it unpacks to', async (coding, pack) => {
    const server = await serveAs(coding, pack(noise));
    expect(Buffer.from(await readFrom(server, noise.length))).toEqual(noise);
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
    await expect(readFrom(server, noise.length - 1)).rejects.toEqual(refused('too-large'));
  });

  test.each(['zstd', 'compress', 'gzip, gzip', 'constructor', 'x'])('"%s" is refused', async (coding) => {
    await expect(readFrom(await serveAs(coding, gzipSync(noise)), 1000)).rejects.toEqual(refused('registry-error'));
  });

  test('of a host that nobody named Brotli is not unpacked: its window is 16 MB for a few bytes', async () => {
    const server = await serveAs('br', brotliCompressSync(noise));
    await expect(readFrom(server, noise.length, { ...spending(), named: false })).rejects.toEqual(
      refused('registry-error'),
    );
    expect(Buffer.from(await readFrom(server, noise.length, { ...spending(), named: true }))).toEqual(noise);
    const zipped = await serveAs('gzip', gzipSync(noise));
    expect(Buffer.from(await readFrom(zipped, noise.length, { ...spending(), named: false }))).toEqual(noise);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('a %s bomb ends at the bound', async (coding, pack) => {
    const server = await serveAs(coding, pack(Buffer.alloc(50 * 1024 * 1024)));
    const spent = spending();
    await expect(readFrom(server, 100_000, spent)).rejects.toEqual(refused('too-large'));
    expect(spent.spent.bytes).toBeLessThan(300_000);
  });

  test('what a review may fetch counts what is unpacked', async () => {
    const server = await serveAs('gzip', gzipSync(Buffer.alloc(1_000_000)));
    await expect(readFrom(server, 2_000_000, spending({ bytes: 900_000 }))).rejects.toEqual(
      refused('review-too-large'),
    );
    const spent = spending();
    await readFrom(server, 2_000_000, spent);
    expect(spent.spent.bytes).toBe(1_000_000);
  });

  test('packed bytes have the bound too, announced or not, whatever they unpack to', async () => {
    // Empty members: gzip that goes on and unpacks to nothing.
    const empty = Buffer.concat(Array.from({ length: 10_000 }, () => gzipSync('')));
    for (const announced of [true, false]) {
      await expect(readFrom(await serveAs('gzip', empty, announced), 1000)).rejects.toEqual(refused('too-large'));
    }
  });

  test('bytes that do not unpack are nonsense, and packed bytes that end early are cut short', async () => {
    const packed = gzipSync(Buffer.concat(Array.from({ length: 100 }, (_, index) => Buffer.from(`${index} text`))));
    for (const coding of ['gzip', 'deflate', 'br']) {
      await expect(readFrom(await serveAs(coding, noise), 1000)).rejects.toEqual(refused('registry-error'));
    }
    const half = await serveAs('gzip', packed.subarray(0, packed.length / 2));
    await expect(readFrom(half, 1000)).rejects.toEqual(refused('body-cut-short'));
  });
});

describe('headers of one value', () => {
  const ask = async (headers: Record<string, string | string[]>) =>
    get(open(), (await serve((_, response) => response.writeHead(200, headers).end('x'))).url);

  test('that come twice and are equal are one, and an empty one is none', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const response = await ask({ 'docker-content-digest': [digest, ` ${digest}`], 'content-type': ['a/b', '', 'a/b'] });
    expect(response.header('docker-content-digest')).toBe(digest);
    expect(response.header('content-type')).toBe('a/b');
    expect((await ask({ 'docker-content-digest': '' })).header('docker-content-digest')).toBeUndefined();
  });

  test('that differ are told as they came, and lists stay lists', async () => {
    const response = await ask({ 'content-type': ['a/b', 'c/d'], link: ['<a>', '<a>'] });
    expect(response.header('content-type')).toBe('a/b, c/d');
    expect(response.header('link')).toBe('<a>, <a>');
  });
});

describe('connections', () => {
  test('are used again', async () => {
    const ports = new Set<number | undefined>();
    const server = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    });
    const door = open();
    for (let count = 0; count < 8; count++) {
      const response = await get(door, server.url);
      if (count % 2 === 0) await response.read(10);
      else response.discard();
    }
    // A connection is free again a moment after its body has ended, so that a second one may be opened.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  test('nobody listening, a name that does not resolve: unreachable, in words', async () => {
    const server = await serve(() => {});
    await server.close();
    await expect(get(open(), server.url)).rejects.toEqual(refused('registry-unreachable'));
    const lookup: LookupFunction = (_name, _options, callback) =>
      callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
    await expect(get(open({ lookup }), 'https://gone.example')).rejects.toThrow(
      'gone.example could not be asked for a thing: its name does not resolve',
    );
  });

  test('a server that never answers is left when the time ends', async () => {
    const gone = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const server = await serve((request) => {
      request.socket.on('close', gone.resolve);
      asked.resolve();
    });
    const spent = spending();
    const request = open().request(new URL(server.url), { spending: spent, what: 'a thing' });
    await asked.promise;
    spent.end();
    await expect(request).rejects.toEqual(refused('deadline'));
    await gone.promise;
  });

  test('and when it takes too long for its header', async () => {
    const server = await serve(() => {});
    const late = { reason: 'deadline', late: true, message: expect.stringContaining('did not answer in time') };
    await expect(get(open({ headersTimeout: 50 }), server.url)).rejects.toMatchObject(late);
  });

  test('and when it stops in the middle of a body; one that is closed there is cut short', async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('x', () => request.url === '/closed' && response.destroy());
    });
    const door = open({ bodyTimeout: 50 });
    const late = {
      reason: 'deadline',
      late: true,
      message: expect.stringContaining('stopped in the middle of a thing'),
    };
    await expect((await get(door, server.url)).read(10)).rejects.toMatchObject(late);
    await expect((await get(door, `${server.url}/closed`)).read(10)).rejects.toEqual(refused('body-cut-short'));
  });

  test('announcements without an answer are read no further than some of them; a few before one are none of our business', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await serve(({ url, socket }, response) => {
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(url === '/endless' ? 5000 : 5));
      if (url === '/endless') socket.on('close', closed.resolve);
      else response.end('hello');
    });
    const door = open();
    await expect(get(door, `${server.url}/endless`)).rejects.toMatchObject({
      reason: 'registry-error',
      message: expect.stringContaining('announces an answer over 16 times'),
    });
    await closed.promise;
    expect(server.requests).toHaveLength(1);
    expect(Buffer.from(await (await get(door, server.url)).read(5)).toString()).toBe('hello');
  });

  test('something that is no HTTP is an error of the registry', async () => {
    const server = createServer((socket) =>
      socket
        .resume()
        .on('error', () => {})
        .end('220 mail ready\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(get(open(), `http://127.0.0.1:${port}/`)).rejects.toEqual(refused('registry-error'));
  });

  test('a certificate is checked, and a certificate authority of its own may be given per host', async () => {
    const tls = await selfSigned('127.0.0.1', 'localhost');
    const server = await serve((_, response) => response.end('x'), tls);
    await expect(get(open(), server.url)).rejects.toThrow('self-signed');
    const elsewhere = open({ ca: { 'registry.example': tls.cert } });
    await expect(get(elsewhere, server.url)).rejects.toEqual(refused('registry-unreachable'));
    expect((await get(open({ ca: { [server.host]: tls.cert } }), server.url)).status).toBe(200);
  });
});

test('roots of one’s own are trusted for every host, beside the default ones', async () => {
  const tls = await selfSigned('127.0.0.1', 'localhost');
  const server = await serve((_, response) => response.end('x'), tls);
  const { certPem: other } = await ofAnotherName();
  await expect(get(open(), server.url)).rejects.toThrow('(give it: --ca FILE');
  const another = get(open({ roots: () => [other] }), server.url);
  await expect(another).rejects.toThrow('self-signed and is none of those given');
  await expect(another).rejects.toThrow('they do not certify this host');
  const door = open({ roots: () => [other, tls.cert] });
  for (const url of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
    expect((await get(door, url)).status).toBe(200);
  }
});

describe('TLS with hosts that nobody named', () => {
  const unnamed = () => ({ spending: { ...spending(), named: false }, what: 'a thing' });
  const names = (count: number) => Array.from({ length: count }, (_, index) => `registry-${index}.example.com`);

  test('is as any other: what is long comes whole, connections are used again, and end with the door', async () => {
    const tls = await selfSigned('127.0.0.1', ...names(200));
    const body = Buffer.alloc(3 * 1024 * 1024, 'x');
    const server = await serve((_, response) => response.end(body), tls);
    const sockets = new Set<Socket>();
    server.connections((socket) => sockets.add(socket));
    const door = open({ ca: { [server.host]: tls.cert } });
    for (let count = 0; count < 4; count++) {
      const response = await door.request(new URL(server.url), unnamed());
      expect(Buffer.from(await response.read(body.length)).equals(body)).toBe(true);
    }
    expect(sockets.size).toBeLessThanOrEqual(2);
    const closed = [...sockets].filter(({ closed }) => !closed).map((socket) => once(socket, 'close'));
    await door.close();
    await Promise.all(closed);
  });

  test('a certificate is checked, and one that is larger than any is not read; of a named host it is', async () => {
    const [small, large] = [await selfSigned('127.0.0.1'), await selfSigned('127.0.0.1', ...names(1000))];
    const server = await serve((_, response) => response.end('x'), small);
    await expect(open().request(new URL(server.url), unnamed())).rejects.toThrow('self-signed');
    const another = await serve((_, response) => response.end('x'), large);
    const door = open({ ca: { [another.host]: large.cert } });
    await expect(door.request(new URL(another.url), unnamed())).rejects.toThrow(
      'its certificates are more than are read',
    );
    expect((await get(door, another.url)).status).toBe(200);
  });

  test('one that never ends its handshake is left when the time for it ends', async () => {
    const gone = Promise.withResolvers<void>();
    const server = createServer((socket) =>
      socket
        .resume()
        .on('error', () => {})
        .on('close', () => gone.resolve()),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const door = open({ connectTimeout: 50 });
    const asked = door.request(new URL(`https://127.0.0.1:${port}/`), unnamed());
    await expect(asked).rejects.toThrow('the connection timed out');
    await gone.promise;
  });
});

describe('connections in all', () => {
  /** Every name leads to loopback: as many origins as there are names, on one server. */
  const lookup: LookupFunction = (_name, options, callback) =>
    options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

  /** A server on which requests hang until they are let go, and how many connections it has seen open at a time. */
  async function counting({ hang = false, keepAlive = '' } = {}) {
    const sockets = new Set<Socket>();
    const parked: (() => void)[] = [];
    const seen = { most: 0 };
    const closed = new EventEmitter();
    const server = await serve((_, response) => {
      if (keepAlive !== '') response.setHeader('keep-alive', keepAlive);
      if (hang) parked.push(() => response.end('x'));
      else response.end('x');
    });
    server.connections((socket) => {
      sockets.add(socket);
      seen.most = Math.max(seen.most, sockets.size);
      socket.on('close', () => {
        sockets.delete(socket);
        closed.emit('socket');
      });
    });
    const [, port] = server.host.split(':');
    const at = (name: string) => `http://${name}.localhost:${port}`;
    return { server, at, sockets, parked, seen, closed };
  }

  /** Lets requests go, as they come, until so many have been. */
  async function letGo(parked: (() => void)[], count: number): Promise<void> {
    for (let gone = 0; gone < count; await nextTurn()) {
      for (const go of parked.splice(0)) {
        go();
        gone++;
      }
    }
  }

  test('300 hosts are asked at the same time over no more connections than there are permits', async () => {
    const { at, parked, seen } = await counting({ hang: true });
    const door = open({ lookup, permits: 40 });
    const reviews = [spending(), spending(), spending()];
    const asked = Array.from({ length: 300 }, async (_, index) => {
      const request = { spending: reviews[index % 3] ?? spending(), what: 'a thing' };
      const response = await door.request(new URL(at(`h${index}`)), request);
      await response.read(10);
    });
    await letGo(parked, 300);
    await Promise.all(asked);
    // As many again may be kept for a moment, for the next request to the same host.
    expect(seen.most).toBeLessThanOrEqual(80);
  });

  test('connections that nobody uses do not add up over many hosts', async () => {
    const { at, sockets } = await counting({ keepAlive: 'timeout=600' });
    const door = open({ lookup, permits: 10 });
    for (let index = 0; index < 100; index++) await (await get(door, at(`h${index}`))).read(10);
    expect(sockets.size).toBeLessThanOrEqual(11);
  });

  test('one that nobody uses ends soon, whatever the server promises', async () => {
    const { at, closed } = await counting({ keepAlive: 'timeout=600' });
    const door = open({ lookup, idleTimeout: 50 });
    for (const name of ['a', 'b', 'c']) {
      const gone = once(closed, 'socket');
      await (await get(door, at(name))).read(10);
      await gone;
    }
  });

  test('however many are open to hosts that nobody named, those to named ones are kept', async () => {
    const { at, sockets } = await counting({ keepAlive: 'timeout=600' });
    const door = open({ lookup, permits: 4 });
    const ask = async (name: string, named: boolean) => {
      const request = { spending: { ...spending(), named }, what: 'a thing' };
      await (await door.request(new URL(at(name)), request)).read(10);
    };
    await ask('named', true);
    const kept = [...sockets];
    for (let index = 0; index < 20; index++) await ask(`h${index}`, false);
    for (let count = 0; count < 5; count++) {
      await nextTurn();
      await ask('named', true);
    }
    expect([...sockets].filter((socket) => kept.includes(socket))).toHaveLength(1);
    // The one of before, two that are kept to the others, and one on its way out.
    expect(sockets.size).toBeLessThanOrEqual(4);
  });

  test('nor does a named host lose its addresses to a thousand others', async () => {
    const { at } = await counting();
    const never: LookupFunction = () => {};
    let now: LookupFunction = lookup;
    const door = open({
      lookup: (name, ...rest) => (name.startsWith('named') ? now : lookup)(name, ...rest),
      idleTimeout: 20,
    });
    const ask = async (url: string, named: boolean) => {
      const request = { spending: { ...spending(), named }, what: 'a thing' };
      await (await door.request(new URL(url), request)).read(10);
    };
    await ask(at('named'), true);
    for (let round = 0; round < 11; round++) {
      const names = Array.from({ length: 100 }, (_, index) => `http://h${round}-${index}.localhost:1/`);
      // They are resolved, and nobody listens there.
      await Promise.allSettled(names.map((url) => ask(url, false)));
    }
    now = never;
    await ask(at('named'), true);
  });

  test('a permit is free again however its request ended', async () => {
    const { server, at } = await counting();
    const door = open({ lookup, connections: 1 });
    const url = at('a');
    await (await get(door, url)).read(10);
    (await get(door, url)).discard();
    await expect((await get(door, url)).read(0)).rejects.toEqual(refused('too-large'));
    const none = spending({ bytes: 0 });
    await expect((await door.request(new URL(url), { spending: none, what: 'a thing' })).read(10)).rejects.toEqual(
      refused('review-too-large'),
    );
    const held = door.request(new URL(url), {
      spending: spending(),
      what: 'a thing',
      beforeSending: () => {
        throw new Refusal('registry-throttled', 'not now');
      },
    });
    await expect(held).rejects.toEqual(refused('registry-throttled'));
    const ended = spending();
    const unread = await door.request(new URL(url), { spending: ended, what: 'a thing' });
    ended.end();
    await expect(unread.read(10)).rejects.toEqual(refused('deadline'));
    await server.close();
    await expect(get(door, url)).rejects.toEqual(refused('registry-unreachable'));
    await expect(get(door, url)).rejects.toEqual(refused('registry-unreachable'));
  });

  test.each([404, 401, 503, 307])('an unwanted body of a %d that trickles gives its permit back', async (status) => {
    const server = await serve((request, response) => {
      if (request.url === '/there') response.end('there');
      else trickle(response, status, { location: '/there' });
    });
    const door = open({ permits: 1, connections: 1, discardTimeout: 20 });
    for (let round = 0; round < 2; round++) {
      const answer = await get(door, server.url);
      if (status !== 307) answer.discard();
      else expect(Buffer.from(await answer.read(5)).toString()).toBe('there');
    }
    expect((await get(door, `${server.url}/there`)).status).toBe(200);
  });

  test('a chain of redirects on one host needs one permit, and a redirect to elsewhere holds none here', async () => {
    const server = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(307, { location: `/${left - 1}` }).end('on you go');
    });
    const door = open({ connections: 1, permits: 2 });
    const all = Array.from({ length: 10 }, async () => (await get(door, `${server.url}/5`)).read(10));
    for (const body of await Promise.all(all)) expect(Buffer.from(body).toString()).toBe('there');
  });

  test('the time that ends before there is a permit is no word about the host, and nothing is sent', async () => {
    const { server, at, parked } = await counting({ hang: true });
    const door = open({ lookup, connections: 1 });
    const first = get(door, at('a'));
    const spent = spending();
    const second = door.request(new URL(at('a')), { spending: spent, what: 'a thing' });
    spent.end();
    await expect(second).rejects.toThrow(
      /the time ended before a\.localhost:\d+ could be asked for a thing: other requests/,
    );
    expect(spent.spent.requests).toBe(0);
    await letGo(parked, 1);
    expect((await first).status).toBe(200);
    expect(server.requests).toHaveLength(1);
  });

  test('the look whether a host speaks TLS takes a permit too', async () => {
    const sockets = new Set<Socket>();
    const arrived = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      if (sockets.size === 2) arrived.resolve();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => silent.close(resolve)));
    const { port } = silent.address() as AddressInfo;
    const door = open({ lookup, permits: 4 });
    const spent = spending();
    const looks = Array.from({ length: 20 }, (_, index) => door.origin(`h${index}.localhost:${port}`, spent));
    const results = Promise.allSettled(looks);
    await arrived.promise;
    spent.end();
    for (const result of await results) expect(result).toMatchObject({ status: 'rejected' });
    expect(sockets.size).toBe(2);
    for (const socket of sockets) socket.destroy();
  });

  test.each([
    ['EMFILE', 'ulimit -n'],
    ['ENFILE', 'this machine'],
    ['ENOBUFS', 'no memory'],
  ])('%s is trouble of our own, and no word about the registry', async (code, words) => {
    const failing: LookupFunction = (_name, _options, callback) =>
      callback(Object.assign(new Error('none left'), { code }), []);
    const request = get(open({ lookup: failing }), 'https://registry.example');
    await expect(request).rejects.toEqual(
      expect.objectContaining({
        reason: 'internal-error',
        kind: 'unavailable',
        message: expect.stringContaining(words),
      }),
    );
    await expect(request).rejects.not.toThrow('registry.example');
  });
});

test('whoever follows no redirect has it as the answer', async () => {
  const server = await serve((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
  const request = { spending: spending(), what: 'a thing', follows: false };
  const response = await open().request(new URL(server.url), request);
  response.discard();
  expect(response.status).toBe(302);
  expect(server.requests).toHaveLength(1);
});

test('a body of bytes is sent as it is', async () => {
  const bytes = Buffer.from([0x30, 0x00, 0xff, 0x80]);
  const server = await serve(async (request, response) => response.end(Buffer.concat(await request.toArray())));
  const request = { method: 'POST' as const, body: bytes, spending: spending(), what: 'a thing' };
  const response = await open().request(new URL(server.url), request);
  expect(Buffer.from(await response.read(10))).toEqual(bytes);
});

describe('redirects', () => {
  test('are followed without the credential where they leave the host, and each counts as a request', async () => {
    const storage = await serve((_, response) => response.end('blob'));
    const server = await serve((request, response) => {
      if (request.url === '/one') response.writeHead(302, { location: '/two' }).end();
      else response.writeHead(307, { location: `${storage.url}/blob` }).end();
    });
    const spent = spending();
    const response = await open().request(new URL(`${server.url}/one`), {
      spending: spent,
      what: 'a thing',
      headers: { authorization: 'Bearer canary' },
    });
    expect(Buffer.from(await response.read(10)).toString()).toBe('blob');
    expect(response.url.href).toBe(`${storage.url}/blob`);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer canary', 'Bearer canary']);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(spent.spent.requests).toBe(3);
  });

  test('a bounce does not bring the credential back', async () => {
    const storage = await serve((_, response) => response.writeHead(307, { location: `${server.url}/back` }).end());
    const server: TestServer = await serve((request, response) => {
      if (request.url === '/back') response.end('x');
      else response.writeHead(307, { location: storage.url }).end();
    });
    const response = await get(open(), server.url, { headers: { authorization: 'Bearer canary' } });
    expect(response.status).toBe(200);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer canary', undefined]);
  });

  test('five are followed, a sixth is not', async () => {
    const server = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(307, { location: `/${left - 1}` }).end('on you go');
    });
    expect((await get(open(), `${server.url}/5`)).status).toBe(200);
    await expect(get(open(), `${server.url}/6`)).rejects.toEqual(refused('too-many-redirects'));
    expect(server.requests).toHaveLength(12);
  });

  test('to the metadata address, or to plain HTTP elsewhere, are refused without a request', async () => {
    for (const location of ['http://169.254.169.254/latest', 'https://169.254.169.254/latest', 'http://cdn.example/']) {
      const server = await serve((_, response) => response.writeHead(307, { location }).end());
      await expect(get(open(), server.url)).rejects.toEqual(refused('redirect-refused'));
    }
  });

  test('from https to http are refused', async () => {
    const plain = await serve((_, response) => response.end('x'));
    const tls = await selfSigned('127.0.0.1');
    const server = await serve((_, response) => response.writeHead(307, { location: plain.url }).end(), tls);
    const door = open({ ca: { [server.host]: tls.cert } });
    await expect(get(door, server.url)).rejects.toEqual(refused('redirect-refused'));
    expect(plain.requests).toHaveLength(0);
  });
});

describe('addresses, deployed', () => {
  const resolving =
    (...addresses: string[]): LookupFunction =>
    (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  test.each([
    'http://registry.example/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::169.254.169.254]/',
    'https://169.254.169.254/',
    'https://10.0.0.1/',
    'https://user@registry.example/',
  ])('%s is refused, as denied: the image names it', async (url) => {
    await expect(get(open({ addresses: [] }), url)).rejects.toEqual(
      expect.objectContaining({ reason: 'address-refused', kind: 'denied' }),
    );
  });

  test('as a token realm it is refused as unavailable: the registry names it', async () => {
    const request = get(open({ addresses: [] }), 'https://10.0.0.1/', { namedBy: new URL('https://registry.example') });
    await expect(request).rejects.toEqual(expect.objectContaining({ reason: 'redirect-refused', kind: 'unavailable' }));
  });

  test('a name is refused when any of its addresses is not public', async () => {
    for (const addresses of [
      ['127.0.0.1'],
      ['1.1.1.1', '10.0.0.1'],
      ['2606:4700::1', '::ffff:10.0.0.1'],
      ['fd00::1'],
    ]) {
      const door = open({ addresses: [], lookup: resolving(...addresses) });
      await expect(get(door, 'https://registry.example/')).rejects.toEqual(refused('address-refused'));
    }
  });

  test('a granted name is called at the address that was checked, however often the name is asked', async () => {
    const tls = await selfSigned('registry.example');
    const server = await serve((_, response) => response.end('x'), tls);
    const port = server.host.split(':')[1];
    let lookups = 0;
    const door = open({
      addresses: [{ ranges: ['127.0.0.0/8'], hosts: [`registry.example:${port}`] }],
      ca: { [`registry.example:${port}`]: tls.cert },
      lookup: (name, options, callback) => {
        lookups++;
        resolving('127.0.0.1')(name, options, callback);
      },
    });
    expect((await get(door, `https://registry.example:${port}/`)).status).toBe(200);
    expect(lookups).toBe(1);
    await expect(get(door, `https://other.example:${port}/`)).rejects.toEqual(refused('address-refused'));
    await expect(get(door, `https://127.0.0.1:${port}/`)).rejects.toEqual(refused('address-refused'));
  });

  test('a host whose name is a member of every object has no certificates of its own', async () => {
    const door = open({ ca: { 'registry.example': 'x' }, lookup: resolving('127.0.0.1'), connectTimeout: 500 });
    await expect(get(door, 'https://constructor/')).rejects.toThrow('the connection was refused');
  });

  test('a redirect to a name inside the network is refused when it is resolved', async () => {
    const tls = await selfSigned('registry.example');
    const server = await serve(
      (_, response) => response.writeHead(307, { location: 'https://inside.example/' }).end(),
      tls,
    );
    const port = server.host.split(':')[1];
    const door = open({
      addresses: [{ ranges: ['127.0.0.1/32'], hosts: ['registry.example'] }],
      ca: { [`registry.example:${port}`]: tls.cert },
      lookup: resolving('127.0.0.1'),
    });
    await expect(get(door, `https://registry.example:${port}/`)).rejects.toEqual(refused('redirect-refused'));
  });
});

describe('https first', () => {
  test('a plain server on loopback is asked over http, after one look that is no request', async () => {
    const server = await serve((_, response) => response.end('x'));
    const door = open();
    const spent = spending();
    expect(await Promise.all([door.origin(server.host, spent), door.origin(server.host, spent)])).toEqual([
      server.url,
      server.url,
    ]);
    expect(spent.spent.requests).toBe(0);
    expect(server.requests).toHaveLength(0);
  });

  test('a server that speaks TLS is asked over https, its certificate trusted or not', async () => {
    const tls = await selfSigned('127.0.0.1');
    const server = await serve((_, response) => response.end('x'), tls);
    expect(await open().origin(server.host, spending())).toBe(server.url);
    expect(await open({ ca: { [server.host]: tls.cert } }).origin(server.host, spending())).toBe(server.url);
  });

  test('hosts elsewhere are asked over https without a look, unless they are listed', async () => {
    const door = open();
    expect(await door.origin('ghcr.io', spending())).toBe('https://ghcr.io');
    const server = await serve((_, response) => response.end('x'));
    const port = server.host.split(':')[1];
    const lookup: LookupFunction = (_n, _o, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    for (const listed of ['registry.corp', `registry.corp:${port}`]) {
      const lax = open({ allowHttp: [listed], lookup });
      expect(await lax.origin(`registry.corp:${port}`, spending())).toBe(`http://registry.corp:${port}`);
      expect((await get(lax, `http://registry.corp:${port}/`)).status).toBe(200);
    }
    const other = open({ allowHttp: ['registry.corp:1'], lookup });
    expect(await other.origin(`registry.corp:${port}`, spending())).toBe(`https://registry.corp:${port}`);
    await expect(get(other, `http://registry.corp:${port}/`)).rejects.toEqual(refused('address-refused'));
    const any = open({ allowHttp: 'any', lookup });
    expect((await get(any, `http://registry.corp:${port}/`)).status).toBe(200);
    // Which addresses are called is another matter.
    const deployed = open({ addresses: [], allowHttp: 'any', lookup });
    await expect(get(deployed, `http://registry.corp:${port}/`)).rejects.toEqual(refused('address-refused'));
  });

  test('deployed, loopback is asked over https only, and then refused', async () => {
    const server = await serve((_, response) => response.end('x'));
    const door = open({ addresses: [] });
    expect(await door.origin(server.host, spending())).toBe(`https://${server.host}`);
    await expect(get(door, server.url)).rejects.toEqual(refused('address-refused'));
  });

  test('a server that starts to speak TLS is noticed after a failure', async () => {
    const server = await serve((_, response) => response.end('x'));
    const port = Number(server.host.split(':')[1]);
    const door = open();
    expect(await door.origin(server.host, spending())).toBe(server.url);
    await server.close();
    await expect(get(door, server.url)).rejects.toEqual(refused('registry-unreachable'));
    expect(await door.origin(`127.0.0.1:${port}`, spending())).toBe(`https://127.0.0.1:${port}`);
  });
});
