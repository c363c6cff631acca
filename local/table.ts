/** One line of the demo's table of verdicts. */
export interface Row {
  readonly image: string;
  readonly verdict: string;
  readonly detail: string;
}

const headings: Row = { image: 'IMAGE', verdict: 'VERDICT', detail: 'REASON' };

/** Columns as wide as their longest cell. */
export function tableOf(rows: readonly Row[]): string {
  const all = [headings, ...rows];
  const width = (cell: 'image' | 'verdict') => Math.max(...all.map((row) => row[cell].length));
  return all
    .map((row) =>
      `${row.image.padEnd(width('image'))}  ${row.verdict.padEnd(width('verdict'))}  ${row.detail}`.trimEnd(),
    )
    .join('\n');
}
