import { formatTarget } from "@multitap/db";
import { createTestDatabase } from "@multitap/db/testing";
import { runQueueContract } from "./contract.ts";
import { until } from "./contract-kit.ts";
import { createOpener, TEST_SPANS, type TestDatabase } from "./pg-boss.testing.ts";

async function startDoomedProcess({ target }: TestDatabase, name: string) {
  const child = Bun.spawn(
    [process.execPath, `${import.meta.dir}/doomed-worker.fixture.ts`, formatTarget(target), name],
    {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  let output = "";
  const reading = (async () => {
    for await (const chunk of child.stdout) output += Buffer.from(chunk).toString();
  })();
  await until(() => output.includes("ready"), 10_000);
  return {
    waitForJob: () => until(() => output.includes("job started"), 10_000),
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
      await reading;
    },
  };
}

runQueueContract("pg-boss", async () => {
  const database = await createTestDatabase();
  const opener = createOpener(database);
  return {
    first: await opener.open(),
    second: await opener.open(),
    db: database.handle.db,
    fullPauseMs: TEST_SPANS.fullPauseMs,
    open: () => opener.open(),
    startDoomedProcess: (name) => startDoomedProcess(database, name),
    async dispose() {
      await opener.close();
      await database.drop();
    },
  };
});
