import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openChromium, requireChromium } from "../../scripts/testing/chromium.ts";
import { requireProgram } from "../../scripts/testing/require-program.ts";
import { runProcess } from "../../scripts/testing/run-process.ts";
import { buildSuite } from "../build.ts";
import { listCases } from "./ra/cases.ts";
import { inputsOfCases } from "./ra-vectors.ts";
import { runSuite, type SuiteCounts } from "./suite.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const DAMAGED_COUNT = 300;
const SEED = 20_261;
/** Some seconds each; many more on a machine that does other work as well. */
const HOST_TIMEOUT_MS = 120_000;

/** What every host has to have checked: nothing may be left out anywhere. */
const KNOWN_COUNTS = { chdVectors: 78, raVectors: 204, damaged: DAMAGED_COUNT, failed: 0 };

const raInputs = inputsOfCases(listCases());
const node = requireProgram("node");
const hasChromium = requireChromium() !== null;

const memory = new Map<string, Promise<Uint8Array>>();
const readVectorFile = (path: string) => {
  const reading = memory.get(path) ?? readFile(folder + path).then((bytes) => new Uint8Array(bytes));
  memory.set(path, reading);
  return reading;
};

/** The counts and the failures of a host, so that a difference shows what it is about. */
interface HostRun {
  readonly counts: SuiteCounts;
  readonly failures: readonly string[];
}

let bunRun: Promise<HostRun> | undefined;

async function runInThisProcess(): Promise<HostRun> {
  const failures: string[] = [];
  const report = (line: string) => failures.push(line);
  const counts = await runSuite({
    readFile: readVectorFile,
    raInputs,
    report,
    damagedCount: DAMAGED_COUNT,
    seed: SEED,
  });
  return { counts, failures };
}

/** Once for all tests, whichever asks first. */
function runOnBun(): Promise<HostRun> {
  bunRun ??= runInThisProcess();
  return bunRun;
}

async function runOnNode(program: string): Promise<HostRun> {
  const command = [program, `${folder}run.mjs`, String(DAMAGED_COUNT), String(SEED)];
  const { output } = await runProcess(command, { cwd: folder, timeoutMs: HOST_TIMEOUT_MS, output: "keep" });
  const lines = output.trim().split("\n");
  return { counts: JSON.parse(lines.at(-1) ?? "") as SuiteCounts, failures: lines.slice(0, -2) };
}

/** What the page may do: run our script and compile WebAssembly, and nothing from elsewhere. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

async function answer(path: string): Promise<Response> {
  if (path === "/") {
    const headers = { "content-type": "text/html", "content-security-policy": POLICY };
    return new Response("<!doctype html><title>vectors</title>", { headers });
  }
  if (path === "/suite.js") {
    return new Response(Bun.file(`${folder}../dist/suite.js`), {
      headers: { "content-type": "text/javascript" },
    });
  }
  if (path === "/inputs") return Response.json(await raInputs.list());
  const [, kind, ...rest] = path.split("/").map(decodeURIComponent);
  if (kind === "inputs") {
    const [id = "", ...name] = rest;
    return new Response(new Uint8Array(await raInputs.readFile(id, name.join("/"))));
  }
  if (kind === "vectors") return new Response(new Uint8Array(await readVectorFile(rest.join("/"))));
  return new Response(null, { status: 404 });
}

/** Runs in the page, which knows nothing of this file. */
const PAGE_SCRIPT = `async ({ damagedCount, seed }) => {
  const { runSuite } = await import("/suite.js");
  const get = async (path) => {
    const response = await fetch(path);
    if (!response.ok) throw new Error(path + " answered " + response.status);
    return response;
  };
  const readBytes = async (path) => new Uint8Array(await (await get(path)).arrayBuffer());
  const files = new Map();
  const failures = [];
  const counts = await runSuite({
    readFile(path) {
      if (!files.has(path)) files.set(path, readBytes("/vectors/" + path));
      return files.get(path);
    },
    raInputs: {
      list: async () => (await get("/inputs")).json(),
      readFile: (id, path) => readBytes("/inputs/" + encodeURIComponent(id) + "/" + encodeURI(path)),
    },
    report: (line) => failures.push(line),
    damagedCount,
    seed,
  });
  return { counts, failures };
}`;

async function runOnChromium(): Promise<HostRun> {
  const said: string[] = [];
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => answer(new URL(request.url).pathname),
  });
  await using chromium = await openChromium({ onPageMessage: ({ text }) => said.push(text) });
  const page = await chromium.openPage();
  await page.goto(server.url.href);
  const argument = JSON.stringify({ damagedCount: DAMAGED_COUNT, seed: SEED });
  const run = (await page.evaluate(`(${PAGE_SCRIPT})(${argument})`)) as HostRun;
  return { counts: run.counts, failures: [...run.failures, ...said] };
}

async function expectSameAsBun(run: HostRun): Promise<void> {
  expect(run.failures).toEqual([]);
  expect(run.counts).toEqual((await runOnBun()).counts);
}

beforeAll(async () => {
  await buildSuite();
}, HOST_TIMEOUT_MS);

describe("every vector gives the known answer", () => {
  test(
    "on Bun",
    async () => {
      const { counts, failures } = await runOnBun();
      expect(failures).toEqual([]);
      const { cuts, ...known } = counts;
      expect(known).toEqual(KNOWN_COUNTS);
      expect(cuts).toBeGreaterThan(5000);
    },
    HOST_TIMEOUT_MS,
  );

  test.skipIf(node === null)(
    "on Node",
    async () => expectSameAsBun(await runOnNode(node ?? "")),
    2 * HOST_TIMEOUT_MS,
  );

  test.skipIf(!hasChromium)(
    "in Chromium",
    async () => expectSameAsBun(await runOnChromium()),
    2 * HOST_TIMEOUT_MS,
  );
});
