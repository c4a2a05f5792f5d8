import type { Context } from "./context.ts";

/**
 * Runs `work` in one database transaction and delivers the events it raised after the commit.
 * A call inside a transaction joins it: the outermost operation owns commit and delivery.
 */
export async function inTransaction<T>(ctx: Context, work: (ctx: Context) => Promise<T>): Promise<T> {
  if (ctx.db !== ctx.ports.database) return await work(ctx);
  const raised: Parameters<Context["raise"]>[0][] = [];
  const result = await ctx.ports.database.transaction((tx) =>
    work({ ...ctx, db: tx, raise: (event) => void raised.push(event) }),
  );
  for (const event of raised) ctx.raise(event);
  return result;
}
