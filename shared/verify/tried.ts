/** In the words of denials: `1 signature tried`. */
export function triedText(tried: number): string {
  return `${tried} ${tried === 1 ? 'signature' : 'signatures'} tried`;
}
