/** A real server with one rom, uploads made by hand, and a look at what lies on disk and in the database. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { type DatabaseHandle, openDatabase } from "@multitap/db";
import { sweepLeftovers } from "../../assets/trash/service.ts";
import type { Context } from "../../base/context.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { isPartialName } from "../../ports/files/port.ts";
import { createLog } from "../../ports/log/pino.ts";
import { createAdmin, openClient, runScan } from "./scene.testing.ts";
import { type RunningServer, SceneError, startServer, waitFor } from "./server-process.testing.ts";

/** One answer with its body read. */
export interface SentAnswer {
  readonly status: number;
  readonly text: string;
  /** `detail` of a refusal. */
  readonly detail: unknown;
  /** The save, if it is one. */
  readonly body: {
    readonly id: number;
    readonly file_name: string;
    readonly content_hash: string | null;
    readonly file_size_bytes: number;
  };
}

export interface SaveServer extends RunningServer {
  readonly token: string;
  readonly romId: number;
  call(method: string, path: string, init?: RequestInit): Promise<SentAnswer>;
  upload(
    file: { readonly name: string; readonly bytes: Uint8Array | string },
    query?: Readonly<Record<string, string>>,
  ): Promise<SentAnswer>;
  /** The bytes of a save. */
  download(
    saveId: number,
    headers?: Record<string, string>,
  ): Promise<{ readonly status: number; readonly bytes: Buffer }>;
}

const REQUEST_MAX_MS = 30_000;
const BOUNDARY = "----multitap-e2e";

/** A form with one file whose name is sent byte for byte, but for the quotes around it. */
export function toForm(name: string | Uint8Array, bytes: Uint8Array | string): Buffer {
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="saveFile"; filename="`),
    typeof name === "string" ? Buffer.from(name.replaceAll('"', "%22")) : name,
    Buffer.from(`"\r\nContent-Type: application/octet-stream\r\n\r\n`),
    typeof bytes === "string" ? Buffer.from(bytes) : bytes,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** Writes the one rom of a library. */
export function writeRom(basePath: string): void {
  const folder = join(basePath, "library", "roms", "gba");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "One.gba"), "one");
}

/** Starts a server on a base folder and makes its account; the rom is written when it is not there. */
export async function openSaveServer(
  basePath: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<SaveServer> {
  writeRom(basePath);
  const server = await startServer({ basePath, environment });
  const token = await createAdmin(server.url);
  const client = openClient(server, token);
  await runScan(client);
  const { items } = await client.roms.list({ limit: 1 });
  await client.close();
  const [rom] = items;
  if (rom === undefined) throw new SceneError("the scan found no rom");
  return { ...server, ...createCalls(server.url, token, rom.id), token, romId: rom.id };
}

type Calls = Pick<SaveServer, "call" | "upload" | "download">;

function createCalls(url: string, token: string, romId: number): Calls {
  const authorization = `Bearer ${token}`;
  const call: SaveServer["call"] = async (method, path, init = {}) => {
    const headers = { authorization, ...(init.headers as Record<string, string> | undefined) };
    const signal = AbortSignal.timeout(REQUEST_MAX_MS);
    // A dropped connection must not be tried again behind our back.
    const response = await fetch(url + path, { method, keepalive: false, signal, ...init, headers });
    const text = await response.text();
    const body = text.startsWith("{") ? JSON.parse(text) : {};
    return { status: response.status, text, body, detail: body.detail };
  };
  return {
    call,
    upload: ({ name, bytes }, query = {}) =>
      call("POST", `/api/saves?${new URLSearchParams({ rom_id: String(romId), ...query })}`, {
        headers: { "content-type": FORM_TYPE },
        body: new Uint8Array(toForm(name, bytes)),
      }),
    async download(saveId, headers = {}) {
      const init = { keepalive: false, headers: { authorization, ...headers } };
      const response = await fetch(`${url}/api/saves/${saveId}/content`, init);
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
    },
  };
}

/** Sends the head of a request and some of its body over a socket of its own. */
export interface HalfRequest {
  /** Sends more. */
  write(bytes: Uint8Array | string): void;
  /** Drops the connection. */
  cut(): void;
  /** The status and the text of the answer; null when there came none before the connection ended. */
  readonly answer: Promise<{ readonly status: number; readonly text: string } | null>;
}

/** Begins a request by hand. */
export function beginRequest(server: SaveServer, head: readonly string[]): HalfRequest {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  const { promise: answer, resolve } = Promise.withResolvers<{ status: number; text: string } | null>();
  let received = "";
  const settle = () => {
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(received) ?? [];
    resolve(status === undefined ? null : { status: Number(status), text: received });
  };
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    if (/\r\n\r\n[\s\S]*\}$/.test(received)) settle();
  });
  // Whatever ends it, what came until then counts.
  socket.on("error", settle).on("close", settle);
  socket.setTimeout(REQUEST_MAX_MS, () => socket.destroy());
  const [first = "", ...rest] = head;
  const lines = [
    first,
    "Host: localhost",
    `Authorization: Bearer ${server.token}`,
    "Connection: close",
    ...rest,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return {
    write: (bytes) => void socket.write(bytes),
    cut: () => void socket.destroy(),
    answer: answer.finally(() => socket.destroy()),
  };
}

/** Every file below a folder, as paths below it. */
function listFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    statSync(join(folder, path), { throwIfNoEntry: false })?.isFile(),
  );
}

interface NamedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha1: string;
}

/** Opens the database of a running server for a moment. */
async function withDatabase<T>(basePath: string, work: (handle: DatabaseHandle) => Promise<T>): Promise<T> {
  const note = JSON.parse(readFileSync(join(basePath, "postgres", "multitap.lock"), "utf8")) as {
    readonly socketFolder: string;
  };
  const target = { socketFolder: note.socketFolder, port: 5432, user: "multitap", database: "multitap" };
  const handle = openDatabase(target, { maxConnections: 1, applicationName: "multitap-e2e" });
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

async function listNamedFiles(basePath: string): Promise<readonly NamedFile[]> {
  return await withDatabase(
    basePath,
    async ({ sql }) =>
      await sql<NamedFile[]>`
        select stored_path as path, file_size_bytes::float8 as "sizeBytes", sha1_hash as sha1 from saves union
        select stored_path, file_size_bytes, sha1_hash from states union
        select stored_path, file_size_bytes, sha1_hash from trashed_assets where purged_at is null`,
  );
}

/** What must be true of the assets whatever happened: each list names what is wrong. */
export interface AssetFaults {
  /** Halves of files that were being written. */
  readonly partial: readonly string[];
  /** Stored files that no row names. */
  readonly unnamed: readonly string[];
  /** Rows whose bytes are gone or others. */
  readonly lost: readonly string[];
}

export const NO_FAULTS: AssetFaults = { partial: [], unnamed: [], lost: [] };

/** How long the server may take to clean up behind a caller who is gone. */
const SETTLE_MAX_MS = 5_000;

/** Looks for them; what a request that just ended leaves behind for a moment is waited for. */
export async function findFaults({ basePath }: Pick<SaveServer, "basePath">): Promise<AssetFaults> {
  let faults = await lookForFaults(basePath);
  await waitFor(
    async () => {
      faults = await lookForFaults(basePath);
      return faults.partial.length + faults.unnamed.length + faults.lost.length === 0;
    },
    SETTLE_MAX_MS,
    100,
  );
  return faults;
}

async function lookForFaults(basePath: string): Promise<AssetFaults> {
  const assets = join(basePath, "assets");
  const named = await listNamedFiles(basePath);
  const paths = new Set(named.map(({ path }) => path));
  const stored = listFiles(join(assets, "users")).map((path) => join("users", path));
  const waiting = listFiles(join(basePath, "resources", "tmp", "received"));
  return {
    partial: [...stored.filter(isPartial), ...waiting],
    unnamed: stored.filter((path) => !isPartial(path) && !paths.has(path)),
    lost: named.filter((file) => !isWhole(join(assets, file.path), file)).map(({ path }) => path),
  };
}

const isPartial = (path: string) => isPartialName(basename(path));

function isWhole(path: string, { sizeBytes, sha1 }: NamedFile): boolean {
  if (!existsSync(path)) return false;
  const bytes = readFileSync(path);
  return bytes.length === sizeBytes && createHash("sha1").update(bytes).digest("hex") === sha1;
}

const TWO_DAYS_S = 2 * 24 * 60 * 60;

/** Makes everything that is stored look old and tidies up as the server does at night; gives how many files went. */
export async function sweep({ basePath }: SaveServer): Promise<number> {
  const assetsPath = join(basePath, "assets");
  const at = Date.now() / 1000 - TWO_DAYS_S;
  for (const path of listFiles(join(assetsPath, "users")))
    utimesSync(join(assetsPath, "users", path), at, at);
  return await withDatabase(basePath, async ({ db }) => {
    const log = createLog({ level: "error", format: "text" });
    const ports = { files: createDiskFiles(), clock: { now: () => new Date() }, log };
    const { signal } = new AbortController();
    // What it needs of a server, and no more.
    const scene: Pick<Context, "db" | "signal"> & object = {
      db,
      signal,
      ports,
      facts: { assetsPath },
    } as never;
    return await sweepLeftovers(scene as Context);
  });
}

/** Resident memory of a server, in bytes. */
export function readRssBytes({ pid }: Pick<SaveServer, "pid">): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes ?? 0) * 1024;
}
