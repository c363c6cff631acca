/** One line on a terminal that says how far a long run is; silent elsewhere and for few images. */
export function progress(total: number, stream: NodeJS.WriteStream = process.stderr) {
  const shown = stream.isTTY && total > 1;
  let done = 0;
  const draw = () => stream.write(`\r\u001b[K${done} of ${total} images checked`);
  if (shown) draw();
  return {
    advance(count: number): void {
      done += count;
      if (shown) draw();
    },
    end(): void {
      if (shown) stream.write('\r\u001b[K');
    },
  };
}
