import { createInterface } from 'node:readline';
import type { Context } from 'aws-lambda';
import type { AdmissionHandler } from '../../functions/http/handler.ts';
import type { Asked } from './aws-world.ts';

/**
 * One instance of the admission function in a process of its own. Its argument is a bundle's file; without one it is made of the sources,
 * with a clock that can be moved. Reads one JSON object a line, prints what the function prints, and then the answer on a line of its own.
 */
const [bundle] = process.argv.slice(2);
let ahead = 0;
const clock = () => Date.now() + ahead;

const handler = await load();

async function load(): Promise<AdmissionHandler> {
  if (bundle !== undefined) return (await import(bundle)).handler;
  const { deployAdmission } = await import('../../functions/admission/deploy.ts');
  const deployment = deployAdmission(process.env, { clock });
  await deployment.begin();
  return deployment.handler;
}

async function answer(asked: Asked): Promise<unknown> {
  if ('ahead' in asked) {
    ahead = asked.ahead;
    return undefined;
  }
  if ('event' in asked) {
    const end = performance.now() + asked.remaining;
    return handler(asked.event, { getRemainingTimeInMillis: () => end - performance.now() } as Context);
  }
  // What a function does that hears of a change: it has the table, and no key.
  const [{ dynamoClient }, { dynamoTable }, { renewGeneration }] = await Promise.all([
    import('../../shared/aws/dynamodb-client.ts'),
    import('../../shared/aws/dynamodb-table.ts'),
    import('../../shared/ledger/generation.ts'),
  ]);
  const client = dynamoClient({ region: process.env['AWS_REGION'] ?? '' });
  const tableName = process.env['LEDGER_TABLE'] ?? '';
  const table = dynamoTable({ client, tableName, metrics: { count: () => undefined } });
  await renewGeneration(table, asked.renew, { clock, signal: AbortSignal.timeout(5000) });
  return undefined;
}

for await (const line of createInterface({ input: process.stdin })) {
  let told: object;
  try {
    told = { answered: (await answer(JSON.parse(line))) ?? null };
  } catch (thrown) {
    told = { failed: Error.isError(thrown) ? thrown.stack : String(thrown) };
  }
  process.stdout.write(`\n${JSON.stringify(told)}\n`);
}
