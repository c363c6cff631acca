import type { Text } from '../wildcard.ts';

/** A text that counts the characters at which a matcher looks, or has them looked at: a search costs place × part at most. */
export function countedText(text: string): Text & { readonly looks: number } {
  let looks = 0;
  const looked = (count: number) => {
    looks += count;
  };
  return {
    length: text.length,
    charCodeAt(index) {
      looked(1);
      return text.charCodeAt(index);
    },
    startsWith(part) {
      looked(part.length);
      return text.startsWith(part);
    },
    endsWith(part) {
      looked(part.length);
      return text.endsWith(part);
    },
    indexOf(part, from = 0) {
      const found = text.indexOf(part, from);
      const places = found === -1 ? Math.max(0, text.length - from - part.length + 1) : found - from + 1;
      looked(places * part.length);
      return found;
    },
    get looks() {
      return looks;
    },
  };
}
