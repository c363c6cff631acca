/**
 * What of a page's output a command did not print, or undefined: the page's text has to be found in what was printed, in its order. `…`
 * stands for anything, spaces and line breaks do not count, and what differs each time (hashes, times) counts as the same.
 */
export function notPrinted(shown: string, printed: string): string | undefined {
  const found = steady(printed);
  let at = 0;
  for (const part of steady(shown).split('…')) {
    const next = found.indexOf(part, at);
    if (next === -1) return part;
    at = next + part.length;
  }
  return undefined;
}

function steady(text: string): string {
  return text
    .replaceAll(/sha256:[0-9a-f]{6,64}/g, 'sha256:#')
    .replaceAll(/\b\d+(?:\.\d+)? ms\b/g, '# ms')
    .replaceAll(/\b\d+h(?:\d+m)?(?:\d+(?:\.\d+)?s)?(?=,)/g, '#h')
    .replaceAll(/\b\d+ days?\b/g, '# days')
    .replaceAll(/\s+/g, '');
}
