/** A running app over a small library with real files. */
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { ADMIN, addAccounts } from "../auth/calls.testing.ts";
import { ensurePlatform } from "../platforms/service.ts";
import { inputOf } from "../rpc/kit.testing.ts";
import { addDiscoveredRoms } from "./discovery/service.ts";
import { storeHashes } from "./hashes/service.ts";

/** When every file of a test library was last changed, unless said. */
export const MODIFIED_AT = new Date("2026-01-02T03:04:05.678Z");

/** One answer with its body read. */
export interface LibraryAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Hashes of one file, lower-case hex. */
export interface Hashes {
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

/** A library on disk and in the database, and both doors to it. */
export interface TestLibrary {
  readonly app: TestApp;
  /** A bearer header of the viewer that holds this scope alone. */
  tokenWith(scope: string): Promise<string>;
  /** The id of a platform's row, made when it is not there. */
  addPlatform(fsSlug: string): Promise<number>;
  /** Writes files of one byte each and adds their roms; returns the ids by file name. */
  addRoms(fsSlug: string, fsNames: readonly string[]): Promise<Readonly<Record<string, number>>>;
  /** Adds the rom of one file with these bytes; returns its id. */
  addRom(fsSlug: string, fsName: string, bytes: string): Promise<number>;
  /** Hashes that a scan would have found, by rom id. */
  setHashes(romId: number, hashes: Hashes): Promise<void>;
  /** Runs a statement as another part of the server would. */
  change(statement: string): Promise<void>;
  /** Calls the REST door as the administrator. */
  get<T = unknown>(path: string, init?: RequestInit): Promise<LibraryAnswer<T>>;
  /** Calls a query of the tRPC door as the administrator; the body is the output or the error's data. */
  ask<T = unknown>(
    procedure: string,
    input?: unknown,
    authorization?: string | null,
  ): Promise<LibraryAnswer<T>>;
  close(): Promise<void>;
}

/** Opens a library without roms, with an administrator and a viewer. */
export async function openLibrary(options: TestAppOptions = {}): Promise<TestLibrary> {
  const app = await createTestApp(options);
  await addAccounts(app);
  return {
    app,
    tokenWith: (scope) => grantToken(app, scope),
    addPlatform: (fsSlug) => addPlatform(app, fsSlug),
    addRoms: (fsSlug, fsNames) =>
      addFiles(
        app,
        fsSlug,
        fsNames.map((name) => [name, "x"] as const),
      ),
    addRom: async (fsSlug, fsName, bytes) => (await addFiles(app, fsSlug, [[fsName, bytes]]))[fsName] ?? 0,
    setHashes: (romId, hashes) => setHashes(app, romId, hashes),
    async change(statement) {
      await app.database.handle.sql.unsafe(statement);
      forgetAnswers(app);
    },
    get: (path, init) => fetchJson(app, path, init),
    async ask(procedure, input = undefined, authorization = ADMIN) {
      const path = `/trpc/${procedure}${input === undefined ? "" : `?${inputOf(input)}`}`;
      const headers: Record<string, string> = authorization === null ? {} : { authorization };
      const { body, ...rest } = await fetchJson<RpcBody>(app, path, { headers });
      return { ...rest, body: (body.error === undefined ? body.result?.data : body.error.data) as never };
    },
    close: () => app.close(),
  };
}

/** Kept answers are forgotten as after a scan, without waiting for the announcement. */
function forgetAnswers(app: TestApp): void {
  app.createContext().noteWrite();
}

async function grantToken(app: TestApp, scope: string): Promise<string> {
  const form = new URLSearchParams({ username: "ana", password: "viewerpass", scope });
  const granted = await app.fetch("/api/token", { method: "POST", body: form });
  return `Bearer ${((await granted.json()) as { access_token: string }).access_token}`;
}

async function addPlatform(app: TestApp, fsSlug: string): Promise<number> {
  const noBindings = { platformsBinding: new Map(), platformsVersions: new Map() };
  const { id } = await ensurePlatform(app.ports.database, fsSlug, noBindings);
  forgetAnswers(app);
  return id;
}

type GivenFile = readonly [name: string, bytes: string];

async function addFiles(app: TestApp, fsSlug: string, files: readonly GivenFile[]) {
  const fsPath = `roms/${fsSlug}`;
  const folder = join(app.basePath, "library", fsPath);
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) {
    await writeFile(join(folder, name), bytes);
    await utimes(join(folder, name), MODIFIED_AT, MODIFIED_AT);
  }
  const found = files.map(([fsName, bytes]) => {
    const facts = { sizeBytes: Buffer.byteLength(bytes), modifiedAtMs: MODIFIED_AT.getTime() };
    const file = { ...facts, fileName: fsName, filePath: fsPath, category: null };
    return { fsName, fsPath, isFolder: false, sizeBytes: facts.sizeBytes, files: [file] };
  });
  const platformId = await addPlatform(app, fsSlug);
  await addDiscoveredRoms(app.ports.database, found, { platformId, isHashed: false });
  const { sql } = app.database.handle;
  const rows = await sql<{ id: number; fs_name: string }[]>`select id, fs_name from roms
    where platform_id = ${platformId} and fs_name = any(${files.map(([name]) => name)})`;
  forgetAnswers(app);
  return Object.fromEntries(rows.map((row) => [row.fs_name, row.id]));
}

async function setHashes(app: TestApp, romId: number, hashes: Hashes): Promise<void> {
  const { sql } = app.database.handle;
  const [file] = await sql<{ id: number; size: number }[]>`select id, file_size_bytes as size from rom_files
    where rom_id = ${romId}`;
  const facts = { fileId: file?.id ?? 0, sizeBytes: file?.size ?? 0, modifiedAtMs: MODIFIED_AT.getTime() };
  await storeHashes(app.ports.database, {
    files: [{ ...facts, ...hashes, chdSha1: "", isPacked: false, archiveMembers: null }],
    roms: [{ romId, ...hashes, raHash: "", isComplete: true }],
  });
  forgetAnswers(app);
}

interface RpcBody {
  readonly result?: { readonly data: unknown };
  readonly error?: { readonly data: unknown };
}

async function fetchJson<T>(app: TestApp, path: string, init: RequestInit = {}): Promise<LibraryAnswer<T>> {
  const headers = (init.headers ?? { authorization: ADMIN }) as Record<string, string>;
  const {
    status,
    headers: answered,
    ...rest
  } = await readAnswer(await app.fetch(path, { ...init, headers }));
  return { status, headers: answered, body: rest.body as T };
}

async function readAnswer(response: Response) {
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json" && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
