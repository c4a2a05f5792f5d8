import type { TestApp } from "./testing.ts";

type Sql = TestApp["database"]["handle"]["sql"];
/** What statements are sent through. */
type Sender = Pick<Sql, "unsafe">;

/**
 * Listens to what an app sends to its database, in transactions too.
 * @param pattern Which statements are meant: the job queue sends its own whenever it likes.
 * @returns Their texts as they come; whoever counts anew empties it.
 */
export function watchStatements({ database }: Pick<TestApp, "database">, pattern: RegExp): string[] {
  const { sql } = database.handle;
  const texts: string[] = [];
  const watch = (sender: Sender) => {
    const send = sender.unsafe.bind(sender) as Sender["unsafe"];
    const listen: Sender["unsafe"] = (text, ...rest) => {
      if (pattern.test(text)) texts.push(text);
      return send(text, ...rest);
    };
    Object.assign(sender, { unsafe: listen });
  };
  watch(sql);
  const begin = sql.begin.bind(sql) as unknown as (work: (tx: Sender) => unknown) => Promise<unknown>;
  // Transactions speak through a connection of their own.
  const watched = (work: (tx: Sender) => unknown) =>
    begin((tx) => {
      watch(tx);
      return work(tx);
    });
  Object.assign(sql, { begin: watched });
  return texts;
}
