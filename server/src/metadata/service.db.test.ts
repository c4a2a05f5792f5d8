import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AppError } from "../base/errors.ts";
import { openScannedLibrary, type ScannedLibrary } from "../scan/scan.testing.ts";
import type { EnrichWish, MetadataProvider } from "./contract.ts";
import { queueEnrichment, startMetadataWorker } from "./service.ts";

let library: ScannedLibrary;
const asked: { provider: string; romIds: readonly number[] }[] = [];
let fails = 0;

const provider = (name: "igdb" | "moby", change: Partial<MetadataProvider> = {}): MetadataProvider => ({
  name,
  idColumn: `${name}_id`,
  isEnabled: () => true,
  enrich: async (_ctx, romIds) => void asked.push({ provider: name, romIds }),
  ...change,
});
const broken = provider("moby", {
  enrich: () => {
    fails += 1;
    return Promise.reject(new AppError("upstream", "INTERNAL" as never, { message: "no answer" }));
  },
});
const providers = [broken, provider("igdb")];

beforeAll(async () => {
  library = await openScannedLibrary();
  for (const name of ["A", "B", "C"]) await library.put(`roms/nes/${name}.nes`, name);
  await library.scan();
  const { sql } = library.app.database.handle;
  await sql`update roms set igdb_id = 1 where fs_name = 'A.nes'`;
  await startMetadataWorker(library.app.ports, {
    createContext: () => library.app.createContext(),
    storeAnswers: async (_ctx, { provider, answers }) =>
      void asked.push({ provider: `${provider} answered`, romIds: answers.map(({ romId }) => romId) }),
    providers,
  });
  // The scan has left a wish of its own.
  for (let tries = 0; tries < 200 && asked.length === 0; tries += 1) await Bun.sleep(20);
}, 30_000);
afterAll(() => library?.close());

/** Leaves a wish and waits until the last provider has answered. */
async function enrich(change: Partial<EnrichWish>): Promise<readonly (readonly number[])[]> {
  asked.length = 0;
  fails = 0;
  const [rom] = await library.roms();
  const wish: EnrichWish = {
    mode: "all",
    platformIds: [rom?.platformId ?? 0],
    romIds: [],
    sources: [],
    scanCreatedAt: new Date(0).toISOString(),
    ...change,
  };
  expect(await queueEnrichment(library.app.createContext(), wish, providers)).toBe(true);
  for (let tries = 0; tries < 200 && asked.length === 0; tries += 1) await Bun.sleep(20);
  return asked.map((each) => each.romIds);
}

describe("what a scan leaves for the providers", () => {
  test.each([
    ["all", {}, ["A.nes", "B.nes", "C.nes"]],
    ["known", {}, ["A.nes"]],
    ["unmatched", {}, ["B.nes", "C.nes"]],
    ["new", {}, ["A.nes", "B.nes", "C.nes"]],
  ] as const)("are the roms it means: %s", async (mode, change, expected) => {
    const [romIds = []] = await enrich({ mode, ...change });
    const roms = await library.roms();
    expect(romIds.map((id) => roms.find((rom) => rom.id === id)?.fsName)).toEqual([...expected]);
  });

  test("are only those that were named", async () => {
    const [, second] = await library.roms();
    expect(await enrich({ romIds: [second?.id ?? 0] })).toEqual([[second?.id ?? 0]]);
  });

  test("goes to the providers that were chosen, and past one that cannot be asked", async () => {
    await enrich({});
    expect(fails).toBeGreaterThan(0);
    await enrich({ sources: ["igdb"] });
    expect(fails).toBe(0);
    expect(asked.every((each) => each.provider === "igdb")).toBe(true);
  });

  test("is nothing while no provider is enabled", async () => {
    const wish: EnrichWish = {
      mode: "all",
      platformIds: [1],
      romIds: [],
      sources: [],
      scanCreatedAt: new Date(0).toISOString(),
    };
    const off = [provider("igdb", { isEnabled: () => false })];
    expect(await queueEnrichment(library.app.createContext(), wish, off)).toBe(false);
  });
});
