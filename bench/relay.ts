/**
 * What it costs to pass inputs on between players, by each way in which they meet, against what is usual:
 *
 *     bun bench/relay.ts [--rooms 50] [--rounds 5] [--seconds 3] [--only NAME] [--json FILE]
 */
import { parseArgs } from "node:util";
import { parseCount } from "./lib/arguments.ts";
import { runBench } from "./lib/cleanup.ts";
import { describeMachine } from "./lib/machine.ts";
import { printReport } from "./lib/report.ts";
import { rawScenario } from "./relay/raw.ts";
import type { RelayScenario } from "./relay/scenario.ts";
import { socketIoScenario } from "./relay/socket-io.ts";

const SCENARIOS: readonly RelayScenario[] = [socketIoScenario, rawScenario];

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rooms: { type: "string", default: "50" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      only: { type: "string" },
      json: { type: "string" },
    },
  });
  return {
    rooms: parseCount("rooms", values.rooms, [1, 100]),
    rounds: parseCount("rounds", values.rounds, [1, 100]),
    seconds: parseCount("seconds", values.seconds, [1, 60]),
    only: values.only,
    json: values.json,
  };
}

await runBench(async (cleanup) => {
  const options = readOptions(process.argv.slice(2));
  for (const { name, run } of SCENARIOS) {
    if (options.only !== undefined && !name.toLowerCase().includes(options.only.toLowerCase())) continue;
    const machine = describeMachine();
    const outcome = await run(cleanup, options);
    printReport({ title: `Relay, ${name}`, machine, ...outcome }, options.json);
  }
});
