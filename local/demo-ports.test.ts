import { busyPort } from '../test/e2e/processes.ts';
import { demoPorts, portProblem } from './demo-ports.ts';

const host = '127.0.0.1';

test('the words after npm start: both ports by their options, or by default', () => {
  expect(demoPorts([])).toEqual({ webhooks: 9443, registry: 5080 });
  expect(demoPorts(['--registry-port', '0', '--port', '65535'])).toEqual({ webhooks: 65_535, registry: 0 });
  for (const words of [['--help'], ['-h'], ['--port', '1', '--help']]) expect(demoPorts(words)).toBe('help');
});

test.each<[string[], string]>([
  [['--prot', '1'], "Unknown option '--prot'"],
  [['9444'], "Unexpected argument '9444'"],
  [['--port'], "'--port <value>' argument missing"],
  [['--port', 'x'], "--port takes a number from 0 to 65535, not 'x'"],
  [['--port', ''], "--port takes a number from 0 to 65535, not ''"],
  [['--port', '1e3'], "--port takes a number from 0 to 65535, not '1e3'"],
  [['--registry-port', '65536'], "--registry-port takes a number from 0 to 65535, not '65536'"],
])('%j is told', (words, problem) => {
  expect(demoPorts(words)).toEqual({ problem: expect.stringContaining(problem) });
});

test('ports that can be had are no problem', async () => {
  expect(await portProblem({ webhooks: 0, registry: 0 }, host)).toBeUndefined();
});

test('one suggestion has all that is to be changed, and keeps what is right: following it leads to no second refusal', async () => {
  await using webhooks = await busyPort();
  await using registry = await busyPort();
  for (const ports of [
    { webhooks: webhooks.port, registry: registry.port },
    { webhooks: webhooks.port, registry: 0 },
    { webhooks: 0, registry: registry.port },
    { webhooks: webhooks.port, registry: webhooks.port },
  ]) {
    const problem = (await portProblem(ports, host)) ?? '';
    for (const port of Object.values(ports)) {
      if (port !== 0) expect(problem).toContain(`port ${port} on 127.0.0.1 is in use`);
    }
    const [, words = ''] = /; try: npm start -- (.*)$/.exec(problem) ?? [];
    const next = demoPorts(words.split(' '));
    if (typeof next !== 'object' || 'problem' in next) throw new Error(`no command: ${problem}`);
    expect(await portProblem(next, host)).toBeUndefined();
    if (ports.registry === 0) expect(next.registry).toBe(0);
    if (ports.webhooks === 0) expect(next.webhooks).toBe(0);
  }
});
