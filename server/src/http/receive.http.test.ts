import { afterAll, describe, expect, test } from "bun:test";
import { readdir, readFile, rm } from "node:fs/promises";
import * as v from "valibot";
import { AppError } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import { type ReceivedFile, ReceivedFileSchema } from "../base/received-file.ts";
import { list } from "../base/schemas.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { openKit, RECEIVED_FOLDER } from "./kit.testing.ts";
import { RECEIVED_IN_MEMORY_BYTES } from "./limits.ts";
import { createFormReceiver, type FormLimits } from "./receive.ts";
import { post } from "./route.ts";

const LIMITS: FormLimits = { fileBytesMax: 2 * RECEIVED_IN_MEMORY_BYTES, filesMax: 2 };

afterAll(() => rm(RECEIVED_FOLDER, { recursive: true, force: true }));

const describeFile = async ({ content, ...about }: ReceivedFile) => ({
  ...about,
  isOnDisk: "path" in content,
  sum: Bun.hash.crc32("path" in content ? await readFile(content.path) : content.bytes),
});

/** Answers what it received. */
const tell = operation(
  {
    type: "mutation",
    scope: "public",
    input: v.strictObject({ fields: v.array(v.array(v.string())), files: list(ReceivedFileSchema) }),
    output: v.unknown(),
    storesNoAnswer: true,
  },
  async (_ctx, { fields, files }) => ({ fields, files: await Promise.all(files.map(describeFile)) }),
);

const kit = openKit([
  post("/api/form", tell, {
    summary: "Tells what it received",
    read: async (reader) => {
      const { fields, files } = await reader.receive(LIMITS);
      return { fields: [...fields], files };
    },
  }),
]);

async function send(body: BodyInit, headers: Record<string, string> = {}) {
  const response = await kit.call("/api/form", { method: "POST", body, headers });
  return { status: response.status, body: (await response.json()) as unknown };
}

const waitingFiles = async () => await readdir(RECEIVED_FOLDER).catch(() => []);

describe("receive", () => {
  test("gives fields in order and small files in memory", async () => {
    const form = new FormData();
    form.append("a", "1");
    form.append("file", new File(["tiny"], "Käse & Brot.bin", { type: "text/x-game" }));
    form.append("a", "2");
    const { status, body } = await send(form);
    expect(status).toBe(200);
    expect(body).toEqual({
      fields: [
        ["a", "1"],
        ["a", "2"],
      ],
      files: [
        {
          fieldName: "file",
          fileName: "Käse & Brot.bin",
          contentType: "text/x-game",
          sizeBytes: 4,
          isOnDisk: false,
          sum: Bun.hash.crc32("tiny"),
        },
      ],
    });
  });

  test("puts longer files on disk and removes them with the request", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const whole = Buffer.concat(Array.from({ length: 6 }, () => bytes));
    const form = new FormData();
    form.append("one", new File([whole], "one.bin"));
    form.append("two", new File([whole], "two.bin"));
    const { body } = await send(form);
    const { files } = body as { files: { isOnDisk: boolean; sum: number; sizeBytes: number }[] };
    expect(files.map((file) => [file.isOnDisk, file.sizeBytes, file.sum])).toEqual([
      [true, whole.length, Bun.hash.crc32(whole)],
      [true, whole.length, Bun.hash.crc32(whole)],
    ]);
    expect(await waitingFiles()).toEqual([]);
  });

  test("reads url-encoded forms too", async () => {
    const { body } = await send(new URLSearchParams({ a: "x y", b: "ü" }));
    expect(body).toEqual({
      fields: [
        ["a", "x y"],
        ["b", "ü"],
      ],
      files: [],
    });
  });

  const big = () => new File([new Uint8Array(2 * RECEIVED_IN_MEMORY_BYTES + 1)], "big.bin");

  test("refuses a file over the limit and leaves nothing behind", async () => {
    const form = new FormData();
    form.append("file", big());
    expect((await send(form)).status).toBe(413);
    expect(await waitingFiles()).toEqual([]);
  });

  test("tells the route's own sentence about a file over the limit", async () => {
    const receiver = createFormReceiver({ files: createDiskFiles(), folder: RECEIVED_FOLDER });
    const form = new FormData();
    form.append("saveFile", big());
    const tooLarge = ({ fieldName }: { fieldName: string }) =>
      new AppError("too_large", "BODY_TOO_LARGE", { message: `${fieldName} is too large` });
    const request = new Request("http://localhost/", { method: "POST", body: form });
    const failure = await receiver.receive(request, { ...LIMITS, tooLarge }).catch((error: unknown) => error);
    expect((failure as Error).message).toBe("saveFile is too large");
    await receiver.discard();
    expect(await waitingFiles()).toEqual([]);
  });

  test("refuses more files than the route takes", async () => {
    const form = new FormData();
    for (const name of ["a", "b", "c"]) form.append("file", new File(["x"], name));
    expect((await send(form)).status).toBe(422);
  });

  test("refuses a form that ends early, has no boundary, or is no form", async () => {
    const type = { "content-type": "multipart/form-data; boundary=b" };
    const cut = '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nabc';
    expect((await send(cut, type)).status).toBe(422);
    expect((await send("x", { "content-type": "multipart/form-data" })).status).toBe(422);
    expect((await send("x", { "content-type": "text/plain" })).status).toBe(422);
    expect(await waitingFiles()).toEqual([]);
    expect(kit.failures).toEqual([]);
  });
});
