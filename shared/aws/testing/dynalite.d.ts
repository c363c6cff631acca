/** dynalite carries no types: a server that speaks DynamoDB's protocol and keeps its tables in memory. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  export default function dynalite(options?: { readonly createTableMs?: number }): Server;
}
