import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../../../scripts/library/random.ts";
import { createAdmin, endScenes, makeFolder, openClient, waitForScan } from "./scene.testing.ts";
import { type RunningServer, startServer } from "./server-process.testing.ts";
import { createTransport, type ServerPlace } from "./sync-devices.testing.ts";
import {
  checkAll,
  Interrupted,
  type Lane,
  type Model,
  type ModelDevice,
  type Protocol,
  settle,
  takeStep,
  Violation,
} from "./sync-model.testing.ts";

/** Random steps; `MULTITAP_SYNC_STEPS=100000` runs for longer. */
const STEPS = Number(process.env.MULTITAP_SYNC_STEPS ?? "10000");
/** How often the server dies meanwhile. */
const KILLS = 8;
/** Steps between two looks at everything that was ever taken. */
const LOOK_EVERY = 1_000;
/** Steps within which the planted bug has to be found; it usually takes a few dozen. */
const PLANTED_STEPS = 2_000;
const TEST_MAX_MS = 900_000;

const seed = Number(process.env.MULTITAP_E2E_SEED ?? Math.floor(Math.random() * 1e9));
console.log(`sync model: MULTITAP_E2E_SEED=${seed}`);

afterAll(endScenes);

/** Clocks of devices, in milliseconds off: right, days behind, hours ahead. */
const DEVICES: readonly (readonly [protocol: Protocol, clockOffsetMs: number])[] = [
  ["compatible", 0],
  ["compatible", -3 * 86_400_000],
  ["documented", 0],
  ["documented", 7_200_000],
  ["own", 0],
  ["own", -86_400_000],
];

interface World {
  readonly model: Model;
  /** Kills the server as a power cut would, and starts it again. */
  crash(): Promise<void>;
  /** Kills it after a while, whatever goes on. */
  crashSoon(afterMs: number): Promise<void>;
}

async function openWorld(preload?: string): Promise<World> {
  const basePath = join(makeFolder("sync-model"), "base");
  const folder = join(basePath, "library", "roms", "gba");
  mkdirSync(folder, { recursive: true });
  for (const name of ["One.gba", "Two.gba"]) writeFileSync(join(folder, name), name);
  let server = await startServer({ basePath, preload });
  const token = await createAdmin(server.url);
  let place: ServerPlace = { url: server.url, token };
  const roms = await scanRoms(server, token);
  const lanes = roms.flatMap((romId) =>
    ["main", "second"].map((slot): Lane => ({ romId, slot, file: `${romId} ${slot}.srm` })),
  );
  const devices = await Promise.all(DEVICES.map((facts, index) => register(place, facts, index)));
  const model: Model = {
    lanes,
    devices,
    taken: new Map(),
    transport: createTransport(() => place, lanes),
    dice: createRandom(`sync/${seed}`),
  };
  const restart = async () => {
    server = await startServer({ basePath, preload });
    place = { url: server.url, token };
  };
  return {
    model,
    async crash() {
      await server.stop("SIGKILL");
      await restart();
    },
    async crashSoon(afterMs) {
      await Bun.sleep(afterMs);
      server.signal("SIGKILL");
      await server.ended;
      await restart();
    },
  };
}

async function scanRoms(server: RunningServer, token: string): Promise<readonly number[]> {
  const client = openClient(server, token);
  try {
    const scan = await client.scan.start({});
    await waitForScan(client, scan.id);
    const { items } = await client.roms.list();
    return items.map(({ id }) => id);
  } finally {
    await client.close();
  }
}

async function register(
  { url, token }: ServerPlace,
  [protocol, clockOffsetMs]: (typeof DEVICES)[number],
  index: number,
): Promise<ModelDevice> {
  const response = await fetch(`${url}/api/devices`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: `${protocol} ${index}`, allow_duplicate: true }),
  });
  const { device_id: id } = (await response.json()) as { device_id: string };
  return { id, protocol, clockOffsetMs, files: new Map(), had: new Map() };
}

/** Takes one step; a server that died in the middle of it is no violation. */
async function tryStep(model: Model): Promise<void> {
  try {
    await takeStep(model);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  }
}

describe("a sync of six devices in three protocols", () => {
  test(
    "loses nothing, buries nothing unseen, and comes to an end, however often the server dies",
    async () => {
      const world = await openWorld();
      const { model } = world;
      const killAt = new Set(Array.from({ length: KILLS }, () => model.dice.below(STEPS)));
      for (let step = 0; step < STEPS; step += 1) {
        if (killAt.has(step)) {
          const crashing = world.crashSoon(model.dice.below(30));
          // Steps go on until the server is gone, and begin again when it is back.
          while (await isPending(crashing)) await tryStep(model);
          await crashing;
          await checkAll(model);
        }
        await tryStep(model);
        if (step % LOOK_EVERY === 0) await checkAll(model);
      }
      await world.crash();
      await checkAll(model);
      await settle(model);
      await checkAll(model);
      console.log(`sync model: ${STEPS} steps, ${KILLS + 1} kills, ${model.taken.size} contents taken`);
      expect(model.taken.size).toBeGreaterThan(STEPS / 20);
    },
    TEST_MAX_MS,
  );

  test(
    "is found wanting when the server forgets to ask what a device knew",
    async () => {
      const { model } = await openWorld(join(import.meta.dir, "no-baselines.fixture.ts"));
      const run = async () => {
        for (let step = 0; step < PLANTED_STEPS; step += 1) await takeStep(model);
        return null;
      };
      const found = await run().catch((error: unknown) => error);
      expect(found).toBeInstanceOf(Violation);
    },
    TEST_MAX_MS,
  );
});

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const mark = Symbol("pending");
  return (await Promise.race([promise, Bun.sleep(1).then(() => mark)])) === mark;
}
