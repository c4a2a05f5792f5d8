/** One connection for a whole dump or restore, with COPY both ways as streams. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { addressOptions, type ConnectionTarget, parseInt8 } from "../client.ts";
import { DbError } from "../errors.ts";

/** PostgreSQL's type number of int8. */
const INT8_OID = 20;
/** Bytes that a COPY hands on at once: rows come one by one, and a step of a stream costs more than a small row. */
const CHUNK_BYTES = 64 * 1024;
/** How long a closing connection may take to say so. */
const CLOSE_TIMEOUT_S = 2;

/** A connection of its own: what is begun on it is ended on it, or lost with it. */
export interface DumpSession {
  readonly sql: postgres.Sql;
  /** Runs one or more statements without parameters. */
  run(text: string): Promise<readonly postgres.Row[]>;
  /** The bytes of `COPY … TO STDOUT`. The session is busy until the last is read; leaving early closes it. */
  copyOut(text: string): AsyncGenerator<Uint8Array>;
  /** Feeds `COPY … FROM STDIN`. */
  copyIn(text: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a session. The pool is no place for this: a COPY that fails leaves its connection in a state that the driver
 * (3.4.9) does not recover from, so the connection is thrown away with the session.
 */
export function openSession(target: ConnectionTarget): DumpSession {
  let isOpen = true;
  const sql = postgres("url" in target ? target.url : "", {
    ...addressOptions(target),
    max: 1,
    prepare: false,
    idle_timeout: 0,
    // The driver would reconnect, and go on outside of the transaction that was lost.
    onclose: () => {
      isOpen = false;
    },
    onnotice: () => undefined,
    connection: {
      application_name: "multitap-backup",
      TimeZone: "UTC",
      DateStyle: "ISO, MDY",
      IntervalStyle: "postgres",
      extra_float_digits: 3,
      bytea_output: "hex",
      statement_timeout: 0,
      idle_in_transaction_session_timeout: 0,
      lock_timeout: 0,
    },
    types: { int8: { to: INT8_OID, from: [INT8_OID], serialize: String, parse: parseInt8 } },
  }) as unknown as postgres.Sql;
  const expectOpen = () => {
    if (isOpen) return;
    throw new DbError(
      "E_DB_CONNECT",
      "the connection to the database was lost: nothing was kept. Try again.",
    );
  };
  return {
    sql,
    async run(text) {
      expectOpen();
      return await sql.unsafe(text);
    },
    async *copyOut(text) {
      expectOpen();
      const rows = await sql.unsafe(text).readable();
      yield* gather(rows);
      wake(rows);
      expectOpen();
    },
    async copyIn(text, chunks) {
      expectOpen();
      await feed(sql, text, chunks);
      expectOpen();
    },
    close: () => sql.end({ timeout: CLOSE_TIMEOUT_S }),
  };
}

async function* gather(rows: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const row of rows) {
    held.push(row);
    heldBytes += row.byteLength;
    if (heldBytes < CHUNK_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

/**
 * The driver pauses its socket when the stream is full, and resumes it when more is read. When the last rows filled
 * the stream, nothing is read any more: the socket stays paused, and the next query waits for ever for its answer.
 */
function wake(rows: Readable): void {
  rows._read(0);
}

/**
 * The driver tells nobody when the server refuses the last rows of a COPY: its own promise was answered when the
 * stream opened. So a statement is sent behind it, which fails in a transaction that has failed.
 */
async function feed(sql: postgres.Sql, text: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const sink = await sql.unsafe(text).writable();
  const refused = Promise.withResolvers<never>();
  const source = async function* () {
    yield* chunks;
    // In the next turn the stream has ended, and its last message is on the way.
    setImmediate(() => {
      sql.unsafe("select 1").then(() => undefined, refused.reject);
    });
  };
  await Promise.race([pipeline(Readable.from(source()), sink), refused.promise]);
}
