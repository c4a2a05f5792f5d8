import { openDatabase, parseTarget } from "@multitap/db";
import { assert } from "../../base/assert.ts";
import { createPgListener } from "../kv/pg-listener.ts";
import { createPgBossQueue } from "./pg-boss.ts";

// A process for tests: works on the job name of its second argument in the database of its first, says so on
// standard output, and waits for its death.
// Nobody may be left behind by a test that was itself killed: the end of standard input ends this process.
process.stdin.on("end", () => process.exit(1)).resume();

const [targetText, name] = process.argv.slice(2);
assert(targetText !== undefined && name !== undefined, "usage: doomed-worker <target> <job name>");

const handle = openDatabase(parseTarget(targetText), {
  maxConnections: 3,
  applicationName: "multitap-doomed",
});
const report = (message: string, cause: unknown) => console.error(message, cause);
const listener = createPgListener(handle.sql, report);
const queue = await createPgBossQueue(handle, { listener, report, leaseMs: 1_200 });
await queue.work(name, { concurrency: 1 }, async () => {
  console.info("job started");
  await new Promise(() => undefined);
});
console.info("ready");
