import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  beginRequest,
  FORM_TYPE,
  findFaults,
  NO_FAULTS,
  openSaveServer,
  readRssBytes,
  type SaveServer,
  toForm,
} from "./saves-scene.testing.ts";
import { type HostileEntry, makeHostileZip, toEntry } from "./saves-zip.testing.ts";
import { createDice, endScenes, makeFolder } from "./scene.testing.ts";

const TEST_MAX_MS = 60_000;
const MIB = 2 ** 20;
/** What this server takes; the default is half a gigabyte. */
const LIMIT_BYTES = 32 * MIB;
/** What an archive may take: one that is not refused in time would take minutes. */
const ARCHIVE_MAX_MS = 15_000;
/** What the server may grow by over all of these. */
const GROWTH_BYTES_MAX = 300 * MIB;

const dice = createDice();
console.log(`hostile saves: MULTITAP_E2E_SEED=${dice.seed}`);
const below = (limit: number) => Math.floor(dice.next() * limit);

let server: SaveServer;
let idleRssBytes = 0;
beforeAll(async () => {
  const basePath = join(makeFolder("saves-hostile"), "base");
  mkdirSync(basePath);
  server = await openSaveServer(basePath, { MAX_ASSET_UPLOAD_SIZE_BYTES: String(LIMIT_BYTES) });
  idleRssBytes = readRssBytes(server);
}, TEST_MAX_MS);
afterAll(async () => {
  const grownBytes = server === undefined ? 0 : readRssBytes(server) - idleRssBytes;
  await endScenes();
  console.log(`the server grew by ${Math.round(grownBytes / MIB)} MiB`);
  expect(grownBytes).toBeLessThan(GROWTH_BYTES_MAX);
});

const md5 = (bytes: Uint8Array | string) => createHash("md5").update(bytes).digest("hex");

const EMPTY_NAME = "Invalid save filename: Filename cannot be empty after sanitization";
const LONG_NAME = "Invalid save filename: Filename is too long";

describe("names of files", () => {
  test.each<readonly [what: string, name: string, stored: string]>([
    ["a path that climbs", "../../../etc/passwd", "passwd"],
    ["a path of Windows", "..\\..\\boot.ini", "..-..-boot.ini"],
    ["a device of Windows", "CON", "CON"],
    ["a device of Windows with an extension", "nul.srm", "nul.srm"],
    ["a dot at its end", "save.", "save."],
    ["marks that turn the text around", "save\u202esrm.exe", "save\u202esrm.exe"],
    ["no letters that anybody sees", "\u200b\u2060.srm", "\u200b\u2060.srm"],
    ["spaces around it", "  a b .srm ", "a b .srm"],
    ["as many bytes as a name may have", `${"ü".repeat(125)}a.srm`, `${"ü".repeat(125)}a.srm`],
    ["an escaped climb", "..%2f..%2fx.srm", "..%2f..%2fx.srm"],
    ["a name of ours", ".multitap-0123456789abcdef.partial", ".multitap-0123456789abcdef.partial"],
  ])("with %s are kept as what is left of them", async (_what, name, stored) => {
    const bytes = `bytes of ${name}`;
    const { status, body } = await server.upload({ name, bytes });
    expect([status, body.file_name]).toEqual([200, stored]);
    const { bytes: back, ...answer } = await server.download(body.id);
    expect([answer.status, back.toString()]).toEqual([200, bytes]);
    const slotted = await server.upload({ name, bytes }, { slot: "hostile" });
    expect(slotted.status).toBe(200);
  });

  test.each<readonly [what: string, name: string, detail: string]>([
    ["nothing but spaces", "   ", EMPTY_NAME],
    ["a slash", "/", EMPTY_NAME],
    ["a folder", "saves/", EMPTY_NAME],
    ["two dots", "..", EMPTY_NAME],
    ["what cannot stand in a name", "*?<>", EMPTY_NAME],
    ["too many bytes", `${"a".repeat(296)}.srm`, LONG_NAME],
    ["too many bytes of few letters", `${"ü".repeat(140)}.srm`, LONG_NAME],
  ])("of %s are refused", async (_what, name, detail) => {
    const answer = await server.upload({ name, bytes: "x" });
    expect([answer.status, answer.detail]).toEqual([400, detail]);
  });

  test.each<readonly [what: string, name: Uint8Array]>([
    ["a zero", Buffer.from("a\0b.srm")],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x2e, 0x73])],
    ["a line break", Buffer.from("a\r\nX-Injected: yes.srm")],
  ])("that hold %s break nothing", async (_what, name) => {
    const { status, text } = await server.call("POST", `/api/saves?rom_id=${server.romId}`, {
      headers: { "content-type": FORM_TYPE },
      body: new Uint8Array(toForm(name, "x")),
    });
    expect([200, 400, 422]).toContain(status);
    expect(text).toStartWith("{");
  });
});

describe("emulators and slots", () => {
  test.each<readonly [what: string, emulator: string, status: number]>([
    ["that climbs", "../", 400],
    ["of two dots", "..", 400],
    ["with a slash", "a/b", 400],
    ["with a backslash", "a\\b", 400],
    ["with a space before it", " a", 400],
    ["with a line break", "a\n", 400],
    ["of 51 letters", "x".repeat(51), 400],
    ["of 300 letters", "x".repeat(300), 400],
    ["of 3,000 letters", "x".repeat(3000), 422],
    ["with a zero", "a\0", 422],
    ["that is a device of Windows", "CON", 200],
    ["of 50 letters", "x".repeat(50), 200],
    ["that turns the text around", "\u202e", 200],
  ])("an emulator %s is answered as its name allows", async (_what, emulator, status) => {
    const answer = await server.upload({ name: "emulator.srm", bytes: "x" }, { emulator });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.detail).toBe("Invalid emulator name");
    if (status === 422) expect(answer.text).toContain(`"emulator"],"msg"`);
  });

  test.each<readonly [what: string, slot: string, status: number]>([
    ["that climbs", "../../../etc", 200],
    ["of 255 letters", "s".repeat(255), 200],
    ["of 256 letters", "s".repeat(256), 422],
    ["of 3,000 letters", "s".repeat(3000), 422],
    ["with a zero", "s\0", 422],
    ["that turns the text around", "\u202e", 200],
    ["that speaks to databases", "'; drop table saves; --", 200],
  ])("a slot %s is answered as its name allows", async (_what, slot, status) => {
    const answer = await server.upload({ name: "slot.srm", bytes: slot }, { slot });
    expect(answer.status).toBe(status);
    if (status === 422) expect(answer.text).toContain(`"slot"],"msg"`);
  });
});

describe("archives", () => {
  const zeros = toEntry("zeros", new Uint8Array(64 * MIB), { isDeflated: true });
  const many = (count: number, entry: (index: number) => HostileEntry) =>
    makeHostileZip(Array.from({ length: count }, (_, index) => entry(index)));
  const nothing = new Uint8Array();
  const linesOf = (count: number) =>
    Array.from({ length: count }, (_, index) => `${String(index).padStart(6, "0")}:${md5(nothing)}`).join(
      "\n",
    );

  test.each<readonly [what: string, make: () => Buffer, hash: string | null]>([
    [
      "100,000 entries",
      () => many(100_000, (index) => toEntry(String(index).padStart(6, "0"), nothing)),
      md5(linesOf(100_000)),
    ],
    ["more entries than are read", () => many(100_001, (index) => toEntry(String(index), nothing)), null],
    ["four gigabytes in four megabytes", () => many(64, (index) => ({ ...zeros, name: `z${index}` })), null],
    [
      "entries that hold more than they say",
      () => many(64, (index) => ({ ...zeros, name: `z${index}`, declaredBytes: 10 })),
      null,
    ],
    [
      "an entry that says four gigabytes and holds nothing",
      () => makeHostileZip([{ ...toEntry("a", nothing), declaredBytes: 0xfffffffe }]),
      null,
    ],
  ])(
    "of %s are stored in bounded time",
    async (_what, make, hash) => {
      const bytes = make();
      const startedAtMs = performance.now();
      const { status, body } = await server.upload({ name: "archive.zip", bytes }, { slot: "archives" });
      const tookMs = performance.now() - startedAtMs;
      console.log(`${bytes.length} bytes of archive took ${Math.round(tookMs)} ms`);
      expect([status, body.file_size_bytes, body.content_hash]).toEqual([200, bytes.length, hash]);
      expect(tookMs).toBeLessThan(ARCHIVE_MAX_MS);
      expect((await server.download(body.id)).bytes.equals(bytes)).toBe(true);
    },
    TEST_MAX_MS,
  );
});

describe("a body that is too long", () => {
  test("is refused by its length before it is sent", async () => {
    const request = beginRequest(server, [
      `POST /api/saves?rom_id=${server.romId} HTTP/1.1`,
      `Content-Type: ${FORM_TYPE}`,
      `Content-Length: ${LIMIT_BYTES + 1}`,
    ]);
    const answer = await request.answer;
    expect(answer?.status).toBe(413);
    expect(answer?.text).toEndWith(
      `{"detail":"Request body exceeds the maximum allowed size of ${LIMIT_BYTES} bytes"}`,
    );
  });

  test.each<readonly [what: string, path: string, type: string, detail: string]>([
    [
      "a form",
      "/api/saves?",
      FORM_TYPE,
      `Save file exceeds the maximum allowed size of ${LIMIT_BYTES} bytes`,
    ],
    [
      "a version",
      "/api/sync/versions?name=long.srm&",
      "application/octet-stream",
      `A file of this kind may have ${LIMIT_BYTES} bytes at most`,
    ],
  ])(
    "is refused where it gets too long: %s",
    async (_what, path, type, detail) => {
      const isForm = type === FORM_TYPE;
      const form = toForm("long.srm", "");
      const head = form.subarray(0, form.lastIndexOf("\r\n--"));
      const request = beginRequest(server, [
        `POST ${path}rom_id=${server.romId} HTTP/1.1`,
        `Content-Type: ${type}`,
        "Transfer-Encoding: chunked",
      ]);
      const chunk = (bytes: Uint8Array) => {
        request.write(`${bytes.length.toString(16)}\r\n`);
        request.write(bytes);
        request.write("\r\n");
      };
      if (isForm) chunk(head);
      // One byte too many, and nothing behind it: what a server does not read any more costs us its answer.
      for (let sent = 0; sent < LIMIT_BYTES; sent += MIB) chunk(new Uint8Array(MIB));
      chunk(new Uint8Array(1));
      const answer = await request.answer;
      expect(answer?.status).toBe(413);
      expect(answer?.text).toContain(`{"detail":"${detail}"}`);
      expect(await findFaults(server)).toEqual(NO_FAULTS);
    },
    TEST_MAX_MS,
  );
});

describe("a body that is cut off", () => {
  const sizes = [100_000, 600_000];
  const countSaves = async () =>
    (JSON.parse((await server.call("GET", "/api/saves/identifiers")).text) as []).length;

  test.each(sizes)("after %i bytes stores nothing", async (sizeBytes) => {
    const before = await countSaves();
    const form = toForm("cut.srm", new Uint8Array(2 * sizeBytes));
    const ways: readonly (readonly [path: string, type: string, body: Buffer, lines: readonly string[]])[] = [
      ["/api/saves?", FORM_TYPE, form, [`Content-Length: ${form.length}`]],
      [
        "/api/sync/versions?name=cut.srm&",
        "application/octet-stream",
        form,
        [`Content-Length: ${form.length}`],
      ],
      ["/api/saves?", FORM_TYPE, form, ["Transfer-Encoding: chunked"]],
      ["/api/sync/versions?name=cut.srm&", "application/octet-stream", form, ["Transfer-Encoding: chunked"]],
    ];
    for (const [path, type, body, lines] of ways) {
      const isChunked = lines[0]?.startsWith("Transfer") === true;
      const head = [`POST ${path}rom_id=${server.romId} HTTP/1.1`, `Content-Type: ${type}`, ...lines];
      const request = beginRequest(server, head);
      if (isChunked) request.write(`${sizeBytes.toString(16)}\r\n`);
      request.write(body.subarray(0, sizeBytes));
      if (isChunked) request.write("\r\n");
      await Bun.sleep(20 + below(100));
      request.cut();
      const answer = await request.answer;
      expect([path, isChunked, answer?.status ?? null]).toEqual([path, isChunked, null]);
    }
    expect(await findFaults(server)).toEqual(NO_FAULTS);
    expect(await countSaves()).toBe(before);
  });

  test("by an app that ends its form too early is refused", async () => {
    const form = toForm("early.srm", new Uint8Array(1000));
    const answer = await server.call("POST", `/api/saves?rom_id=${server.romId}`, {
      headers: { "content-type": FORM_TYPE },
      body: new Uint8Array(form.subarray(0, 900)),
    });
    expect([answer.status, answer.detail]).toEqual([422, "There was an error parsing the body"]);
  });
});

describe("many at once", () => {
  const COUNT = 50;

  test.each<readonly [what: string, slotOf: (index: number) => string]>([
    ["one slot", () => "crowd"],
    ["many slots", (index) => `crowd ${index}`],
  ])(
    "uploads to %s are all kept",
    async (_what, slotOf) => {
      const indexes = Array.from({ length: COUNT }, (_, index) => index);
      const textOf = (index: number) => `${slotOf(index)} ${index} ${"x".repeat(below(20_000))}`;
      const texts = indexes.map(textOf);
      const answers = await Promise.all(
        indexes.map((index) =>
          server.upload({ name: "crowd.srm", bytes: texts[index] ?? "" }, { slot: slotOf(index) }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(indexes.map(() => 200));
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(COUNT);
      if (slotOf(0) === slotOf(1))
        expect(new Set(answers.map(({ body }) => body.file_name)).size).toBe(COUNT);
      for (const [index, { body }] of answers.entries())
        expect((await server.download(body.id)).bytes.toString()).toBe(texts[index] ?? "");
      expect(await findFaults(server)).toEqual(NO_FAULTS);
    },
    TEST_MAX_MS,
  );

  test("the same upload, twenty times, is one version", async () => {
    const send = () => server.upload({ name: "again.srm", bytes: "the same" }, { slot: "again" });
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const listed = await server.call("GET", `/api/saves?rom_id=${server.romId}&slot=again`);
    expect(JSON.parse(listed.text)).toHaveLength(1);
    expect(await findFaults(server)).toEqual(NO_FAULTS);
  });

  test(
    "replacing, removing and downloading one save leave nothing half",
    async () => {
      for (let round = 0; round < 10; round += 1) {
        const [old, young] = [`old ${round} `.repeat(1000), `young ${round} `.repeat(900)];
        const { body } = await server.upload({ name: `race ${round}.srm`, bytes: old });
        const replace = () =>
          server.call("PUT", `/api/saves/${body.id}`, {
            headers: { "content-type": FORM_TYPE },
            body: new Uint8Array(toForm("race.srm", young)),
          });
        const remove = () =>
          server.call("POST", "/api/saves/delete", {
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ saves: [body.id] }),
          });
        const read = async () => {
          await Bun.sleep(below(8));
          const { status, bytes } = await server.download(body.id, { range: "bytes=100-199" });
          expect([206, 404]).toContain(status);
          const wanted = [old, young].map((text) => text.slice(100, 200));
          if (status === 206) expect(wanted).toContain(bytes.toString());
        };
        const later = async <T>(work: () => Promise<T>) => {
          await Bun.sleep(below(6));
          return await work();
        };
        const [replaced, removed] = await Promise.all([
          later(replace),
          later(remove),
          read(),
          read(),
          read(),
        ]);
        expect([200, 404]).toContain(replaced.status);
        expect(removed.status).toBe(200);
        if (replaced.status === 404) expect(replaced.detail).toBe(`Save with ID ${body.id} not found`);
      }
      expect(await findFaults(server)).toEqual(NO_FAULTS);
    },
    TEST_MAX_MS,
  );
});
