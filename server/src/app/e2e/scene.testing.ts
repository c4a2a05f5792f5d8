/** A base folder with a synthetic library, a server on it, and an administrator's client. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Scan, type ScanStep } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { expectedHashes } from "../../../../scripts/expected-hashes.ts";
import { createRandom } from "../../../../scripts/library/random.ts";
import { type MadeFile, type MadeLibrary, makeLibrary } from "../../../../scripts/make-library.ts";
import { SCOPES } from "../../base/scopes.ts";
import { unmountAll } from "./mounts.testing.ts";
import { endServers, type RunningServer, SceneError, startServer } from "./server-process.testing.ts";

/** Files of a library; `MULTITAP_E2E_FILES=5000` is the heavy form. */
export const FILES = Number(process.env.MULTITAP_E2E_FILES ?? "1000");
/** The heavy form also runs what only passes time. */
export const IS_HEAVY = FILES >= 5000;
/** `MULTITAP_E2E_STRICT=1` holds measured times against their budgets, for a machine that does nothing else. */
export const SLACK = process.env.MULTITAP_E2E_STRICT === "1" ? 1 : 4;
/** How often a server or its database is killed at a random point. */
export const KILLS = Number(process.env.MULTITAP_E2E_KILLS ?? "2");
/** Where base folders are made; `MULTITAP_E2E_ROOT` says on which disk. */
const ROOT = process.env.MULTITAP_E2E_ROOT ?? chooseRoot();

const PLATFORMS = 10;
const SCAN_MAX_MS = 120_000;
const POLL_MS = 20;

/** In memory where there is plenty: a busy disk is not what these tests are about. */
function chooseRoot(): string {
  const facts = existsSync("/dev/shm") ? statfsSync("/dev/shm") : null;
  const freeBytes = facts === null ? 0 : facts.bavail * facts.bsize;
  return freeBytes >= 4 * 2 ** 30 ? "/dev/shm" : tmpdir();
}

const folders = new Set<string>();

/** A new folder, removed by `endScenes`. */
export function makeFolder(name: string): string {
  const path = mkdtempSync(join(ROOT, `multitap-e2e-${name}-`));
  folders.add(path);
  return path;
}

/** Ends every server and removes every folder, so that nothing outlives a failed test. */
export async function endScenes(): Promise<void> {
  try {
    await endServers();
  } finally {
    // Before anything is removed, or what is mounted would be removed too.
    unmountAll();
    for (const path of folders) rmSync(path, { recursive: true, force: true });
    folders.clear();
  }
}

export interface LibraryOptions {
  readonly files?: number | undefined;
  readonly platforms?: number | undefined;
  readonly sizeBytes?: { readonly least: number; readonly most: number } | undefined;
}

export interface Base {
  readonly basePath: string;
  readonly library: MadeLibrary;
}

/** A base folder whose library is filled; nothing else is in it. */
export async function makeBase(name: string, options: LibraryOptions = {}): Promise<Base> {
  const basePath = join(makeFolder(name), "base");
  mkdirSync(basePath);
  const library = await makeLibrary({
    outPath: join(basePath, "library"),
    fileCount: options.files ?? FILES,
    platformCount: options.platforms ?? PLATFORMS,
    sizeBytes: options.sizeBytes,
  });
  return { basePath, library };
}

const ACCOUNT = { username: "operator", password: "a password of the tests" };

/** Makes the first account, as a browser's setup page does over REST, and gives an access token of it. */
export async function createAdmin(url: string): Promise<string> {
  const greeting = await fetch(`${url}/api/heartbeat`);
  const csrfToken = new Bun.CookieMap(greeting.headers.getSetCookie().join("; ")).get("romm_csrftoken") ?? "";
  const made = await fetch(`${url}/api/users`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      cookie: `romm_csrftoken=${csrfToken}`,
      "x-csrftoken": csrfToken,
    },
    body: JSON.stringify({ ...ACCOUNT, email: "", role: "admin" }),
  });
  if (made.status !== 201) throw new SceneError(`no first account: ${made.status} ${await made.text()}`);
  return await signIn(url);
}

/** An access token of the first account. */
export async function signIn(url: string): Promise<string> {
  const form = { grant_type: "password", ...ACCOUNT, scope: SCOPES.join(" ") };
  const response = await fetch(`${url}/api/token`, { method: "POST", body: new URLSearchParams(form) });
  if (!response.ok) throw new SceneError(`no token: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { access_token: string }).access_token;
}

/** A client of a server for as long as the test needs it; to be closed. */
export function openClient({ url }: Pick<RunningServer, "url">, token: string): Client {
  return createClient({ url, auth: token, transfers: { concurrency: 8 } });
}

/** Waits for the end of a scan by asking. */
export async function waitForScan(client: Client, scanId: number): Promise<Scan> {
  return await askUntil(client, scanId, (scan) => scan.finishedAt !== null);
}

/** Waits until a scan reaches a phase. */
export async function waitForPhase(client: Client, scanId: number, phase: Scan["phase"]): Promise<void> {
  await askUntil(client, scanId, (scan) => scan.phase === phase);
}

async function askUntil(client: Client, scanId: number, isIt: (scan: Scan) => boolean): Promise<Scan> {
  const deadlineMs = performance.now() + SCAN_MAX_MS;
  for (;;) {
    const scan = await client.scan.get(scanId);
    if (isIt(scan)) return scan;
    if (performance.now() > deadlineMs) throw new SceneError(`the scan hangs: ${JSON.stringify(scan)}`);
    await Bun.sleep(POLL_MS);
  }
}

type ScanInput = Parameters<Client["scan"]["start"]>[0];

/** How a scan ended. */
export type ScanEnd = Pick<Scan, "id" | "status" | "errorMessage"> & Scan["stats"];

/** Starts a scan and waits for its end. */
export async function runScan(client: Client, input: ScanInput = {}): Promise<ScanEnd> {
  const { id, status, errorMessage, stats } = await waitForScan(client, (await client.scan.start(input)).id);
  return { id, status, errorMessage, ...stats };
}

/** Starts a scan and follows its events to the end. */
export async function followScan(client: Client): Promise<readonly ScanStep[]> {
  const { id } = await client.scan.start();
  const steps: ScanStep[] = [];
  for await (const step of client.scan.watch(id, { signal: AbortSignal.timeout(SCAN_MAX_MS) }))
    steps.push(step);
  return steps;
}

/** One file of the library as the server tells it, without what differs from run to run. */
export interface KnownFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly isMissing: boolean;
}

export interface KnownLibrary {
  /** In the order of their paths. */
  readonly files: readonly KnownFile[];
  /** Rom ids by path. */
  readonly romIds: ReadonlyMap<string, number>;
  readonly fileIds: readonly number[];
}

/** Reads the whole library through the client. */
export async function readLibrary(client: Client): Promise<KnownLibrary> {
  const files: KnownFile[] = [];
  const romIds = new Map<string, number>();
  const fileIds: number[] = [];
  for await (const rom of client.roms.each({ with: ["files"], pageSize: 500 })) {
    for (const file of rom.files) {
      const path = `${file.filePath}/${file.fileName}`;
      const { sizeBytes, crc32, md5, sha1 } = file;
      files.push({ path, sizeBytes, crc32, md5, sha1, isMissing: rom.isMissing });
      fileIds.push(file.id);
      romIds.set(path, rom.id);
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, romIds, fileIds };
}

/** What the server must tell of a library once it is scanned, by the digests of tools that are not ours. */
export async function expectLibrary(library: MadeLibrary): Promise<readonly KnownFile[]> {
  const digests = await expectedHashes(library.files.map((file) => file.path));
  const files = library.files.map((file): KnownFile => {
    const found = digests.get(file.path);
    if (found?.crc32 == null) throw new SceneError(`no digests of ${file.path}`);
    const { crc32, md5, sha1 } = found;
    return { path: toLibraryPath(file), sizeBytes: file.sizeBytes, crc32, md5, sha1, isMissing: false };
  });
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Downloads asked for at once; the client itself lets eight run. */
const DOWNLOADS_AT_ONCE = 32;

/** Downloads every file of a library into a folder of its own; gives those whose bytes differ. */
export async function downloadAll(
  client: Client,
  library: MadeLibrary,
  known: KnownLibrary,
): Promise<readonly MadeFile[]> {
  const target = makeFolder("downloads");
  const left = [...library.files];
  const differing: MadeFile[] = [];
  const download = async () => {
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      const romId = known.romIds.get(toLibraryPath(file)) ?? 0;
      const path = join(target, String(romId));
      await client.roms.download(romId, fileSink(path));
      if (!readFileSync(path).equals(readFileSync(file.path))) differing.push(file);
    }
  };
  await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, download));
  return differing;
}

/** A made file's path as the server names it, below the library. */
export function toLibraryPath(file: MadeFile): string {
  return `roms/${file.platformSlug}/${file.fsName}`;
}

/** A base folder as a stopped server left it, with its first account but before its first scan. */
export interface Prepared extends Base {
  readonly token: string;
  readonly expected: readonly KnownFile[];
}

/** Starts a server on a new base folder once, so that copies of it start fast and know the account. */
export async function prepareBase(name: string, options: LibraryOptions = {}): Promise<Prepared> {
  const base = await makeBase(name, options);
  const server = await startServer({ basePath: base.basePath });
  const token = await createAdmin(server.url);
  await server.stop();
  return { ...base, token, expected: await expectLibrary(base.library) };
}

/** A copy of a base folder, to be used up by one test. */
export function copyBase({ basePath }: Base, name: string): string {
  const copy = join(makeFolder(name), "base");
  cpSync(basePath, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

/** Random numbers that a printed seed brings back: `MULTITAP_E2E_SEED`. */
export function createDice(): { readonly seed: number; next(): number } {
  const seed = Number(process.env.MULTITAP_E2E_SEED ?? Math.floor(Math.random() * 1e9));
  const random = createRandom(`e2e/${seed}`);
  return { seed, next: () => random.below(1_000_000) / 1_000_000 };
}
