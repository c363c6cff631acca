import { UsageError } from '../usage.ts';

/** `countersign trust update|show`: the trust root, of which nothing is fetched by any other command. */
export async function trust(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === 'update') return (await import('./update.ts')).update(rest);
  if (name === 'show') return (await import('./show.ts')).show(rest);
  throw new UsageError(
    name === undefined
      ? 'write countersign trust show, or countersign trust update'
      : `there is no command 'trust ${name}', only trust show, trust update`,
  );
}
