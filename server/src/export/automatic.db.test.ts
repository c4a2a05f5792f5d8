import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { startMetadataWorker } from "../metadata/service.ts";
import { storeProviderAnswers } from "../roms/provider-metadata/service.ts";
import { openScannedLibrary, type ScannedLibrary } from "../scan/scan.testing.ts";
import { startExportWorker } from "./service.ts";

const WAIT_MS = 10_000;
const POLL_MS = 20;

let library: ScannedLibrary;

beforeEach(async () => {
  library = await openScannedLibrary();
  const options = { createContext: () => library.app.createContext() };
  await startMetadataWorker(library.app.ports, { ...options, storeAnswers: storeProviderAnswers });
  await startExportWorker(library.app.ports, options);
  await library.put("roms/nes/Game (USA).nes", "x");
  await library.put("roms/gb/Other.gb", "y");
}, 30_000);
afterEach(() => library?.close());

const at = (path: string) => join(library.app.basePath, "library", path);

async function configure(text: string): Promise<void> {
  await Bun.write(join(library.app.basePath, "config", "config.yml"), text);
}

/** Waits until a file is there and gives its text. */
async function appeared(path: string): Promise<string> {
  for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; ) {
    const text = await readFile(at(path), "utf8").catch(() => null);
    if (text !== null) return text;
    await Bun.sleep(POLL_MS);
  }
  throw new RangeError(`${path} was not written`);
}

const exists = (path: string) =>
  stat(at(path)).then(
    () => true,
    () => false,
  );

describe("lists after a scan", () => {
  test("are written as the operator asked, and are no roms at the next scan", async () => {
    await configure("scan:\n  gamelist:\n    export: true\n  pegasus:\n    export: true\n");
    expect((await library.scan()).status).toBe("done");
    expect(await appeared("roms/nes/gamelist.xml")).toContain("    <path>./Game (USA).nes</path>\n");
    expect(await appeared("roms/gb/gamelist.xml")).toContain("    <path>./Other.gb</path>\n");
    expect(await appeared("roms/nes/metadata.pegasus.txt")).toContain("\nfile: Game (USA).nes\n");
    expect(await appeared("roms/gb/metadata.pegasus.txt")).toContain("collection: Game Boy\n");
    await library.scan();
    expect((await library.roms()).map((rom) => rom.fsName)).toEqual(["Game (USA).nes", "Other.gb"]);
  }, 30_000);

  test("are left alone while nobody asked", async () => {
    await configure("scan:\n  pegasus:\n    export: true\n");
    await library.scan();
    // Formats are written in order, so the second one tells that the first was passed over.
    expect(await appeared("roms/nes/metadata.pegasus.txt")).toContain("file: Game (USA).nes\n");
    expect(await exists("roms/nes/gamelist.xml")).toBe(false);
  }, 30_000);
});
