import { describe, expect, test } from "bun:test";
import { createClientIn } from "../client.ts";
import { systemEnvironment } from "../environment.ts";
import type { HttpParts } from "../http/rest.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { createRomExtras, type RomExtras } from "./rom-extras.ts";

/** Records what goes out, and answers everything with null. */
function setUp() {
  const sent: [string, unknown][] = [];
  const record = async <T>(operation: string, input: unknown): Promise<T> => {
    sent.push([operation, input]);
    return null as T;
  };
  const rpc: Rpc = { query: record, mutate: record };
  // Only an upload goes past the typed door, and has its own test.
  return { sent, extras: createRomExtras(rpc, {} as HttpParts) };
}

describe("the calls about what lies beside roms", () => {
  const calls: [string, (extras: RomExtras) => Promise<unknown>, unknown][] = [
    ["roms.removeManual", (extras) => extras.removeManual(4), { romId: 4 }],
    ["roms.redownloadManual", (extras) => extras.redownloadManual(4), { romId: 4 }],
    [
      "roms.removeManualFile",
      (extras) => extras.remove(4, { kind: "manual", fileId: 7 }),
      { romId: 4, fileId: 7 },
    ],
    [
      "roms.removeSoundtrack",
      (extras) => extras.remove(4, { kind: "soundtrack", fileId: 7 }),
      { romId: 4, fileId: 7 },
    ],
    [
      "roms.removeScreenshot",
      (extras) => extras.remove(4, { kind: "screenshot", fileId: 7 }),
      { romId: 4, fileId: 7 },
    ],
    ["roms.removeFile", (extras) => extras.removeFile(4, 7), { romId: 4, fileId: 7 }],
    ["roms.listSoundtracks", (extras) => extras.listSoundtracks(4), { romId: 4 }],
    ["roms.convertToFolder", (extras) => extras.convertToFolder(4), { romId: 4 }],
  ];
  test.each(calls)("%s", async (operation, call, input) => {
    const { sent, extras } = setUp();
    await call(extras);
    expect(sent).toEqual([[operation, input]]);
  });

  const uploads: [string, (extras: RomExtras, bytes: Uint8Array<ArrayBuffer>) => Promise<void>][] = [
    ["/api/roms/4/manuals", (extras, bytes) => extras.addManual(4, { fileName: "ü 1.pdf", bytes })],
    [
      "/api/roms/4/manuals/files",
      (extras, bytes) => extras.add(4, { kind: "manual", fileName: "ü 1.pdf", bytes }),
    ],
    [
      "/api/roms/4/soundtracks",
      (extras, bytes) => extras.add(4, { kind: "soundtrack", fileName: "ü 1.pdf", bytes }),
    ],
    [
      "/api/roms/4/screenshots",
      (extras, bytes) => extras.add(4, { kind: "screenshot", fileName: "ü 1.pdf", bytes }),
    ],
  ];
  test.each(uploads)("an upload to %s is a form whose field has the announced name", async (path, upload) => {
    const seen: unknown[] = [];
    const client = createClientIn(systemEnvironment, {
      url: "http://server.test",
      auth: "rmm_token",
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const form = await request.formData();
        const file = form.get("ü 1.pdf");
        const header = request.headers.get("x-upload-filename");
        seen.push(new URL(request.url).pathname, header, file instanceof Blob ? await file.text() : null);
        return new Response(null, { status: 201 });
      },
    });
    await upload(client.romExtras, new Uint8Array([104, 105]));
    expect(seen).toEqual([path, "%C3%BC%201.pdf", "hi"]);
    await client.close();
  });
});
