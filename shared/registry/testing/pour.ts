import type { ServerResponse } from 'node:http';

/** Writes `total` bytes in chunks, as fast as they are taken; the function says how many have been written so far. */
export function pour(response: ServerResponse, total: number, chunk: Uint8Array): () => number {
  let written = 0;
  const more = () => {
    while (written < total) {
      written += chunk.length;
      if (!response.write(chunk)) return;
    }
    response.end();
  };
  response.on('drain', more);
  more();
  return () => written;
}
