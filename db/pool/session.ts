/** Work that needs one connection for itself: reserved connections and transactions. */
import { isConnectionLost } from "../errors.ts";
import { type DriverSql, routeQueries } from "./driver.ts";
import {
  acquireSlot,
  createLostError,
  endSlot,
  type Slot,
  type Slots,
  serveWaiting,
  track,
} from "./slots.ts";

interface Session {
  /** Bound to one connection; answers errors once that is lost or given back. */
  sql: DriverSql;
  isLost(): boolean;
  /** The first error of its queries. */
  failure(): unknown;
  /** Gives the connection back, or drops it when the state it is in is not known to be clean. */
  release(isClean: boolean): void;
}

async function openSession(slots: Slots): Promise<Session> {
  const slot = await acquireSlot(slots);
  try {
    return createSession(slots, slot, await slot.sql.reserve());
  } catch (error) {
    endSlot(slots, slot);
    throw error;
  }
}

function createSession(slots: Slots, slot: Slot, inner: DriverSql): Session {
  let isOver = false;
  let failure: unknown;
  const sql = routeQueries(inner, slots.book, (run) => (query) => {
    if (isOver || slot.isDead) {
      query.reject(createLostError());
      return;
    }
    track(slots, { slot, query, isHolder: false });
    query.catch((error) => {
      failure ??= error;
    });
    run(query);
  });
  const release = (isClean: boolean) => {
    if (isOver) return;
    isOver = true;
    slot.isReserved = false;
    if (slot.isDead) return;
    if (isClean) inner.release();
    else endSlot(slots, slot);
    serveWaiting(slots);
  };
  return { sql, release, isLost: () => slot.isDead, failure: () => failure };
}

/** As the driver's `sql.reserve()`: a connection for the caller alone, until its `release()`. */
export async function reserve(slots: Slots): Promise<DriverSql> {
  const session = await openSession(slots);
  return Object.assign(session.sql, { release: () => session.release(true) });
}

export type TransactionWork = (sql: DriverSql) => unknown;

/** As the driver's `sql.begin()`: commits what the work did, or rolls it back when the work or the commit fails. */
export async function begin(slots: Slots, mode: string, work: TransactionWork): Promise<unknown> {
  const session = await openSession(slots);
  let isClean = false;
  try {
    const begun = Promise.resolve(session.sql.unsafe(`begin ${mode.replace(/[^a-z ]/gi, "")}`));
    // A bare one fails with its connection alone, so it travels with the first statement of the work.
    if (mode !== "") await begun;
    const [result] = await Promise.all([runScope(addSavepoints(session.sql), work), begun]);
    const { command } = await session.sql.unsafe("commit");
    isClean = true;
    // The server turns the commit of a failed transaction into a rollback without an error.
    if (command !== "COMMIT") throw session.failure();
    return result;
  } catch (error) {
    if (!isClean && !isConnectionLost(error) && !session.isLost()) {
      const [outcome] = await Promise.allSettled([session.sql.unsafe("rollback")]);
      isClean = outcome?.status === "fulfilled";
    }
    throw error;
  } finally {
    session.release(isClean);
  }
}

/** Runs the body of a transaction or savepoint; an array of queries is awaited, as the driver does. */
async function runScope(sql: DriverSql, work: TransactionWork): Promise<unknown> {
  const result = await work(sql);
  return Array.isArray(result) ? await Promise.all(result) : result;
}

function addSavepoints(sql: DriverSql): DriverSql {
  let count = 0;
  const savepoint = async (...words: [unknown, unknown?]) => {
    const work = (typeof words[0] === "function" ? words[0] : words[1]) as TransactionWork;
    const name = `s${count++}`;
    await sql.unsafe(`savepoint ${name}`);
    try {
      const result = await runScope(scoped, work);
      await sql.unsafe(`release savepoint ${name}`);
      return result;
    } catch (error) {
      if (!isConnectionLost(error)) await sql.unsafe(`rollback to savepoint ${name}`);
      throw error;
    }
  };
  const scoped = Object.assign(sql, { savepoint });
  return scoped;
}
