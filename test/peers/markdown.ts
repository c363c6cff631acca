/** A fenced block of a page. */
export interface Block {
  /** Its info string: `sh`, `yaml`, `text`. */
  language: string;
  /** The number of its first line after the fence. */
  line: number;
  text: string;
}

/** The exit status that a block of commands has to end with: the N of `# exit N` at its end, else 0. */
export function statusOf({ text }: Block): number {
  return Number(/# exit (\d+)\s*$/.exec(text)?.[1] ?? '0');
}

/** The fenced blocks of a Markdown page (CommonMark 4.5, backticks), their indentation in a list taken off. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: RegExp; block: Block; lines: string[] } | undefined;
  for (const [index, line] of page.split('\n').entries()) {
    if (open === undefined) {
      const [, space = '', fence, language = ''] = /^( *)(`{3,})([^`]*)$/.exec(line) ?? [];
      if (fence === undefined) continue;
      const block = { language: language.trim(), line: index + 2, text: '' };
      open = { fence, indent: new RegExp(`^ {0,${space.length}}`), block, lines: [] };
    } else if (line.trim().startsWith(open.fence) && /^`+$/.test(line.trim())) {
      blocks.push({ ...open.block, text: open.lines.join('\n') });
      open = undefined;
    } else open.lines.push(line.replace(open.indent, ''));
  }
  if (open !== undefined) throw new Error(`the block at line ${open.block.line} does not end`);
  return blocks;
}
