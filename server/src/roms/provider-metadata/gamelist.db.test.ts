// From a gamelist.xml in the library to a rom's row, facets and resources.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { roms } from "@multitap/db/schema/roms";
import { ENRICHED_QUEUE, startMetadataWorker } from "../../metadata/service.ts";
import { openScannedLibrary, type ScannedLibrary } from "../../scan/scan.testing.ts";
import { storeProviderAnswers } from "./service.ts";

const WAIT_MS = 10_000;
const POLL_MS = 20;
/** One pixel. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const LIST = `<?xml version="1.0"?>
<gameList>
  <game>
    <path>./Zelda (USA).nes</path>
    <name>The Legend of Zelda</name>
    <sortname>Zelda 1</sortname>
    <desc>A boy &amp; his sword.</desc>
    <cover>./media/front.png</cover>
    <screenshot>/etc/passwd</screenshot>
    <manual>./out.pdf</manual>
    <rating>0.9</rating>
    <releasedate>19860221T000000</releasedate>
    <developer>Nintendo EAD</developer>
    <publisher>Nintendo</publisher>
    <genre>Adventure</genre>
    <family>Zelda</family>
    <players>1-2</players>
    <region>us, eu</region>
    <lang>en</lang>
    <md5>abc</md5>
  </game>
  <game><path>./Nobody.nes</path><name>Not here</name></game>
</gameList>
`;

let library: ScannedLibrary;
let done = 0;

beforeEach(async () => {
  library = await openScannedLibrary();
  done = 0;
  const { ports } = library.app;
  const createContext = () => library.app.createContext();
  await startMetadataWorker(ports, { createContext, storeAnswers: storeProviderAnswers });
  await ports.queue.work(ENRICHED_QUEUE, { concurrency: 1 }, async () => {
    done += 1;
  });
  await library.put("roms/nes/Zelda (USA).nes", "z");
  await library.put("roms/nes/Other.nes", "o");
  await library.put("roms/nes/gamelist.xml", LIST);
  await library.put("roms/nes/assets/keep.txt", "");
  await library.put("roms/nes/media/front.png", PICTURE);
  await library.put("roms/nes/titlescreens/Zelda (USA).png", PICTURE);
  await library.put("roms/nes/videos/Other.mp4", "video");
  await writeFile(join(library.app.basePath, "secret.pdf"), "secret");
  await symlink(
    join(library.app.basePath, "secret.pdf"),
    join(library.app.basePath, "library/roms/nes/out.pdf"),
  );
  await Bun.write(
    join(library.app.basePath, "config", "config.yml"),
    "scan:\n  media: [title_screen, screenshot, manual]\n",
  );
}, 30_000);
afterEach(() => library?.close());

async function scanned(type: "quick" | "complete" | "update" = "quick") {
  const before = done;
  expect((await library.scan({ type })).status).toBe("done");
  for (const end = performance.now() + WAIT_MS; done === before && performance.now() < end; )
    await Bun.sleep(POLL_MS);
  expect(done).toBeGreaterThan(before);
}

async function rom(name: string): Promise<typeof roms.$inferSelect> {
  const found = (await library.roms()).find((each) => each.fsName === name);
  if (found === undefined) throw new RangeError(`${name} is not there`);
  return found;
}

const facets = async (romId: number) => {
  const { sql } = library.app.database.handle;
  const rows = await sql<{ kind: string; value: string }[]>`select kind, value from rom_facets
    where rom_id = ${romId} order by kind, value`;
  return rows.map(({ kind, value }) => `${kind} ${value}`);
};

describe("a gamelist.xml in a platform's folder", () => {
  test("tells the rom's texts, facets and media", async () => {
    await scanned();
    const zelda = await rom("Zelda (USA).nes");
    const folder = `roms/${zelda.platformId}/${zelda.id}`;
    expect(zelda).toMatchObject({
      name: "The Legend of Zelda",
      summary: "A boy & his sword.",
      regions: ["us", "eu"],
      primaryRegion: "us",
      languages: ["en"],
      genres: ["Adventure"],
      franchises: ["Zelda"],
      companies: ["Nintendo", "Nintendo EAD"],
      playerCount: "1-2",
      averageRating: 90,
      firstReleaseDate: Date.UTC(1986, 1, 21),
      urlCover: "file://roms/nes/media/front.png",
      pathCoverLarge: `${folder}/cover/big.png`,
      pathCoverSmall: `${folder}/cover/small.png`,
      pathScreenshots: [],
      pathManual: null,
    });
    expect(zelda.nameSortKey).toMatch(/^zelda 0*1$/);
    expect(zelda.gamelistId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await facets(zelda.id)).toEqual([
      "company Nintendo",
      "company Nintendo EAD",
      "franchise Zelda",
      "genre Adventure",
      "language en",
      "region eu",
      "region us",
    ]);
    const { sql } = library.app.database.handle;
    const [stored] = await sql<{ data: unknown }[]>`select data from rom_provider_metadata
      where rom_id = ${zelda.id} and provider = 'gamelist'`;
    expect(stored?.data).toEqual({
      rating: "0.9",
      first_release_date: "19860221T000000",
      player_count: "1-2",
      md5_hash: "abc",
      companies: ["Nintendo EAD", "Nintendo"],
      franchises: ["Zelda"],
      genres: ["Adventure"],
      cover_url: "file://roms/nes/media/front.png",
      title_screen_url: "file://roms/nes/titlescreens/Zelda (USA).png",
      title_screen_path: `${folder}/title_screen/title_screen.png`,
    });
    const picture = join(library.app.facts.resourcesPath, folder, "title_screen/title_screen.png");
    expect(Buffer.compare(await readFile(picture), PICTURE)).toBe(0);
    expect((await rom("Other.nes")).gamelistId).toBeNull();
  }, 30_000);

  test("says the same again without a change", async () => {
    await scanned();
    const before = await rom("Zelda (USA).nes");
    await scanned("update");
    expect(await rom("Zelda (USA).nes")).toEqual(before);
  }, 30_000);

  test("fills gaps alone beside a provider that counts more, and in what people wrote", async () => {
    await library.remove("roms/nes/gamelist.xml");
    await scanned();
    const { sql } = library.app.database.handle;
    await sql`update roms set igdb_id = 7, name = 'By IGDB', summary = null where fs_name = 'Zelda (USA).nes'`;
    await library.put("roms/nes/gamelist.xml", LIST);
    await scanned("complete");
    const { name, summary, genres } = await rom("Zelda (USA).nes");
    expect([name, summary, genres]).toEqual(["By IGDB", "A boy & his sword.", ["Adventure"]]);
  }, 30_000);

  test("is passed over when it is damaged", async () => {
    await library.put("roms/nes/gamelist.xml", LIST.replace("</gameList>", ""));
    await scanned();
    const { name, gamelistId } = await rom("Zelda (USA).nes");
    expect([name, gamelistId]).toEqual(["Zelda", null]);
  }, 30_000);
});
