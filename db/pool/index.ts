/**
 * A pool over postgres.js whose connections live once.
 *
 * The driver's own pool (3.4.9, the newest) does not survive the loss of a connection during a transaction: it writes
 * to a socket that is gone, which ends the process, or it waits for ever on the spoilt connection, or it runs the
 * rest of the transaction on another one (porsager/postgres issues 1208 and 1216, pull requests 1209 and 1215).
 * So here each connection is a driver instance of its own that is dropped when its socket closes, and a transaction
 * whose connection is gone only answers errors. Everything else (protocol, types, queries) stays the driver's.
 */
import postgres from "postgres";
import { type DriverOptions, type DriverSql, routeQueries } from "./driver.ts";
import { begin, reserve, type TransactionWork } from "./session.ts";
import { createSlots, dispatch, endSlot, type Slots, serveWaiting } from "./slots.ts";

/** How often a closing pool looks whether its last queries are done. */
const CLOSE_POLL_MS = 5;

/** How busy a pool is. */
export interface PoolUse {
  /** Connections that are open. */
  readonly openCount: number;
  /** Those among them that work, or that somebody has for themselves. */
  readonly busyCount: number;
  /** Queries and sessions that wait for one. */
  readonly waitingCount: number;
  readonly connectionsMax: number;
}

const slotsOf = new WeakMap<postgres.Sql, Slots>();

/** Tells how busy a pool is; null for what is no pool of ours. */
export function readPoolUse(pool: postgres.Sql): PoolUse | null {
  const slots = slotsOf.get(pool);
  if (slots === undefined) return null;
  const busy = [...slots.open].filter((slot) => slot.isReserved || slot.running.size > 0);
  return {
    openCount: slots.open.size,
    busyCount: busy.length,
    waitingCount: slots.waiting.length,
    connectionsMax: slots.max,
  };
}

/** Opens a pool; connects on first need. The result works as the driver's own `sql`. */
export function createPool(url: string, options: DriverOptions & { max: number }): postgres.Sql {
  // Never connects: it parses the options once and makes the query objects that the slots then run.
  const base = postgres(url, { ...options, max: 1 }) as unknown as DriverSql;
  const parsed = base.options as unknown as DriverOptions;
  const slots = createSlots(parsed, options.max);
  let listener: postgres.Sql | null = null;
  let closed: Promise<void> | null = null;

  const listen = (...words: Parameters<postgres.Sql["listen"]>) => {
    listener ??= postgres({ ...parsed, max: 1 }) as unknown as postgres.Sql;
    return listener.listen(...words);
  };
  const end = (given: { timeout?: number | undefined } = {}) => {
    const timeoutMs = (given.timeout ?? Number.POSITIVE_INFINITY) * 1000;
    closed ??= Promise.all([closeSlots(slots, timeoutMs), listener?.end({ timeout: 0 })]).then(
      () => undefined,
    );
    return closed;
  };
  const pool = routeQueries(base, slots.book, () => (query) => dispatch(slots, query));
  const made = Object.assign(pool, {
    reserve: () => reserve(slots),
    begin: (...words: [string | TransactionWork, TransactionWork?]) => {
      const [mode, work] = typeof words[0] === "string" ? [words[0], words[1]] : ["", words[0]];
      return begin(slots, mode, work as TransactionWork);
    },
    end,
    close: end,
    listen,
  }) as unknown as postgres.Sql; // The driver's generics for these members cannot be repeated in an object.
  slotsOf.set(made, slots);
  return made;
}

async function closeSlots(slots: Slots, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  slots.isClosing = true;
  serveWaiting(slots); // Tells those who wait that nothing comes.
  const isBusy = () => [...slots.open].some((slot) => slot.isReserved || slot.running.size > 0);
  while (isBusy() && performance.now() < deadline) await Bun.sleep(CLOSE_POLL_MS);
  for (const slot of [...slots.open]) endSlot(slots, slot);
}
