/** The connections of a pool: each a driver instance of its own that is dropped when its socket closes. */
import postgres from "postgres";
import { DbError } from "../errors.ts";
import {
  type DriverOptions,
  type DriverQuery,
  type DriverSql,
  findHandler,
  type QueryHandler,
  whenSettled,
} from "./driver.ts";
import { createStatementBook, type StatementBook } from "./prepared.ts";

/** More waiting work than this means that the database is gone or far too slow: refuse, do not pile up. */
const WAITING_MAX = 10_000;

/** Queries sent ahead on one busy connection when all are busy; more would only queue at the server. */
const PIPELINED_MAX = 8;

export interface Slot {
  readonly sql: DriverSql;
  /** Runs a query on this slot's connection. */
  readonly run: QueryHandler;
  /** What was handed over and has not settled. */
  readonly running: Set<DriverQuery>;
  /** Only its holder may use it. */
  isReserved: boolean;
  /** The socket is gone; nothing may be written any more. */
  isDead: boolean;
}

export interface Slots {
  readonly options: DriverOptions;
  readonly max: number;
  readonly open: Set<Slot>;
  readonly book: StatementBook;
  /** Called in order with a free slot, or with null when the pool closes. */
  readonly waiting: ((slot: Slot | null) => void)[];
  isClosing: boolean;
}

/** A pool without connections yet. @param options Already parsed by the driver, so that all slots share them. */
export function createSlots(options: DriverOptions, max: number): Slots {
  return { options, max, open: new Set(), book: createStatementBook(), waiting: [], isClosing: false };
}

function openSlot(slots: Slots): Slot {
  const sql = postgres({
    ...slots.options,
    max: 1,
    onclose: () => endSlot(slots, slot),
  }) as unknown as DriverSql;
  const slot: Slot = { sql, run: findHandler(sql), running: new Set(), isReserved: false, isDead: false };
  slots.open.add(slot);
  return slot;
}

/** Drops a connection; whatever still runs on it is told so. Safe to call again. */
export function endSlot(slots: Slots, slot: Slot): void {
  if (slot.isDead) return;
  slot.isDead = true;
  slots.open.delete(slot);
  for (const query of slot.running) query.reject(createLostError());
  void slot.sql.end({ timeout: 0 });
  serveWaiting(slots);
}

/** An idle slot, a new one, or, for short work when all are taken, the least busy one. */
function findSlot(slots: Slots, isExclusive: boolean): Slot | null {
  let best: Slot | null = null;
  for (const slot of slots.open) {
    if (slot.isReserved) continue;
    if (slot.running.size === 0) return slot;
    if (slot.running.size < (best?.running.size ?? PIPELINED_MAX)) best = slot;
  }
  if (slots.open.size < slots.max) return openSlot(slots);
  return isExclusive ? null : best;
}

/** Gives free slots to those who wait; to be called whenever one may have become free. */
export function serveWaiting(slots: Slots): void {
  while (slots.waiting.length > 0) {
    const slot = slots.isClosing ? null : findSlot(slots, true);
    if (slot === null && !slots.isClosing) return;
    slots.waiting.shift()?.(slot);
  }
}

export interface Work {
  slot: Slot;
  query: DriverQuery;
  /** True where the query itself, and no session around it, holds the slot for itself. */
  isHolder: boolean;
}

/** Notes that a slot works on a query until that has settled. */
export function track(slots: Slots, { slot, query, isHolder }: Work): void {
  slot.running.add(query);
  if (isHolder) slot.isReserved = true;
  whenSettled(query, () => {
    slot.running.delete(query);
    if (isHolder) slot.isReserved = false;
    serveWaiting(slots);
  });
}

/** Runs a query on whatever slot is best, now or when one becomes free. */
export function dispatch(slots: Slots, query: DriverQuery): void {
  // COPY and cursors hold their connection for as long as their reader likes.
  const isHolder = query.streaming === true || query.cursorFn !== undefined;
  const give = (slot: Slot | null) => {
    if (query.cancelled) return;
    if (slot === null) {
      query.reject(createClosedError());
      return;
    }
    track(slots, { slot, query, isHolder });
    slot.run(query);
  };
  const slot = slots.isClosing || slots.waiting.length > 0 ? null : findSlot(slots, isHolder);
  if (slot !== null || slots.isClosing) give(slot);
  else if (slots.waiting.length < WAITING_MAX) slots.waiting.push(give);
  else query.reject(createFullError());
}

/** A slot for the caller alone, who sets `isReserved` back to false. */
export async function acquireSlot(slots: Slots): Promise<Slot> {
  if (slots.isClosing) throw createClosedError();
  const free = slots.waiting.length === 0 ? findSlot(slots, true) : null;
  if (free !== null) {
    free.isReserved = true;
    return free;
  }
  if (slots.waiting.length >= WAITING_MAX) throw createFullError();
  return await new Promise((resolve, reject) => {
    slots.waiting.push((slot) => {
      if (slot === null) {
        reject(createClosedError());
        return;
      }
      slot.isReserved = true;
      resolve(slot);
    });
  });
}

export function createLostError(): DbError {
  return new DbError(
    "E_DB_CONNECT",
    "the connection to the database was lost: its work is undone. Try again.",
  );
}

function createClosedError(): DbError {
  return new DbError("E_DB_CONNECT", "the database pool is closed: the program is stopping. Start it again.");
}

function createFullError(): DbError {
  const text = `the database does not keep up: ${WAITING_MAX} queries wait for a connection. Try again later.`;
  return new DbError("E_DB_CONNECT", text);
}
