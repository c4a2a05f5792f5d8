import { describe, expect, test } from "bun:test";
import { systemEnvironment } from "../environment.ts";
import { isMultitapError, MultitapError } from "../errors.ts";
import { createModelSyncServer, type ModelSyncServer } from "../testing/model-sync-server.ts";
import { createEngine } from "./engine-work.ts";
import { type AppSaveStore, type BlobPlace, createIndexedStore } from "./indexed-store.ts";
import { memoryPlace } from "./memory-save-store.ts";
import type { SyncServer } from "./server.ts";
import type { ConflictChoice, SaveStore, SyncEvent, SyncOptions } from "./types.ts";
import { readZip } from "./zip.ts";

/** Small, repeatable dice. */
function createDice(seed: number) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  return {
    below: (count: number) => Math.floor(next() * count),
    chance: (share: number) => next() < share,
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
  };
}
type Dice = ReturnType<typeof createDice>;

interface Device {
  readonly id: string;
  readonly place: BlobPlace;
  store: AppSaveStore;
}

const openStore = (place: BlobPlace) =>
  createIndexedStore({ place, now: () => Date.now(), toRom: ({ romId }) => romId });

function addDevice(id: string): Device {
  const place = memoryPlace();
  return { id, place, store: openStore(place) };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (content: string) => new TextEncoder().encode(content);
const SLOT = "main";
const saveOf = (rom: number) => ({ rom, kind: "save", slot: SLOT }) as const;

function engineOf(device: Device, server: SyncServer, options: Partial<SyncOptions> = {}) {
  return createEngine({
    owner: { url: "http://nas", deviceId: device.id },
    options: { deviceId: device.id, store: device.store, ...options },
    server,
    environment: systemEnvironment,
    lifetime: new AbortController().signal,
  });
}

/** What is in a save here, whatever its files are called. */
async function contentOf(device: Device, rom: number): Promise<string | null> {
  const files = await device.store.open(saveOf(rom));
  return files === null
    ? null
    : files
        .map(({ bytes }) => text(bytes))
        .sort()
        .join("|");
}

const put = (device: Device, rom: number, contents: readonly string[], stem = "Game") =>
  device.store.put(
    saveOf(rom),
    contents.map((content, at) => ({
      path: `${stem}.${["srm", "rtc", "sav"][at]}`,
      bytes: bytesOf(content),
    })),
  );

async function historyOf(model: ModelSyncServer): Promise<ReadonlySet<string>> {
  const contents = await Promise.all(
    model.history.map(async ({ bytes, isBundle }) => {
      const files = isBundle ? ((await readZip(bytes)) ?? []) : [{ bytes }];
      return files
        .map((file) => text(file.bytes))
        .sort()
        .join("|");
    }),
  );
  return new Set(contents);
}

async function collect(device: Device, server: SyncServer, options: Partial<SyncOptions> = {}) {
  const events: SyncEvent[] = [];
  const report = await engineOf(device, server, options).run({ onEvent: (event) => events.push(event) });
  return { report, events };
}

describe("a run", () => {
  test("brings a save from one device to another, and then nothing more", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["one"]);
    expect((await collect(a, model.for("a"))).report).toMatchObject({ uploaded: 1, failed: 0 });
    expect((await collect(b, model.for("b"))).report).toMatchObject({ downloaded: 1, uploaded: 0 });
    expect(await contentOf(b, 1)).toBe("one");
    for (const device of [a, b]) {
      const { report } = await collect(device, model.for(device.id));
      expect(report).toMatchObject({ uploaded: 0, downloaded: 0, conflicts: 0, unchanged: 1 });
    }
  });

  test("keeps several files together, also when they are called otherwise elsewhere", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    const renaming = (store: AppSaveStore): AppSaveStore => ({
      ...store,
      write: (key, entries, expected) =>
        store.write(
          key,
          entries.map((entry) => ({ ...entry, path: entry.path.replace(/^[^.]*/, "Other") })),
          expected,
        ),
    });
    b.store = renaming(b.store);
    await put(a, 1, ["one", "clock"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    expect(await contentOf(b, 1)).toBe("clock|one");
    expect((await collect(b, model.for("b"))).report).toMatchObject({ uploaded: 0, unchanged: 1 });
    await put(b, 1, ["two", "clock"], "Other");
    expect((await collect(b, model.for("b"))).report).toMatchObject({ uploaded: 1, conflicts: 0 });
    expect((await collect(a, model.for("a"))).report).toMatchObject({ downloaded: 1, conflicts: 0 });
    expect(await contentOf(a, 1)).toBe("clock|two");
    expect(model.history.map(({ name }) => name)).toEqual(["Game.zip", "Game.zip"]);
  });

  test("goes on in the same lane where one file becomes several", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["one"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    await put(a, 1, ["one", "clock"]);
    await collect(a, model.for("a"));
    expect((await collect(b, model.for("b"))).report).toMatchObject({ downloaded: 1, conflicts: 0 });
    expect(await contentOf(b, 1)).toBe("clock|one");
    await put(b, 1, ["alone"]);
    await collect(b, model.for("b"));
    await collect(a, model.for("a"));
    expect(await contentOf(a, 1)).toBe("alone");
    expect((await collect(a, model.for("a"))).report).toMatchObject({ uploaded: 0, downloaded: 0 });
  });

  test.each([
    ["keep_both", "mine"],
    ["device_wins", "mine"],
    ["server_wins", "theirs"],
    ["skip", "mine"],
  ] as const)("%s keeps both versions of a conflict", async (choice, expected) => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["base"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    await put(a, 1, ["theirs"]);
    await collect(a, model.for("a"));
    await put(b, 1, ["mine"]);
    const { report, events } = await collect(b, model.for("b"), { conflicts: choice });
    expect(report).toMatchObject({ conflicts: 1, failed: 0 });
    expect(events.filter(({ type }) => type === "conflict")).toHaveLength(1);
    expect(await contentOf(b, 1)).toBe(expected);
    const history = await historyOf(model);
    expect([history.has("theirs"), history.has("mine")]).toEqual([true, choice !== "skip"]);
    await collect(a, model.for("a"));
    expect(await contentOf(a, 1)).toBe(choice === "skip" ? "theirs" : expected);
  });

  test.each([
    ["keep", "one"],
    ["trash", null],
  ] as const)("with deletions %s, what was removed on the server is %s here", async (deletions, expected) => {
    const model = createModelSyncServer();
    const a = addDevice("a");
    await put(a, 1, ["one"]);
    await collect(a, model.for("a"));
    model.removeLane(1, SLOT);
    await collect(a, model.for("a"), { deletions });
    expect(await contentOf(a, 1)).toBe(expected);
    expect((await collect(a, model.for("a"), { deletions })).report).toMatchObject({
      uploaded: 0,
      downloaded: 0,
    });
  });

  test("one way only leaves the other way alone", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["one"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    await put(a, 1, ["theirs"]);
    await collect(a, model.for("a"));
    await put(b, 1, ["mine"]);
    for (const choice of ["keep_both", "device_wins"] as const) {
      await collect(b, model.for("b"), { direction: "download", conflicts: choice });
    }
    await collect(b, model.for("b"), { direction: "upload", conflicts: "server_wins" });
    expect([await contentOf(b, 1), (await historyOf(model)).has("mine")]).toEqual(["mine", false]);
  });

  test("does what an earlier plan has, and what came since is left for another run", async () => {
    const model = createModelSyncServer();
    const a = addDevice("a");
    await put(a, 1, ["one"]);
    const engine = engineOf(a, model.for("a"));
    const plan = await engine.plan();
    expect([model.history.length, plan.uploadBytes]).toEqual([0, 3]);
    await put(a, 1, ["changed"]);
    await put(a, 2, ["new"]);
    expect(await engine.run({ plan })).toMatchObject({ uploaded: 1 });
    expect(await historyOf(model)).toEqual(new Set(["changed"]));
  });

  test("goes on without a save that cannot be read", async () => {
    const model = createModelSyncServer();
    const a = addDevice("a");
    await put(a, 1, ["one"]);
    await put(a, 2, ["two"]);
    const { store } = a;
    const failing: SaveStore = {
      ...store,
      async *list(signal) {
        for await (const { contentHash: _hash, ...save } of store.list(signal)) yield save;
      },
      async read(key, path) {
        if (key.includes(",1,")) throw new RangeError("bad sector");
        return await store.read(key, path);
      },
    };
    const { report, events } = await collect(a, model.for("a"), { store: failing });
    expect(report).toMatchObject({ uploaded: 1, failed: 1 });
    const failed = events.flatMap((event) => (event.type === "failed" ? [event.error] : []));
    expect(failed.map(({ kind }) => kind)).toEqual(["storage"]);
  });

  test("plans anew what changed on the server between plan and upload", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["base"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    await put(a, 1, ["mine"]);
    await put(b, 1, ["theirs"]);
    const server = model.for("a");
    let hasCome = false;
    const racing: SyncServer = {
      ...server,
      async store(...args) {
        if (!hasCome) {
          hasCome = true;
          await collect(b, model.for("b"));
        }
        return await server.store(...args);
      },
    };
    const { report, events } = await collect(a, racing);
    expect(report).toMatchObject({ conflicts: 1, failed: 0 });
    expect(events.filter(({ type }) => type === "failed")).toEqual([]);
    const history = await historyOf(model);
    expect([history.has("mine"), history.has("theirs")]).toEqual([true, true]);
  });

  test("never buries what was written while a version was on its way", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["base"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    await put(a, 1, ["theirs"]);
    await collect(a, model.for("a"));
    const server = model.for("b");
    let hasCome = false;
    const racing: SyncServer = {
      ...server,
      async read(...args) {
        if (!hasCome) await put(b, 1, ["mine"]);
        hasCome = true;
        return await server.read(...args);
      },
    };
    const { report } = await collect(b, racing);
    expect(report).toMatchObject({ conflicts: 1, failed: 0 });
    expect(await contentOf(b, 1)).toBe("mine");
    expect((await historyOf(model)).has("mine")).toBe(true);
  });

  test("ends a decision for the server's side that a death left half done", async () => {
    const model = createModelSyncServer();
    const [a, b] = [addDevice("a"), addDevice("b")];
    await put(a, 1, ["base"]);
    await collect(a, model.for("a"));
    await collect(b, model.for("b"));
    await put(a, 1, ["theirs"]);
    await collect(a, model.for("a"));
    await put(b, 1, ["mine"]);
    const dying: SyncServer = {
      ...model.for("b"),
      async restore() {
        throw new MultitapError("aborted", "ABORTED", { message: "killed" });
      },
    };
    await collect(b, dying, { conflicts: "server_wins" }).catch((thrown: unknown) => {
      expect(isMultitapError(thrown, "aborted")).toBe(true);
    });
    expect(await contentOf(b, 1)).toBe("mine");
    b.store = openStore(b.place);
    expect((await collect(b, model.for("b"))).report).toMatchObject({ downloaded: 1, failed: 0 });
    expect(await contentOf(b, 1)).toBe("theirs");
    await collect(a, model.for("a"));
    expect(await contentOf(a, 1)).toBe("theirs");
    expect((await historyOf(model)).has("mine")).toBe(true);
  });

  test("sends nothing but what it planned with", async () => {
    const model = createModelSyncServer();
    const a = addDevice("a");
    await put(a, 1, ["planned"]);
    let reads = 0;
    const store: SaveStore = {
      ...a.store,
      async read(key, path) {
        if (reads++ === 0) await put(a, 1, ["written meanwhile"]);
        return await a.store.read(key, path);
      },
    };
    expect((await collect(a, model.for("a"), { store })).report).toMatchObject({ uploaded: 1, failed: 0 });
    expect(reads).toBe(2);
    expect(await historyOf(model)).toEqual(new Set(["written meanwhile"]));
  });

  test("ends with the failure that every further save would meet, and says nothing of the others", async () => {
    const model = createModelSyncServer();
    const a = addDevice("a");
    for (let rom = 1; rom < 10; rom++) await put(a, rom, [`${rom}`]);
    let calls = 0;
    const offline: SyncServer = {
      ...model.for("a"),
      async store() {
        calls++;
        throw new MultitapError("network", "NETWORK_FAILED", { message: "gone" });
      },
    };
    const failure = await collect(a, offline).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(isMultitapError(failure, "network")).toBe(true);
    expect(calls).toBeLessThanOrEqual(3);
  });
});

interface Death {
  readonly dice: Dice;
  /** Calls of the store and the server until then. */
  readonly calls: number;
}

/** A process that dies at some call: what it did so far stays, and nothing of it happens any more. */
function mortal(device: Device, server: SyncServer, { dice, calls }: Death) {
  let left = calls;
  const dying = new MultitapError("aborted", "ABORTED", { message: "killed" });
  const guard =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      for (let turns = dice.below(4); turns > 0; turns--) await Promise.resolve();
      left--;
      if (left < 0) throw dying;
      // The last call happens, and nobody hears of it.
      const result = await work(...args);
      if (left === 0 && dice.chance(0.5)) left = -1;
      if (left < 0) throw dying;
      return result;
    };
  const wrap = <T extends object>(object: T): T => {
    const wrapped = Object.entries(object).map(([name, value]) => {
      const isPlain = typeof value === "function" && name !== "list" && name !== "watch";
      return [name, isPlain ? guard(value as (...args: readonly unknown[]) => Promise<unknown>) : value];
    });
    return Object.fromEntries(wrapped) as T;
  };
  return { store: wrap(device.store), server: wrap(server) };
}

const CHOICES: readonly ConflictChoice[] = ["keep_both", "server_wins", "device_wins"];
const seedText = process.env.MULTITAP_SYNC_SEED;
const SEED = seedText === undefined ? Date.now() % 1_000_000 : Number(seedText);

describe("any number of devices", () => {
  test("end with the same saves and lose none, whatever happens in between", async () => {
    console.log(`sync runs: MULTITAP_SYNC_SEED=${SEED}`);
    for (let round = 0; round < 60; round++)
      await tryOnce(createDice(SEED + round), `seed ${SEED} round ${round}`);
  }, 60_000);
});

async function tryOnce(dice: Dice, name: string): Promise<void> {
  const model = createModelSyncServer();
  const devices = ["a", "b", "c"].map(addDevice);
  const romCount = 1 + dice.below(3);
  /** What nobody may lose, by the place where somebody wrote it last. */
  const required = new Map<string, string>();
  const owed = new Set<string>();
  let counter = 0;
  const edit = async (device: Device) => {
    const rom = 1 + dice.below(romCount);
    const contents = Array.from({ length: 1 + dice.below(3) }, () => `${device.id}${counter++}`);
    const stem = dice.pick(["Game", "Game", `Game ${device.id}`]);
    await put(device, rom, contents, stem);
    const place = `${device.id} ${rom}`;
    const before = required.get(place);
    // What its own writer replaced before any sync had it is not the sync's to keep.
    if (before !== undefined && !(await historyOf(model)).has(before)) owed.delete(before);
    required.set(place, [...contents].sort().join("|"));
    owed.add([...contents].sort().join("|"));
  };
  const runSome = async (device: Device) => {
    const server = model.for(device.id);
    const isMortal = dice.chance(0.4);
    const calls = isMortal ? 1 + dice.below(14) : Number.POSITIVE_INFINITY;
    const parts = mortal(device, server, { dice, calls });
    const engine = engineOf({ ...device, store: parts.store }, parts.server, {
      conflicts: () => dice.pick(CHOICES),
    });
    await engine.run().catch((thrown: unknown) => {
      expect([name, isMultitapError(thrown, "aborted"), String(thrown)]).toEqual([
        name,
        true,
        String(thrown),
      ]);
    });
    if (isMortal) device.store = openStore(device.place);
  };
  for (let step = 0; step < 14; step++) {
    const [first, second] = [dice.pick(devices), dice.pick(devices)];
    await edit(first);
    if (dice.chance(0.5)) await edit(second);
    const runs = [runSome(first), ...(second === first ? [] : [runSome(second)])];
    if (dice.chance(0.3)) await edit(first);
    await Promise.all(runs);
  }
  for (let round = 0; round < 6; round++) {
    for (const device of devices) await collect(device, model.for(device.id));
  }
  for (let rom = 1; rom <= romCount; rom++) {
    const contents = await Promise.all(devices.map((device) => contentOf(device, rom)));
    expect([name, rom, new Set(contents).size, contents]).toEqual([name, rom, 1, contents]);
  }
  for (const device of devices) {
    const { report } = await collect(device, model.for(device.id));
    expect([name, report.uploaded, report.downloaded, report.conflicts, report.failed]).toEqual([
      name,
      0,
      0,
      0,
      0,
    ]);
  }
  const history = await historyOf(model);
  expect([name, [...owed].filter((content) => !history.has(content))]).toEqual([name, []]);
}
