import { connect } from 'node:tls';

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly connections: number;
  /** Requests that a connection has under way at a time, as an API server's many calls share its connections. */
  readonly depth: number;
  readonly milliseconds: number;
}

/**
 * Answers per second of a server on loopback over TLS. The requests are bytes made beforehand and answers are only counted
 * by their length, so that the client costs less than any server it measures. Every answer must be as long as the first.
 */
export async function answersPerSecond(load: Load): Promise<number> {
  const request = Buffer.from(
    `POST ${load.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json\r\n` +
      `content-length: ${Buffer.byteLength(load.body)}\r\n\r\n${load.body}`,
  );
  const began = performance.now();
  const end = began + load.milliseconds;
  const counts = await Promise.all(
    Array.from({ length: load.connections }, () => drive(load.port, request, load.depth, end)),
  );
  return (counts.reduce((sum, count) => sum + count, 0) * 1000) / (performance.now() - began);
}

function drive(port: number, request: Buffer, depth: number, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    let length = 0;
    let head = Buffer.alloc(0);
    let bytes = 0;
    let answered = 0;
    let sent = 0;
    const send = (count: number) => {
      sent += count;
      socket.write(count === 1 ? request : Buffer.concat(Array.from({ length: count }, () => request)));
    };
    socket.setNoDelay(true);
    socket.once('secureConnect', () => send(depth));
    socket.on('data', (chunk) => {
      if (length === 0) {
        head = Buffer.concat([head, chunk]);
        length = answerLength(head);
        if (length === 0) return;
      }
      bytes += chunk.length;
      const done = Math.floor(bytes / length) - answered;
      answered += done;
      if (performance.now() < end) {
        if (done > 0) send(done);
      } else if (answered >= sent) {
        socket.destroy();
        resolve(answered);
      }
    });
    // An answer of another length, from the registry in place of the ledger, leaves a count that is never reached.
    const patience = setTimeout(() => socket.destroy(), end - performance.now() + 50);
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(patience);
      resolve(answered);
    });
  });
}

/** Bytes of the first answer, head and body; 0 while its head is not whole. Throws where it is no 200. */
function answerLength(head: Buffer): number {
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) return 0;
  const text = head.subarray(0, end).toString('latin1');
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the server answers ${text.split('\r\n', 1)[0]}`);
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  if (length === undefined) throw new Error('the answer has no length');
  return end + 4 + Number(length);
}
