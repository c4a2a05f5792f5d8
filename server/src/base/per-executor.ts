import type { Executor } from "@multitap/db";

/**
 * Ties prepared statements to the pool or transaction that runs them. Building a statement anew for each call
 * costs about as much as running it, and one that is not prepared takes two round trips instead of one.
 * @param make Must build statements whose text never depends on values: each text stays with every connection.
 * @returns A function that gives the same statements for the same executor, made on first use.
 */
export function perExecutor<T>(make: (db: Executor) => T): (db: Executor) => T {
  const made = new WeakMap<Executor, T>();
  return (db) => {
    const known = made.get(db);
    if (known !== undefined) return known;
    const fresh = make(db);
    made.set(db, fresh);
    return fresh;
  };
}
