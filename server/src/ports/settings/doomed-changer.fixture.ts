import { assert } from "../../base/assert.ts";
import { createDiskFiles } from "../files/disk.ts";
import { createLog } from "../log/pino.ts";
import { createFileSettings } from "./file.ts";

// A process for tests: changes the settings file of its argument again and again, and waits for its death.
// Nobody may be left behind by a test that was itself killed: the end of standard input ends this process.
process.stdin.on("end", () => process.exit(1)).resume();

const [path] = process.argv.slice(2);
assert(path !== undefined, "usage: doomed-changer <path>");

const log = createLog({ level: "error", format: "text" });
const settings = createFileSettings({ path, files: createDiskFiles(), log });
console.info("ready");
for (let count = 0; ; count += 1) {
  await settings.change(() => [
    { kind: "set", path: ["system", "platforms", `folder-${count % 500}`], value: `slug-${count}` },
  ]);
}
