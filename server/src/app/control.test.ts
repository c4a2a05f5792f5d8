import { afterEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANONYMOUS, findAccountId, OPERATOR } from "../base/identity.ts";
import { createLog } from "../ports/log/pino.ts";
import { createControlKey, publishControl, readControl, toLocalUrl, withControlKey } from "./control.ts";

const log = createLog({ level: "error", format: "text", write: () => undefined });
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function makeBase(): Promise<string> {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-control-"));
  folders.push(basePath);
  await mkdir(join(basePath, "secrets"));
  return basePath;
}

describe("createControlKey", () => {
  const key = createControlKey();

  test("makes another token each time", () => {
    expect(key.token).toMatch(/^mtc_[0-9a-f]{64}$/);
    expect(createControlKey().token).not.toBe(key.token);
  });

  test("knows the operator by its own token only", () => {
    expect(key.identify(`Bearer ${key.token}`)).toBe(OPERATOR);
    expect(key.identify(`bearer ${key.token}`)).toBe(OPERATOR);
    const others = [null, "", "Bearer ", key.token, `Basic ${key.token}`, `Bearer ${key.token}0`];
    for (const header of [
      ...others,
      `Bearer ${key.token.slice(0, -1)}`,
      `Bearer ${createControlKey().token}`,
    ]) {
      expect(key.identify(header)).toBeNull();
    }
  });

  test("gives an identity that no row may name", () => {
    expect(findAccountId(OPERATOR)).toBeNull();
    expect(findAccountId({ ...OPERATOR, userId: 7, proof: "session" })).toBe(7);
    expect(findAccountId(ANONYMOUS)).toBeNull();
  });
});

describe("withControlKey", () => {
  const key = createControlKey();
  const authorization = `Bearer ${key.token}`;
  const other = { enter: async () => ({ identity: ANONYMOUS, setCookies: ["other"], refusal: null }) };
  const enter = (isLocal: boolean, headers: Record<string, string>) =>
    withControlKey(other, key, () => isLocal).enter(new Request("http://localhost/", { headers }));

  test("lets the operator in from this machine", async () => {
    expect(await enter(true, { authorization })).toEqual({
      identity: OPERATOR,
      setCookies: [],
      refusal: null,
    });
  });

  test.each([
    ["from elsewhere", false, { authorization }],
    ["without a token", true, {}],
    ["with another token", true, { authorization: "Bearer mtc_00" }],
  ])("leaves a caller %s to the other gate", async (_, isLocal, headers) => {
    expect((await enter(isLocal, headers)).setCookies).toEqual(["other"]);
  });
});

describe("the control file", () => {
  const url = "http://127.0.0.1:1";

  test("is ours alone to read, and gone after the stop", async () => {
    const basePath = await makeBase();
    const remove = await publishControl(basePath, { url, token: "mtc_1", log });
    expect((await stat(join(basePath, "secrets", "control.json"))).mode & 0o777).toBe(0o600);
    const reading = await readControl(basePath);
    expect(reading).toMatchObject({ kind: "found", control: { url, token: "mtc_1", pid: process.pid } });
    await remove();
    expect(await readControl(basePath)).toEqual({ kind: "absent" });
    await remove();
  });

  test("of another server is left alone", async () => {
    const basePath = await makeBase();
    const removeFirst = await publishControl(basePath, { url, token: "mtc_1", log });
    await publishControl(basePath, { url, token: "mtc_2", log });
    await removeFirst();
    expect(await readControl(basePath)).toMatchObject({ control: { token: "mtc_2" } });
  });

  test.each([
    "",
    "{",
    "[]",
    '{"url":"x","pid":1,"startedAt":"","token":"mtc_1"}',
    '{"url":"http://a","pid":1}',
  ])("is of no use with the text %p", async (text) => {
    const basePath = await makeBase();
    await writeFile(join(basePath, "secrets", "control.json"), text);
    expect((await readControl(basePath)).kind).toBe("unusable");
  });

  test("that cannot be written does not stop a server", async () => {
    const basePath = await makeBase();
    await rm(join(basePath, "secrets"), { recursive: true });
    await writeFile(join(basePath, "secrets"), "");
    const remove = await publishControl(basePath, { url, token: "mtc_1", log });
    expect(await readControl(basePath)).toEqual({ kind: "absent" });
    await remove();
  });
});

test.each([
  ["0.0.0.0", "http://127.0.0.1:80"],
  ["::", "http://[::1]:80"],
  ["::1", "http://[::1]:80"],
  ["192.168.1.5", "http://192.168.1.5:80"],
  ["localhost", "http://localhost:80"],
])("toLocalUrl reaches a listener on %p", (host, expected) => {
  expect(toLocalUrl(host, 80)).toBe(expected);
});
