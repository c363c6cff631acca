import { spreadText } from './spread.ts';

const rounds = 7;
/** How long one verifier's turn takes, about. */
const milliseconds = 300;

/** What the numbers are that `turns` comes to. */
export const meaning = `median of ${rounds} turns of about ${milliseconds} ms (range), microseconds for one verification`;

/** One turn of a verifier: the microseconds that one verification took. */
export type Turn = () => number | Promise<number>;

/** Has verifiers take turns in one run, and tells each one's times. The first round counts for none. */
export async function turns<Name extends string>(
  verifiers: Readonly<Record<Name, Turn>>,
): Promise<Readonly<Record<Name, string>>> {
  const entries = Object.entries<Turn>(verifiers).map(([name, turn]) => ({ name, turn, times: [] as number[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { turn, times } of entries) {
      const time = await turn();
      if (round > 0) times.push(time);
    }
  }
  return Object.fromEntries(entries.map(({ name, times }) => [name, spreadText(times)])) as Record<Name, string>;
}

/** Of as many calls as go into a turn. */
export function turnOf(once: () => void): Turn {
  return () => {
    const started = performance.now();
    let times = 0;
    while (performance.now() - started < milliseconds) {
      for (let more = 0; more < 10; more += 1) once();
      times += 10;
    }
    return ((performance.now() - started) * 1000) / times;
  };
}

/**
 * Of a program that verifies as often as it is told, in each of five turns of its own after one that does not count, and says how many
 * nanoseconds one took. All six go into a turn; what its start takes is not counted.
 */
export async function turnOfProgram(nanoseconds: (times: number) => Promise<number>): Promise<Turn> {
  const times = Math.ceil((milliseconds * 1e6) / 6 / (await nanoseconds(10)));
  return async () => (await nanoseconds(times)) / 1000;
}
