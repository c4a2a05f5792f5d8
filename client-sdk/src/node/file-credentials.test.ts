import { describe, expect, test } from "bun:test";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { Credentials } from "../auth/types.ts";
import { failureOf } from "../testing/failure-of.ts";
import { createTempFolder } from "../testing/temp-folder.ts";
import { fileCredentials } from "./file-credentials.ts";

const CREDENTIALS: Credentials = {
  accessToken: "a",
  refreshToken: "r",
  expiresAt: "2030-01-01T00:00:00.000Z",
  scopes: ["roms.read"],
  deviceId: null,
};

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe("fileCredentials", () => {
  test("keeps credentials for the owner alone, and nothing else", async () => {
    await using folder = await createTempFolder();
    const path = folder.at("config", "shelf.json");
    const store = fileCredentials(path);
    expect(await store.load()).toBeNull();
    await store.save(CREDENTIALS);
    expect(await store.load()).toEqual(CREDENTIALS);
    expect(await fileCredentials(path).load()).toEqual(CREDENTIALS);
    expect([await modeOf(path), await modeOf(folder.at("config"))]).toEqual(["600", "700"]);
    expect(await readdir(folder.at("config"))).toEqual(["shelf.json"]);
    await store.clear();
    await store.clear();
    expect(await store.load()).toBeNull();
  });

  test("narrows the rights of a file that somebody widened", async () => {
    await using folder = await createTempFolder();
    const path = folder.at("a.json");
    await writeFile(path, JSON.stringify(CREDENTIALS));
    await chmod(path, 0o644);
    await fileCredentials(path).save(CREDENTIALS);
    expect(await modeOf(path)).toBe("600");
  });

  test("keeps the last of several saves at the same time, whole", async () => {
    await using folder = await createTempFolder();
    const store = fileCredentials(folder.at("a.json"));
    const saves = Array.from({ length: 20 }, (_, count) =>
      store.save({ ...CREDENTIALS, accessToken: `a${count}` }),
    );
    await Promise.all(saves);
    expect((await store.load())?.accessToken).toBe("a19");
  });

  test.each(["", "{", "[]", '{"accessToken": 3}', '"secret-token"'])(
    "refuses %p without repeating it",
    async (text) => {
      await using folder = await createTempFolder();
      await writeFile(folder.at("a.json"), text);
      const error = await failureOf(fileCredentials(folder.at("a.json")).load());
      expect(error.kind).toBe("storage");
      expect(JSON.stringify(error) + String(error.cause)).not.toContain("secret-token");
    },
  );
});

describe("the lock of credentials", () => {
  const exclusively = async <T>(path: string, work: () => Promise<T>, timeoutMs = 1_000): Promise<T> => {
    const store = fileCredentials(path);
    if (store.exclusively === undefined) throw new Error("no lock");
    return await store.exclusively(work, timeoutMs);
  };

  test("lets one at a time work, and is gone afterwards", async () => {
    await using folder = await createTempFolder();
    let inside = 0;
    let mostInside = 0;
    const work = async () => {
      inside += 1;
      mostInside = Math.max(mostInside, inside);
      await Bun.sleep(10);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => exclusively(folder.at("a.json"), work)));
    expect(mostInside).toBe(1);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("is freed when the work fails", async () => {
    await using folder = await createTempFolder();
    const failing = exclusively(folder.at("a.json"), async () => {
      throw new Error("refused");
    });
    expect(failing).rejects.toThrow("refused");
    await failing.catch(() => undefined);
    expect(await exclusively(folder.at("a.json"), async () => "mine")).toBe("mine");
  });

  test("gives up in time without doing the work", async () => {
    await using folder = await createTempFolder();
    const note = JSON.stringify({ id: "x", pid: process.pid, host: (await import("node:os")).hostname() });
    await writeFile(folder.at("a.json.lock"), note);
    let hasRun = false;
    const failed = exclusively(
      folder.at("a.json"),
      async () => {
        hasRun = true;
      },
      120,
    );
    expect((await failureOf(failed)).kind).toBe("timeout");
    expect(hasRun).toBe(false);
    expect(await readFile(folder.at("a.json.lock"), "utf8")).toBe(note);
  });

  test("is taken over from a process that is gone", async () => {
    await using folder = await createTempFolder();
    const gone = Bun.spawn(["true"]);
    await gone.exited;
    const note = { id: "x", pid: gone.pid, host: (await import("node:os")).hostname() };
    await writeFile(folder.at("a.json.lock"), JSON.stringify(note));
    expect(await exclusively(folder.at("a.json"), async () => "mine")).toBe("mine");
  });
});
