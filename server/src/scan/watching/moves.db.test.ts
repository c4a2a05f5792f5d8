// What users made of a game stays with it while the library changes under a running watcher.
import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { romUser } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { createDiskWatch } from "../../ports/watch/disk.ts";
import { openScannedLibrary, type ScannedLibrary } from "../scan.testing.ts";
import { queueScan } from "../service.ts";
import { startWatching, type Watching } from "./service.ts";

let library: ScannedLibrary | null = null;
let watching: Watching | null = null;
afterEach(async () => {
  await watching?.stop();
  await library?.close();
});

const UNTIL_MS = 15_000;
const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + UNTIL_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) throw new RangeError("it did not happen in time");
    await Bun.sleep(30);
  }
}

/** A watched library with one rated game. */
async function openWatched(path: string): Promise<{ at: ScannedLibrary; romId: number }> {
  const at = await openScannedLibrary();
  library = at;
  await at.put(path, "the game");
  await at.put("roms/nes/Stays.nes", "stays");
  await at.put("roms/snes/Stays.sfc", "stays too");
  await at.scan();
  const db = at.app.ports.database;
  const [user] = await db.insert(users).values({ username: "ana" }).returning();
  const rom = (await at.roms()).find((each) => `${each.fsPath}/${each.fsName}` === path);
  await db.insert(romUser).values({ romId: rom?.id ?? 0, userId: user?.id ?? 0, rating: 9 });
  watching = startWatching(at.app.ports, {
    mode: "native",
    isSoleOwner: true,
    pollIntervalMs: 1_000,
    delayMs: 150,
    createContext: () => at.app.createContext(),
    watch: createDiskWatch(),
    queueScan,
  });
  await until(async () => watching?.state() !== null);
  return { at, romId: rom?.id ?? 0 };
}

/** The row that carries the rating. */
async function rated(at: ScannedLibrary) {
  const [row] = await at.app.ports.database.select().from(romUser);
  return (await at.roms()).find((rom) => rom.id === row?.romId);
}

const placeOf = (rom: { readonly fsPath: string; readonly fsName: string } | undefined) =>
  `${rom?.fsPath}/${rom?.fsName}`;

describe("while the library is watched, a rating stays with its game", () => {
  test.each([
    ["renamed", "roms/nes/Game.nes", "roms/nes/Game (Europe).nes"],
    ["moved to another platform's folder", "roms/nes/Game.nes", "roms/snes/Game.nes"],
  ])(
    "that is %s",
    async (_how, from, to) => {
      const { at, romId } = await openWatched(from);
      await at.move(from, to);
      await until(async () => placeOf(await rated(at)) === to);
      expect((await rated(at))?.id).toBe(romId);
      expect(await at.roms()).toHaveLength(3);
    },
    30_000,
  );

  test("that is replaced by a hack of it", async () => {
    const { at, romId } = await openWatched("roms/nes/Game.nes");
    await at.put("roms/nes/Game.nes", "a hack of the game");
    await until(async () => (await rated(at))?.sha1Hash === sha1("a hack of the game"));
    expect((await rated(at))?.id).toBe(romId);
  }, 30_000);

  test("that is deleted and restored", async () => {
    const { at, romId } = await openWatched("roms/nes/Game.nes");
    await at.move("roms/nes/Game.nes", "Game.nes");
    await until(async () => (await rated(at))?.missingFromFs === true);
    await at.move("Game.nes", "roms/nes/Game.nes");
    await until(async () => (await rated(at))?.missingFromFs === false);
    expect((await rated(at))?.id).toBe(romId);
  }, 30_000);
});
