import { describe, expect, test } from "bun:test";
import { isMultitapError } from "../errors.ts";
import { makeRemote } from "../testing/sync-fixtures.ts";
import { createIndexedStore } from "./indexed-store.ts";
import { memoryPlace, memorySaveStore } from "./memory-save-store.ts";
import { saveStoreContract } from "./save-store-contract.ts";

const open = (place = memoryPlace()) =>
  createIndexedStore({ place, now: () => Date.now(), toRom: ({ romId }) => romId });

describe("memorySaveStore", () => {
  const demands = saveStoreContract(async () => {
    const place = memoryPlace();
    const store = open(place);
    return {
      store,
      remote: makeRemote({ romId: 42, slot: "main" }),
      paths: ["game.srm", "game.rtc"],
      reopen: async () => open(place),
      async edit(key, path, bytes) {
        const [kind, rom, slot] = JSON.parse(key) as ["save", number, string];
        const files = (await store.open({ kind, rom, slot })) ?? [];
        await store.put({ kind, rom, slot }, [
          ...files.filter((file) => file.path !== path),
          { path, bytes },
        ]);
      },
    };
  });
  for (const { name, run } of demands) test(name, run);

  test("tells what an app put, and gives it back", async () => {
    const store = memorySaveStore();
    const ending = new AbortController();
    const hints: (readonly string[])[] = [];
    const watching = (async () => {
      for await (const keys of store.watch?.(ending.signal) ?? []) hints.push(keys);
    })();
    await Bun.sleep(0);
    const save = { rom: 42, kind: "save", slot: "main" } as const;
    const { key } = await store.put(save, [{ path: "a.srm", bytes: Uint8Array.of(1, 2) }]);
    await Bun.sleep(0);
    ending.abort();
    await watching;
    expect(hints).toEqual([[key]]);
    expect(await store.open(save)).toEqual([{ path: "a.srm", bytes: Uint8Array.of(1, 2) }]);
    expect(await store.open({ ...save, slot: "other" })).toBeNull();
  });

  test("forgets bytes that a crash left without a name", async () => {
    const place = memoryPlace();
    await place.write("blob-7", Uint8Array.of(1));
    const store = open(place);
    for await (const _save of store.list(new AbortController().signal)) expect.unreachable();
    expect(await place.list()).toEqual([]);
  });
});

describe("saveStoreContract", () => {
  test.each([
    [
      "buries what is there",
      {
        write:
          (good: ReturnType<typeof open>) =>
          async (...[key, entries]: Parameters<typeof good.write>) => {
            for await (const { key: there, contentHash } of good.list(new AbortController().signal)) {
              if (there === key) return await good.write(key, entries, contentHash ?? null);
            }
            return await good.write(key, entries, null);
          },
      },
    ],
    ["forgets its state", { storeState: () => async () => undefined }],
    ["keeps what is trashed", { trash: () => async () => undefined }],
  ] as const)("finds a store that %s", async (_fault, change) => {
    const failures: unknown[] = [];
    const demands = saveStoreContract(async () => {
      const good = open();
      const store = { ...good };
      for (const [name, make] of Object.entries(change)) Object.assign(store, { [name]: make(good) });
      return { store, remote: makeRemote({}), paths: ["game.srm", "game.rtc"] };
    });
    for (const { run } of demands) await run().catch((thrown: unknown) => failures.push(thrown));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every((thrown) => isMultitapError(thrown, "storage"))).toBe(true);
  });
});
