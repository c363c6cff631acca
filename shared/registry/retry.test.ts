import type { DoorResponse } from '../net/door.ts';
import { spending } from '../net/testing/spending.ts';
import { Refusal } from '../reasons.ts';
import { retryAfter, withRetries } from './retry.ts';

/** Plays the answers one after the other; sleeps are put down and take no time. */
function play(answers: (number | Refusal | [number, string])[], remaining = 60_000) {
  const waits: number[] = [];
  let sent = 0;
  const { deadline, end } = spending({ remaining });
  const send = async (): Promise<DoorResponse> => {
    const answer = answers[sent++] ?? 200;
    if (answer instanceof Refusal) throw answer;
    const [status, header] = typeof answer === 'number' ? [answer, undefined] : answer;
    return {
      status,
      url: new URL('https://registry.example'),
      header: () => header,
      read: async () => new Uint8Array(),
      discard() {},
    };
  };
  const sleep = async (milliseconds: number) => {
    waits.push(milliseconds);
  };
  const result = withRetries(send, deadline, { clock: () => Date.UTC(2026, 0, 1), sleep, random: () => 0.5 });
  return { result, waits, sent: () => sent, end };
}

const reset = new Refusal('registry-unreachable', 'x', { cause: { code: 'ECONNRESET' } });

test.each([[408], [429], [500], [503], [reset]])('%s is tried again', async (answer) => {
  const played = play([answer, answer, 200]);
  expect((await played.result).status).toBe(200);
  expect(played.waits).toEqual([100, 300]);
});

test('four times at most', async () => {
  const played = play([429, 429, 429, 429, 200]);
  expect((await played.result).status).toBe(429);
  expect(played.sent()).toBe(4);
  const broken = play([reset, reset, reset, reset, 200]);
  await expect(broken.result).rejects.toBe(reset);
  expect(broken.sent()).toBe(4);
});

test.each([[200], [401], [403], [404], [400], [501]])('%d is not', async (status) => {
  const played = play([status, 200]);
  expect((await played.result).status).toBe(status);
  expect(played.sent()).toBe(1);
});

test.each([
  new Refusal('registry-unreachable', 'x', { cause: { code: 'ENOTFOUND' } }),
  new Refusal('registry-unreachable', 'x', { cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } }),
  new Refusal('registry-unreachable', 'x', { cause: { code: 'CERT_HAS_EXPIRED' } }),
  new Refusal('redirect-refused', 'x'),
  new Refusal('deadline', 'x'),
])('nor is $cause.code $code', async (refusal) => {
  const played = play([refusal, 200]);
  await expect(played.result).rejects.toBe(refusal);
});

test('Retry-After is waited for', async () => {
  const played = play([[429, '2'], [503, 'Thu, 01 Jan 2026 00:00:05 GMT'], [429, '0'], 200]);
  expect((await played.result).status).toBe(200);
  expect(played.waits).toEqual([2000, 5000, 900]);
});

test('a wait that the deadline has no room for is not begun, nor one beyond the cap', async () => {
  for (const played of [play([[429, '11']], 10_000), play([[429, '10']], 10_000), play([[429, '3600']], 7_200_000)]) {
    expect((await played.result).status).toBe(429);
    expect(played.waits).toEqual([]);
  }
  expect((await play([[429, '9'], 200], 10_000).result).status).toBe(200);
});

test('the forms of Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(retryAfter('120', now)).toBe(120_000);
  expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
  expect(retryAfter('Wed, 31 Dec 2025 00:01:00 GMT', now)).toBe(0);
  expect(retryAfter('soon', now)).toBeUndefined();
  expect(retryAfter(undefined, now)).toBeUndefined();
});
