import { type Arguments, single } from './arguments.ts';
import { UsageError } from './usage.ts';

/** The webhook token of `--token`; `undefined` where none is given. Throws UsageError for what cannot stand in a URL as it is. */
export function tokenFrom(found: Arguments): string | undefined {
  const token = single(found, 'token', undefined);
  if (token !== undefined && !/^[A-Za-z0-9_-]{8,128}$/.test(token)) {
    throw new UsageError(
      '--token takes 8 to 128 characters of A-Z, a-z, 0-9, _ and -: it is the last segment of the URL',
    );
  }
  return token;
}
