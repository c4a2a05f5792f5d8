/** A running app with a scan worker over a library on disk, and scans of it. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { firmware } from "@multitap/db/schema/assets";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { asc } from "drizzle-orm";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import type { Scan } from "./contract.ts";
import { getScan, listScanProblems, startScan } from "./service.ts";

/** What a scan is asked for. */
export type ScanInput = Parameters<typeof startScan.run>[1];

/** How often an unfinished scan is looked at, and for how long. */
const POLL_MS = 20;
const POLLS_MAX = 1_500;

/** A library on disk and what scans made of it. */
export interface ScannedLibrary {
  readonly app: TestApp;
  /** Writes a file below the library; its path is its content unless said. */
  put(path: string, content?: string | Uint8Array): Promise<string>;
  move(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Runs one scan to its end. */
  scan(input?: Partial<ScanInput>): Promise<Scan>;
  /** Waits for the end of a scan. */
  ended(scanId: number): Promise<Scan>;
  roms(): Promise<readonly (typeof roms.$inferSelect)[]>;
  /** By folder and name. */
  files(): Promise<readonly (typeof romFiles.$inferSelect)[]>;
  firmware(): Promise<readonly (typeof firmware.$inferSelect)[]>;
  problems(scanId: number): Promise<readonly (readonly [code: string, path: string])[]>;
  close(): Promise<void>;
}

/** Completes what a scan is asked for. */
export function toScanInput(input: Partial<ScanInput> = {}): ScanInput {
  return {
    type: "quick",
    platformIds: [],
    platformFsSlugs: [],
    romIds: [],
    sources: [],
    whenBusy: "refuse",
    acceptMissing: false,
    ...input,
  };
}

/** Opens an empty library. */
export async function openScannedLibrary(options: TestAppOptions = {}): Promise<ScannedLibrary> {
  const app = await createTestApp({ withScanWorker: true, ...options });
  const at = (path: string) => join(app.basePath, "library", path);
  const db = app.ports.database;
  const ended = async (scanId: number) => {
    for (let polls = 0; ; polls += 1) {
      const scan = await getScan.run(app.createContext(), { scanId });
      if (scan.finishedAt !== null || polls >= POLLS_MAX) return scan;
      await Bun.sleep(POLL_MS);
    }
  };
  return {
    app,
    async put(path, content = path) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
      return at(path);
    },
    async move(from, to) {
      await mkdir(dirname(at(to)), { recursive: true });
      await rename(at(from), at(to));
    },
    remove: (path) => rm(at(path), { recursive: true }),
    async scan(input) {
      return await ended((await startScan.run(app.createContext(), toScanInput(input))).id);
    },
    ended,
    roms: () => db.select().from(roms).orderBy(asc(roms.fsName)),
    files: () => db.select().from(romFiles).orderBy(asc(romFiles.filePath), asc(romFiles.fileName)),
    firmware: () => db.select().from(firmware).orderBy(asc(firmware.fileName)),
    async problems(scanId) {
      const list = await listScanProblems.run(app.createContext(), { scanId });
      return list.map((problem) => [problem.code, problem.path] as const);
    },
    close: () => app.close(),
  };
}
