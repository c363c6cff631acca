import { dynamoClient } from '../../shared/aws/dynamodb-client.ts';
import { dynamoTable } from '../../shared/aws/dynamodb-table.ts';
import type { Table } from '../../shared/ledger/table.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import type { AwsConfig } from './config/aws.ts';
import type { TableConfig } from './config/ledger.ts';

export type TableClient = ReturnType<typeof dynamoClient>;

export interface LedgerTableOptions {
  readonly config: AwsConfig & TableConfig;
  readonly metrics: Metrics;
  /** Made from the configuration where it is absent. */
  readonly client?: TableClient | undefined;
}

/** The ledger's table, in DynamoDB of the function's region. Asks it for nothing. */
export function ledgerTable({ config, metrics, client }: LedgerTableOptions): Table {
  return dynamoTable({
    client: client ?? dynamoClient({ region: config.region }),
    tableName: config.table,
    metrics,
  });
}

/**
 * Name resolution, TCP and TLS take longer than a read: they are done before the first read is needed. Resolves when the table has been
 * connected to, or could not be.
 */
export async function connect(table: Table, metrics: Metrics): Promise<void> {
  const nothing = { pk: 'none', sk: 'none' };
  try {
    await table.read([nothing], { consistent: false, signal: AbortSignal.timeout(1000) });
  } catch {
    metrics.count('table-not-connected');
  }
}
