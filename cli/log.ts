import { plainName } from '../shared/answer/message.ts';
import type { AdmissionRecord } from '../shared/answer/record.ts';
import { printable } from '../shared/printable.ts';
import { UsageError } from './usage.ts';

/** Milliseconds, which nobody who reads along notices. */
const gatherMs = 10;

/** Where admissions leave their lines: for people on a terminal, JSON else. */
export interface RecordLog {
  write(record: AdmissionRecord): void;
  /** Writes what is still held back. */
  flush(): void;
}

/**
 * Lines are gathered for `gatherMs` and written together, so that a busy server makes one system call for many admissions.
 */
export function recordLog(format: string | undefined, stream: NodeJS.WriteStream): RecordLog {
  const chosen = format ?? (stream.isTTY ? 'text' : 'json');
  if (chosen === 'none') return { write: () => undefined, flush: () => undefined };
  if (chosen !== 'text' && chosen !== 'json') throw new UsageError(`--log takes text, json or none, not '${format}'`);
  let held: string[] = [];
  const flush = () => {
    if (held.length > 0) stream.write(held.join(''));
    held = [];
  };
  return {
    write(record) {
      if (held.length === 0) setTimeout(flush, gatherMs);
      held.push(chosen === 'json' ? `${JSON.stringify(record)}\n` : textOf(record));
    },
    flush,
  };
}

function textOf(record: AdmissionRecord): string {
  const object = `${record.kind} ${plainName(record.namespace)}/${plainName(record.name) || '(generated)'}`;
  const head = `${record.allowed ? 'allowed' : 'denied '} ${record.step} ${record.operation} ${object}`;
  const images = record.images.map(
    ({ image, policy, rule, result, reason, source }) =>
      `        ${result} ${image} ${policy}/${rule} ${reason} (${source})`,
  );
  const omitted = record.imagesOmitted === undefined ? [] : [`        and ${record.imagesOmitted} more`];
  return [head, ...images, ...omitted].map((line) => `${printable(line)}\n`).join('');
}
