/** A part of the server that was opened and has to be closed. */
interface Part {
  close(): Promise<void> | void;
}

/** The parts of a server that are open: closed in reverse order, also when the start fails half-way. */
export class OpenedParts {
  readonly #parts: Part[] = [];

  /** Has a part closed with the others. @returns the same part */
  add<Opened extends Part>(part: Opened): Opened {
    this.#parts.push(part);
    return part;
  }

  /** Closes the part that was opened last, then the one before it, and so on. */
  async close(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part.close();
  }
}
