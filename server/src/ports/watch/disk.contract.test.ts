import { runWatchContract } from "./contract.ts";
import { createDiskWatch } from "./disk.ts";

const watch = createDiskWatch({ rootCheckMs: 30 });

runWatchContract("the system's notices", { watch, isPolling: false, settleMs: 100 });
runWatchContract("looking", { watch, isPolling: true, settleMs: 150 });
