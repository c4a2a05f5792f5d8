/** A place that takes the bytes of one file. */
export interface ByteSink {
  /** Opens the place; goes on from what an earlier, suspended write of the same content left there. */
  open(expected: {
    readonly name: string;
    readonly sizeBytes: number | null;
    /** Only bytes taken under the same one may be gone on from. Null: never go on. */
    readonly validator: string | null;
  }): Promise<ByteWriter>;
}

/** An open place. Its functions are called one after the other, never at the same time. */
export interface ByteWriter {
  /** Bytes that are there; the next `write` adds behind them. */
  readonly offsetBytes: number;
  /** Throws away what is there: the content changed. */
  restart(): Promise<void>;
  /** Adds bytes; the chunk may be reused once this has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  /** The content is complete: makes it durable and shows it under its name. */
  commit(): Promise<void>;
  /** The writing stops here: keeps what is there for another `open`. */
  suspend(): Promise<void>;
}
