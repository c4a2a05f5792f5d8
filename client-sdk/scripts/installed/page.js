// Runs `smoke.mjs` in a page that Vite built; `#<token>` says as whom.
import { nativeWorkers } from "@multitap/client/native";
import { run } from "./smoke.mjs";

// As apps write it: bundlers find a worker only in the app's own code.
const create = () =>
  new Worker(new URL("@multitap/client/native/worker", import.meta.url), { type: "module" });

try {
  const workers = nativeWorkers(create, { count: 1 });
  await workers.close();
  globalThis.found = await run({ url: location.origin, token: location.hash.slice(1) });
} catch (error) {
  globalThis.found = { error: String(error) };
}
