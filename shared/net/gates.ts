import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Elapsed, monotonic } from './deadline.ts';

/** The code under which a handshake ends that is over its bound. */
export const handshakeTooLarge = 'HANDSHAKE_TOO_LARGE';

/** Bytes of a handshake: a chain of certificates has some 5 KB, and one of many names in it some 10. */
const largestHandshake = 16 * 1024;
/** Bytes that are handed over at once. */
const piece = 16 * 1024;
/** Milliseconds of TLS in one turn of the event loop, of all gates together. */
const share = 10;

/** What TLS reads from a connection, and writes to it. */
export interface Gate extends Duplex {
  /** The handshake is over. */
  opened(): void;
}

export interface Gates {
  /** A gate before a connection that has just been made; it is the connection's end as well. */
  before(socket: Socket): Gate;
}

/** One that waits to hand over what has come. */
interface Waiting {
  /** Milliseconds that TLS has computed for it. */
  readonly taken: number;
  readonly pending: number;
  handOver(): void;
}

/**
 * Gates between connections and their TLS, for hosts that an image's author chose. OpenSSL computes all that a handshake asks in one
 * piece, before anybody knows whether the certificates are trusted: 55 certificates whose keys are made to be slow take a
 * quarter of a second. So a handshake is bounded in bytes, one after the other is given to OpenSSL, those with the fewest bytes first, and
 * after more than 10 ms of it the process has as long for what else there is.
 */
export function createGates(elapsed: Elapsed = monotonic): Gates {
  const waiting = new Set<Waiting>();
  let turning = false;

  function turn(): void {
    let spent = 0;
    const least = [...waiting].sort((a, b) => a.taken - b.taken || a.pending - b.pending);
    for (const one of least) {
      if (spent >= share) break;
      waiting.delete(one);
      const before = one.taken;
      one.handOver();
      spent += one.taken - before;
    }
    turning = spent > 0 || waiting.size > 0;
    if (spent > share) setTimeout(turn, spent);
    else if (turning) setImmediate(turn);
  }

  function wants(one: Waiting): void {
    waiting.add(one);
    if (turning) return;
    turning = true;
    setImmediate(turn);
  }

  return { before: (socket) => new SocketGate(socket, wants, elapsed) };
}

class SocketGate extends Duplex implements Gate, Waiting {
  taken = 0;
  readonly #socket: Socket;
  readonly #wants: (one: Waiting) => void;
  readonly #elapsed: Elapsed;
  #handshake: number | undefined = 0;

  constructor(socket: Socket, wants: (one: Waiting) => void, elapsed: Elapsed) {
    super();
    this.#socket = socket;
    this.#wants = wants;
    this.#elapsed = elapsed;
    socket.on('readable', () => wants(this));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.#socket.readableEnded || this.destroy());
  }

  get pending(): number {
    return this.#socket.readableLength;
  }

  opened(): void {
    this.#handshake = undefined;
  }

  handOver(): void {
    if (this.destroyed) return;
    const length = this.pending;
    const chunk: unknown = length > piece ? this.#socket.read(piece) : this.#socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    if (this.#handshake !== undefined) {
      this.#handshake += chunk.length;
      if (this.#handshake > largestHandshake) return void this.destroy(tooLarge());
    }
    const since = this.#elapsed();
    const wantsMore = this.push(chunk);
    this.taken += this.#elapsed() - since;
    // Called for what is left, and to be told of what comes.
    if (wantsMore) this.#wants(this);
  }

  override _read(): void {
    this.#wants(this);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

function tooLarge(): NodeJS.ErrnoException {
  return Object.assign(new Error(`the handshake is over ${largestHandshake} bytes`), { code: handshakeTooLarge });
}
