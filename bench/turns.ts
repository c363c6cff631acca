/** Microseconds that one call takes, of as many as go into `milliseconds`. */
export function perVerification(once: () => void, milliseconds: number): number {
  const started = performance.now();
  let times = 0;
  while (performance.now() - started < milliseconds) {
    for (let more = 0; more < 10; more += 1) once();
    times += 10;
  }
  return ((performance.now() - started) * 1000) / times;
}
