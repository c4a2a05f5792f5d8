import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { UPLOAD_CHUNK_BYTES_MAX } from "./limits.ts";
import { openUploads, type UploadScene } from "./scene.testing.ts";

const sha1Of = (text: string) => createHash("sha1").update(text).digest("hex");

let scene: UploadScene;
beforeAll(async () => {
  scene = await openUploads();
}, 30_000);
afterAll(() => scene?.close());

describe("the typed door", () => {
  test("says what was stored, and is for who may write roms", async () => {
    const tell = async (procedure: string, input: unknown, authorization?: string) => {
      const headers = {
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      };
      const { json } = await scene.call("POST", `/trpc/${procedure}`, {
        headers,
        body: JSON.stringify(input),
      });
      return json as {
        result?: { data: Record<string, unknown> };
        error?: { data: { code: string; details: unknown } };
      };
    };
    const start = {
      platformId: scene.platformId,
      fileName: "Set/Typed.gba",
      totalSizeBytes: 3,
      totalChunks: 2,
      resumeId: "t",
    };
    const viewer = await scene.library.tokenWith("roms.read");
    expect((await tell("roms.startUpload", start, viewer)).error?.data.code).toBe("AUTH_SCOPE_MISSING");
    const started = (await tell("roms.startUpload", start)).result?.data;
    expect(started).toMatchObject({ present: null, isResumed: false, chunkBytesMax: UPLOAD_CHUNK_BYTES_MAX });
    const { id } = (started?.upload ?? {}) as { id: string };
    await scene.chunk(id, 1, "c");
    expect((await tell("roms.startUpload", start)).result?.data).toMatchObject({
      isResumed: true,
      upload: { id, receivedChunks: [1] },
    });
    const early = (await tell("roms.finishUpload", { uploadId: id })).error?.data;
    expect(early).toMatchObject({
      code: "ROMS_UPLOAD_INCOMPLETE",
      details: { missing: [0], missingCount: 1 },
    });
    await scene.chunk(id, 0, "ab");
    expect((await tell("roms.finishUpload", { uploadId: id, sha1: sha1Of("abc") })).result?.data).toEqual({
      platformId: scene.platformId,
      platformFsSlug: "gba",
      fsName: "Set",
      path: "roms/gba/Set/Typed.gba",
      sizeBytes: 3,
      sha1: sha1Of("abc"),
    });
    expect((await tell("roms.cancelUpload", { uploadId: id })).result?.data).toBeNull();
  });
});
