const nothing = new Uint8Array(0);

/**
 * Bytes put together as they come. In tiny pieces they take no more memory than in large ones: a piece of one byte that is kept is
 * an object of a hundred, and whoever sends the bytes chooses the pieces.
 */
export class Pieces {
  #bytes: Uint8Array = nothing;
  /** Whether `#bytes` is ours to write to; a first piece is kept as it came. */
  #own = false;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(piece: Uint8Array): void {
    if (this.#size === 0 && !this.#own) {
      this.#bytes = piece;
      this.#size = piece.byteLength;
      return;
    }
    const size = this.#size + piece.byteLength;
    if (!this.#own || size > this.#bytes.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#size, size));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
      this.#own = true;
    }
    this.#bytes.set(piece, this.#size);
    this.#size = size;
  }

  /** All bytes; nothing may be added after it. */
  bytes(): Buffer {
    if (!this.#own && Buffer.isBuffer(this.#bytes)) return this.#bytes;
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#size);
  }
}
