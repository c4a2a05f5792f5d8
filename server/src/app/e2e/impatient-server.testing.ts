/** The server as `main.ts` starts it, but for how long it waits for another owner of its data folder. */
import { reportRefusal } from "../../cli/serve.ts";
import { readConfig } from "../config.ts";
import { startServer } from "../start.ts";

const LOCK_WAIT_MS = 500;

try {
  await startServer(readConfig(process.env, { defaultBasePath: "data" }), { lockWaitMs: LOCK_WAIT_MS });
} catch (error) {
  process.exit(reportRefusal(error));
}
