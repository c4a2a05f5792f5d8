import { isMultitapError, MultitapError } from "../errors.ts";
import { contentHashOf, type SaveFile } from "./content-hash.ts";
import type { LocalSave, NewSaveEntry, RemoteSave, SaveStore } from "./types.ts";

/** A store on trial, on an empty place of its own. */
export interface StoreOnTrial {
  readonly store: SaveStore;
  /** A version that the store wants, of a rom that it knows. */
  readonly remote: RemoteSave;
  /** Two names that files of that save may have here. */
  readonly paths: readonly [string, string];
  /** Opens the same place again, as after the app was started anew. */
  reopen?(): Promise<SaveStore>;
  /** Writes other bytes to an entry behind the store's back, as an emulator does. */
  edit?(key: string, path: string, bytes: Uint8Array): Promise<void>;
  /** Frees what the trial made. */
  close?(): Promise<void>;
}

/** One demand on a store. */
export interface StoreDemand {
  readonly name: string;
  /** @throws MultitapError `storage` (`SAVE_STORE_UNFIT`) with what was found instead. */
  run(): Promise<void>;
}

type Trial = (on: StoreOnTrial) => Promise<void>;

/**
 * Gives everything that a store has to do so that a sync can rely on it, to be run by any test runner.
 * @param makeStore Makes a new, empty place for each demand.
 * @example
 * for (const { name, run } of saveStoreContract(makeMyStore)) test(name, run);
 */
export function saveStoreContract(makeStore: () => Promise<StoreOnTrial>): readonly StoreDemand[] {
  return Object.entries(TRIALS).map(([name, trial]) => ({
    name,
    async run() {
      const on = await makeStore();
      try {
        await trial(on);
      } finally {
        await on.close?.();
      }
    },
  }));
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

function demand(isMet: boolean, what: string): asserts isMet {
  if (!isMet) throw new MultitapError("storage", "SAVE_STORE_UNFIT", { message: `A store has to ${what}` });
}

const show = (value: unknown) => JSON.stringify(value);

function toEntries(files: readonly SaveFile[]): readonly NewSaveEntry[] {
  return files.map(({ path, bytes }) => ({
    path,
    modifiedAt: "2026-01-02T03:04:06.000Z",
    bytes: {
      name: path,
      sizeBytes: bytes.length,
      modifiedAt: null,
      read: async (start, end) => bytes.slice(start, end),
    },
  }));
}

async function listAll(store: SaveStore): Promise<readonly LocalSave[]> {
  const saves: LocalSave[] = [];
  for await (const save of store.list(new AbortController().signal)) saves.push(save);
  return saves;
}

async function readFiles(store: SaveStore, { key, entries }: LocalSave): Promise<readonly SaveFile[]> {
  const files: SaveFile[] = [];
  for (const { path } of entries) {
    const source = await store.read(key, path);
    files.push({ path, bytes: await source.read(0, source.sizeBytes) });
    await source.close?.();
  }
  return files;
}

/** What a store holds, as text that can be compared. */
async function describe(store: SaveStore): Promise<string> {
  const saves = await Promise.all(
    (await listAll(store)).map(async (save) => {
      const files = (await readFiles(store, save)).map(({ path, bytes }) => [path, [...bytes].join()]);
      return [save.key, save.kind, save.slot, files.sort()];
    }),
  );
  return show(saves.sort());
}

async function place(on: StoreOnTrial): Promise<string> {
  const key = await on.store.locate(on.remote);
  demand(key !== null, "want the version that the trial gave");
  return key;
}

/** Puts one save into the store; gives its key and the hash of what is there. */
async function begin(
  on: StoreOnTrial,
  texts: readonly string[],
): Promise<{ readonly key: string; readonly hash: string }> {
  const key = await place(on);
  const files = texts.map((text, at) => ({ path: on.paths[at] ?? "", bytes: bytesOf(text) }));
  const written = await on.store.write(key, toEntries(files), null);
  return { key, hash: await contentHashOf(await readFiles(on.store, written)) };
}

async function demandRefusal(on: StoreOnTrial, work: () => Promise<unknown>, what: string): Promise<void> {
  const before = await describe(on.store);
  try {
    await work();
  } catch (thrown) {
    demand(
      isMultitapError(thrown, "conflict"),
      `refuse with a MultitapError of kind "conflict" ${what}, not ${thrown}`,
    );
    demand((await describe(on.store)) === before, `change nothing when it refuses ${what}`);
    return;
  }
  demand(false, `refuse a write ${what}`);
}

const TRIALS: Readonly<Record<string, Trial>> = {
  async "is empty at first, without a state"({ store }) {
    demand((await listAll(store)).length === 0, "begin empty");
    demand((await store.loadState()) === null, "begin without a state");
  },
  async "keeps the state as it was stored last"(on) {
    for (const state of ["first", "", `{"ö": "\\u0000"}`]) {
      await on.store.storeState(state);
      demand((await on.store.loadState()) === state, `give back the state ${show(state)}`);
    }
    const again = await on.reopen?.();
    demand(again === undefined || (await again.loadState()) === `{"ö": "\\u0000"}`, "keep the state");
    demand((await listAll(on.store)).length === 0, "not list its state as a save");
  },
  async "gives a version the same place every time, and a save of several files stays together"(on) {
    const { key, hash } = await begin(on, ["one", "two"]);
    demand((await on.store.locate(on.remote)) === key, "locate a version at the same key before and after");
    const [save, ...more] = await listAll(on.store);
    demand(save !== undefined && more.length === 0, "list a save once");
    demand(save.key === key && save.kind === on.remote.kind, `list the key ${key} of kind ${on.remote.kind}`);
    demand(save.slot === on.remote.slot, `list the slot ${show(on.remote.slot)}, not ${show(save.slot)}`);
    demand(save.entries.length === 2, `list two entries, not ${save.entries.length}`);
    demand((save.contentHash ?? hash) === hash, "give the content hash of what is there");
    const sizes = save.entries.map(({ sizeBytes }) => sizeBytes);
    demand(show(sizes) === "[3,3]", `give the sizes [3,3], not ${show(sizes)}`);
    demand(
      save.entries.every(({ modifiedAt }) => !Number.isNaN(Date.parse(modifiedAt))),
      "give moments in ISO 8601",
    );
    const texts = (await readFiles(on.store, save))
      .map(({ bytes }) => new TextDecoder().decode(bytes))
      .sort();
    demand(show(texts) === '["one","two"]', `give back what was written, not ${show(texts)}`);
  },
  async "answers a write with what it lists"(on) {
    const key = await place(on);
    const written = await on.store.write(key, toEntries([{ path: on.paths[0], bytes: bytesOf("x") }]), null);
    const [listed] = await listAll(on.store);
    const facts = ({ key: name, kind, slot, entries }: LocalSave) => show([name, kind, slot, entries]);
    demand(listed !== undefined && facts(listed) === facts(written), "give what `list` gives");
  },
  async "reads any part, and nothing that is not there"(on) {
    const { key } = await begin(on, ["0123456789"]);
    const [save] = await listAll(on.store);
    const source = await on.store.read(key, save?.entries[0]?.path ?? "");
    demand(source.sizeBytes === 10, "know the size of an entry");
    const part = new TextDecoder().decode(await source.read(2, 5));
    await source.close?.();
    demand(part === "234", `read bytes 2 to 5, not ${show(part)}`);
    const missing = await on.store.read(key, "no such entry").then(
      () => null,
      (thrown: unknown) => thrown,
    );
    demand(isMultitapError(missing), "refuse to read an entry that is not there with a MultitapError");
  },
  async "replaces all files of a save, fewer by more and more by fewer"(on) {
    const first = await begin(on, ["one", "two"]);
    const { key } = first;
    let { hash } = first;
    for (const texts of [["three"], ["four", "five"], [""], ["six"]]) {
      const files = texts.map((text, at) => ({ path: on.paths[at] ?? "", bytes: bytesOf(text) }));
      const written = await on.store.write(key, toEntries(files), hash);
      const there = await readFiles(on.store, written);
      const found = there.map(({ bytes }) => new TextDecoder().decode(bytes)).sort();
      demand(
        show(found) === show([...texts].sort()),
        `hold ${show(texts)} after a write, not ${show(found)}`,
      );
      hash = await contentHashOf(there);
    }
  },
  async "refuses to write over what it was not told of"(on) {
    const { key } = await begin(on, ["one"]);
    const entries = toEntries([{ path: on.paths[0], bytes: bytesOf("other") }]);
    await demandRefusal(
      on,
      () => on.store.write(key, entries, null),
      "over a save that the caller thinks is not there",
    );
    await demandRefusal(on, () => on.store.write(key, entries, "0".repeat(32)), "over another content");
  },
  async "refuses to write where something was expected and nothing is"(on) {
    const key = await place(on);
    const entries = toEntries([{ path: on.paths[0], bytes: bytesOf("other") }]);
    await demandRefusal(on, () => on.store.write(key, entries, "0".repeat(32)), "of a save that is gone");
  },
  async "notices what changed behind its back"(on) {
    const { key, hash } = await begin(on, ["one", "two"]);
    if (on.edit === undefined) return;
    const [save] = await listAll(on.store);
    await on.edit(key, save?.entries[1]?.path ?? "", bytesOf("TWO"));
    const entries = toEntries([{ path: on.paths[0], bytes: bytesOf("other") }]);
    await demandRefusal(
      on,
      () => on.store.write(key, entries, hash),
      "over what an emulator wrote meanwhile",
    );
  },
  async "changes nothing when the bytes do not come"(on) {
    const { key, hash } = await begin(on, ["one", "two"]);
    const before = await describe(on.store);
    const [good, bad] = toEntries([
      { path: on.paths[0], bytes: bytesOf("new") },
      { path: on.paths[1], bytes: bytesOf("new too") },
    ]);
    if (good === undefined || bad === undefined) return;
    const read = async () => {
      throw new MultitapError("network", "NETWORK_FAILED", { message: "cut off" });
    };
    const failure = await on.store.write(key, [good, { ...bad, bytes: { ...bad.bytes, read } }], hash).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    demand(isMultitapError(failure), "fail with a MultitapError when a source fails");
    demand((await describe(on.store)) === before, "be all as it was when one file did not come");
    await on.store.write(key, [good], hash);
  },
  async "lets one of two writes win that know the same"(on) {
    const { key, hash } = await begin(on, ["one"]);
    const write = (text: string) =>
      on.store.write(key, toEntries([{ path: on.paths[0], bytes: bytesOf(text) }]), hash).then(
        () => text,
        (thrown: unknown) => {
          demand(
            isMultitapError(thrown, "conflict"),
            `refuse the later write with "conflict", not ${thrown}`,
          );
          return null;
        },
      );
    const winners = (await Promise.all([write("left"), write("right")])).filter((text) => text !== null);
    demand(winners.length === 1, `let one of two writes win, not ${winners.length}`);
    const [save] = await listAll(on.store);
    const [file] = save === undefined ? [] : await readFiles(on.store, save);
    demand(new TextDecoder().decode(file?.bytes) === winners[0], "hold what the winner wrote");
  },
  async "takes away what is trashed, and gives its place to another"(on) {
    const { key } = await begin(on, ["one", "two"]);
    await on.store.trash(key);
    await on.store.trash(key);
    demand((await listAll(on.store)).length === 0, "list nothing that is in the trash");
    await begin(on, ["again"]);
  },
  async "finds everything again when it is opened anew"(on) {
    await begin(on, ["one", "two"]);
    const before = await describe(on.store);
    const again = await on.reopen?.();
    demand(again === undefined || (await describe(again)) === before, "hold the same when it is opened anew");
    demand(again === undefined || (await again.locate(on.remote)) === (await place(on)), "keep its places");
  },
};
