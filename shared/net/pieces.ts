import type { Socket } from 'node:net';

/** Lines in a piece at most: where a header is over its bound, undici makes two errors of each line that is left in a piece. */
const mostLines = 256;
/** Lines in one turn of the event loop, of all connections that share it. */
const linesOfTurn = 1024;
/** What a piece costs beside its lines, in lines: chunks and packets may be a byte long. */
const costOfPiece = 16;

/** What connections hand over in one turn of the event loop, of all that share it. */
export interface TurnShare {
  /** Whether a connection may hand over a piece now; else it is told in a later turn that there is something to read. */
  admits(socket: Socket): boolean;
  handedOver(socket: Socket, lines: number): void;
}

/**
 * Has a connection hand over what it has received in pieces of few lines, and nothing once it is destroyed. undici takes all that
 * there is, 64 KB for instance, and parses it to its end in one call: a header over the bound destroys the connection, and each of
 * the lines behind it costs two errors with their stack traces, 30,000 of them a quarter of a second, in which nobody else is answered. So
 * do trailers, and in part what is within the bounds: announcements (1xx), chunks of one byte. What has few lines, as bodies have, is
 * handed over as it comes.
 */
export function inPieces(socket: Socket, share?: TurnShare): void {
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    if (socket.destroyed) return null;
    if (size !== undefined) return read(size);
    if (socket.readableLength > 0 && share?.admits(socket) === false) return null;
    const received: unknown = read();
    if (!Buffer.isBuffer(received)) return received;
    const { end, lines } = firstPiece(received);
    share?.handedOver(socket, lines);
    if (end === received.length) return received;
    socket.unshift(received.subarray(end));
    return received.subarray(0, end);
  };
}

/**
 * Of each connection one piece a turn, and of all together 1024 lines: some milliseconds. Those that wait go on in the next turn, the
 * one that has handed over the fewest lines first, so that one with an ordinary answer waits for none that pours.
 */
export function createTurnShare(): TurnShare {
  const waiting = new Set<Socket>();
  const taken = new WeakMap<Socket, number>();
  const inThisTurn = new Set<Socket>();
  let lines = 0;
  let turning = false;

  function turn(): void {
    lines = 0;
    inThisTurn.clear();
    const fewestFirst = [...waiting].sort((a, b) => (taken.get(a) ?? 0) - (taken.get(b) ?? 0));
    for (const socket of fewestFirst) {
      if (lines >= linesOfTurn) break;
      waiting.delete(socket);
      if (!socket.destroyed) socket.emit('readable');
    }
    turning = lines > 0 || waiting.size > 0;
    if (turning) setImmediate(turn);
  }

  function turnLater(): void {
    if (turning) return;
    turning = true;
    setImmediate(turn);
  }

  return {
    admits(socket) {
      if (lines < linesOfTurn && !inThisTurn.has(socket)) return true;
      waiting.add(socket);
      turnLater();
      return false;
    },
    handedOver(socket, count) {
      lines += count + costOfPiece;
      taken.set(socket, (taken.get(socket) ?? 0) + count + costOfPiece);
      inThisTurn.add(socket);
      turnLater();
    },
  };
}

function firstPiece(received: Buffer): { readonly end: number; readonly lines: number } {
  let end = 0;
  for (let lines = 0; lines < mostLines; lines++) {
    const at = received.indexOf(lineFeed, end);
    if (at === -1) return { end: received.length, lines };
    end = at + 1;
  }
  return { end, lines: mostLines };
}

const lineFeed = 10;
