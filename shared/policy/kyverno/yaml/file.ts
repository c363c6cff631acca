import { LineCounter, type Node } from 'yaml';
import { Place } from '../place.ts';
import type { Report } from '../report.ts';

/** What a file is read as: how much it may bring, and what to say of a template. */
export interface FileKind {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Values with aliases written out: the cap on what anchors can multiply. */
  readonly maxNodes: number;
  /** The command that renders a template. */
  readonly render: string;
}

/** A file while it is read: where things stand in it, and how much of its bounds is left for all its documents. */
export class YamlFile {
  readonly text: string;
  readonly kind: FileKind;
  readonly report: Report;
  readonly lines = new LineCounter();
  #nodes: number;

  constructor(text: string, kind: FileKind, report: Report) {
    this.text = text;
    this.kind = kind;
    this.report = report;
    this.#nodes = kind.maxNodes;
  }

  /** Counts one value more; false once there are too many. */
  countNode(): boolean {
    this.#nodes -= 1;
    return this.#nodes >= 0;
  }

  /** `line` is 1-based, 0 for the file as a whole. */
  problem(line: number, message: string): void {
    this.report.problem(new Place(undefined, '', line), message);
  }

  /** The line of an offset in the text. */
  lineAt(offset: number): number {
    return this.lines.linePos(offset).line;
  }

  lineOf(node: Node, otherwise: number): number {
    return node.range ? this.lineAt(node.range[0]) : otherwise;
  }
}
