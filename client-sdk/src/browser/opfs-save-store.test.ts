import { describe, expect, test } from "bun:test";
import { createIndexedStore } from "../sync/indexed-store.ts";
import { saveStoreContract } from "../sync/save-store-contract.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeRemote } from "../testing/sync-fixtures.ts";
import { type OpfsFolder, opfsPlace } from "./opfs-place.ts";
import { opfsSaveStore } from "./opfs-save-store.ts";

const notFound = () => Object.assign(new RangeError("gone"), { name: "NotFoundError" });

/** The files of a browser: what is written shows when it is closed, as the standard says. */
function createFolder(): OpfsFolder {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    getDirectoryHandle: async () => createFolder(),
    async getFileHandle(name, { create = false } = {}) {
      if (!files.has(name)) {
        if (!create) throw notFound();
        files.set(name, new Uint8Array(0));
      }
      return {
        getFile: async () => new Blob([files.get(name) ?? new Uint8Array(0)]),
        async createWritable() {
          let held = new Uint8Array(0);
          return {
            async write(bytes) {
              held = new Uint8Array(bytes);
            },
            async close() {
              files.set(name, held);
            },
            abort: async () => undefined,
          };
        },
      };
    },
    async removeEntry(name) {
      if (!files.delete(name)) throw notFound();
    },
    async *keys() {
      yield* [...files.keys()];
    },
  };
}

describe("opfsSaveStore", () => {
  const demands = saveStoreContract(async () => {
    const folder = createFolder();
    const open = () =>
      createIndexedStore({
        place: opfsPlace(async () => folder),
        now: () => Date.now(),
        toRom: ({ romId }) => romId,
      });
    return {
      store: open(),
      remote: makeRemote({}),
      paths: ["game.srm", "inner/game.rtc"],
      reopen: async () => open(),
    };
  });
  for (const { name, run } of demands) test(name, run);

  test("says that a browser without files has none", async () => {
    const failure = await failureOf(opfsSaveStore().loadState());
    expect([failure.kind, failure.code]).toEqual(["unsupported", "OPFS_UNSUPPORTED"]);
  });
});
