/** A library with a platform, and uploads into it through both doors. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestAppOptions } from "../../app/testing.ts";
import { ADMIN } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

/** What came back. */
export interface UploadAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** One upload as a test wants it. */
export interface StartWish {
  readonly name: string;
  readonly total: number;
  readonly chunks: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly authorization?: string | undefined;
}

/** A library that takes uploads. */
export interface UploadScene {
  readonly library: TestLibrary;
  readonly platformId: number;
  call(method: string, path: string, init?: Omit<RequestInit, "method">): Promise<UploadAnswer>;
  start(wish: StartWish): Promise<UploadAnswer>;
  /** Starts an upload and gives its id. */
  open(wish: StartWish): Promise<string>;
  chunk(id: string, index: number, bytes: string | Uint8Array): Promise<UploadAnswer>;
  complete(id: string, headers?: Readonly<Record<string, string>>): Promise<UploadAnswer>;
  /** Content of a file of the platform; null when it is not there. */
  read(name: string): string | null;
  /** Everything below the platform's folder, sorted. */
  listLibrary(): readonly string[];
  /** Everything that waits for its end, sorted. */
  listWaiting(): readonly string[];
  close(): Promise<void>;
}

/** Opens a library with the platform `gba`. */
export async function openUploads(options: TestAppOptions = {}): Promise<UploadScene> {
  const library = await openLibrary(options);
  const platformId = await library.addPlatform("gba");
  const { app } = library;
  const folder = join(app.basePath, "library", "roms", "gba");
  const call: UploadScene["call"] = async (method, path, { headers, ...init } = {}) => {
    const own = { authorization: ADMIN, ...(headers as Record<string, string> | undefined) };
    const response = await app.fetch(path, { method, ...init, headers: own });
    const text = await response.text();
    return { status: response.status, json: text === "" ? null : JSON.parse(text) };
  };
  const start: UploadScene["start"] = ({ name, total, chunks, headers, authorization }) =>
    call("POST", "/api/roms/upload/start", {
      headers: {
        "x-upload-platform": String(platformId),
        "x-upload-filename": name,
        "x-upload-total-size": String(total),
        "x-upload-total-chunks": String(chunks),
        ...(authorization === undefined ? {} : { authorization }),
        ...headers,
      },
    });
  const list = (path: string) =>
    existsSync(path) ? readdirSync(path, { recursive: true, encoding: "utf8" }).sort() : [];
  return {
    library,
    platformId,
    call,
    start,
    async open(wish) {
      const { json } = await start(wish);
      return (json as { upload_id: string }).upload_id;
    },
    chunk: (id, index, bytes) =>
      call("PUT", `/api/roms/upload/${id}`, {
        headers: { "x-chunk-index": String(index) },
        body: bytes as BodyInit,
      }),
    complete: (id, headers = {}) => call("POST", `/api/roms/upload/${id}/complete`, { headers }),
    read: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : null),
    listLibrary: () => list(folder),
    listWaiting: () => list(join(app.facts.tempPath, "uploads")),
    close: () => library.close(),
  };
}
