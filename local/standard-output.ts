/** A reader that stops reading (`| head`) is no defect: what it does not want is dropped. */
export function tolerateClosedOutput(): void {
  process.stdout.off('error', tolerated).on('error', tolerated);
}

function tolerated(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
