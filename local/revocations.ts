import type { Clock, Elapsed } from '../shared/net/deadline.ts';
import { createDoor, type DoorSettings } from '../shared/net/door.ts';
import type { Metrics } from '../shared/net/metrics.ts';
import type { Revocations } from '../shared/revocation/revocation.ts';

export interface LocalRevocationsOptions {
  /** As registries are called: what is asked of responders is asked over plain HTTP whatever it says. */
  readonly door: DoorSettings;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  readonly metrics: Metrics;
}

export interface LocalRevocations extends Revocations {
  close(): Promise<void>;
}

/** Those who are asked whether certificates were revoked, loaded when a signature is first asked about. */
export function localRevocations({ door: settings, ...ports }: LocalRevocationsOptions): LocalRevocations {
  let loading: ReturnType<typeof load> | undefined;

  async function load() {
    const [{ createRevocations }, { localSigner }] = await Promise.all([
      import('../shared/revocation/create.ts'),
      import('./aws-signer.ts'),
    ]);
    const door = createDoor({ ...settings, allowHttp: 'any' });
    return { door, revocations: createRevocations({ door, ...ports, signer: localSigner(ports.clock) }) };
  }

  return {
    async ask(question, allowance) {
      loading ??= load();
      const { revocations } = await loading;
      return revocations.ask(question, allowance);
    },
    async close() {
      await (await loading)?.door.close();
    },
  };
}
