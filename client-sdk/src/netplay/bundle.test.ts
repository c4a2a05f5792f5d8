import { beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

/** What loads before anything is called, min+gzip: the design's budget. */
const FIRST_LOAD_BYTES_MAX = 9 * 1024;
/** What the first room loads besides: play by the relay, and direct paths. */
const ROOM_BYTES_MAX = 11 * 1024;
/** Of the main entry only what calls, errors and streams need. */
const OF_MAIN_ENTRY = [
  "client-parts.ts",
  "environment.ts",
  "errors.ts",
  "events/stream.ts",
  "events/wake.ts",
  "http/calls.ts",
  "http/deadline.ts",
  "http/retry.ts",
  "limits.ts",
  "listeners.ts",
  "redact.ts",
];

let firstBytes = 0;
let roomBytes = 0;
let inputs: readonly string[] = [];
let firstInputs: readonly string[] = [];

const toSource = (path: string) => path.replace(/^.*client-sdk\/src\//, "");

beforeAll(async () => {
  const result = await Bun.build({
    entrypoints: [fileURLToPath(new URL("../entries/netplay.ts", import.meta.url))],
    target: "browser",
    splitting: true,
    minify: true,
    metafile: true,
    throw: true,
  });
  const outputs = Object.entries(result.metafile?.outputs ?? {});
  const nameOf = (path: string) => path.replace(/^.*\//, "");
  const entry = outputs.find(([, { entryPoint }]) => entryPoint?.endsWith("entries/netplay.ts"))?.[0] ?? "";
  const first = new Set([nameOf(entry)]);
  for (const name of first) {
    const found = outputs.find(([path]) => nameOf(path) === name)?.[1].imports ?? [];
    for (const { path, kind } of found) if (kind === "import-statement") first.add(nameOf(path));
  }
  for (const output of result.outputs) {
    const { length } = Bun.gzipSync(new Uint8Array(await output.arrayBuffer()), { level: 9 });
    if (first.has(nameOf(output.path))) firstBytes += length;
    else roomBytes += length;
  }
  inputs = outputs.flatMap(([, output]) => Object.keys(output.inputs).map(toSource));
  firstInputs = outputs
    .filter(([path]) => first.has(nameOf(path)))
    .flatMap(([, output]) => Object.keys(output.inputs).map(toSource));
}, 30_000);

describe("the bundle of /netplay", () => {
  test("loads little at first, and not much with the first room", () => {
    console.log(`/netplay, min+gzip bytes: ${firstBytes} at first, ${roomBytes} with the first room`);
    expect(firstInputs).toContain("netplay/netplay.ts");
    for (const late of ["netplay/room.ts", "netplay/peer.ts"]) {
      expect(firstInputs).not.toContain(late);
      expect(inputs).toContain(late);
    }
    expect(firstBytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
    expect(roomBytes).toBeLessThanOrEqual(ROOM_BYTES_MAX);
  });

  test("holds nothing of the main entry but its tools", () => {
    const foreign = inputs.filter(
      (path) => !/^(?:netplay|entries)\//.test(path) && !OF_MAIN_ENTRY.includes(path),
    );
    expect(foreign).toEqual([]);
  });
});
