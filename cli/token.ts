import { isWebhookToken, tokenCharacters } from '../shared/admission/path.ts';
import { type Arguments, single } from './arguments.ts';
import { UsageError } from './usage.ts';

/** In characters. That of a deployment is longer, since anyone may try it. */
const shortest = 8;

/** The webhook token of `--token`; `undefined` where none is given. Throws UsageError for what cannot stand in a URL as it is. */
export function tokenFrom(found: Arguments): string | undefined {
  const token = single(found, 'token', undefined);
  if (token !== undefined && !isWebhookToken(token, shortest)) {
    throw new UsageError(`--token takes ${shortest} to ${tokenCharacters}: it is the last segment of the URL`);
  }
  return token;
}
