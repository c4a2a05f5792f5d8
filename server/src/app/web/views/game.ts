import type { RomParts, RomWith } from "@multitap/client";
import { button, element, facts, link, listing, paragraph, section } from "../elements.ts";
import { formatMoment, formatSize } from "../format.ts";
import { libraryHash } from "../places.ts";
import type { Scene } from "../site.ts";
import { drawCover } from "./library.ts";
import { drawSaves } from "./saves.ts";

type Game = RomWith<"files" | "metadata">;
type RomFile = RomParts["files"][number];

/** Draws a game with its files and saves. */
export async function drawGame(scene: Scene, romId: number): Promise<Node> {
  const { client, signal } = scene;
  const rom = await client.roms.get(romId, { with: ["files", "metadata"] }, { signal });
  const files = rom.files.map((file) => drawFile(scene, file));
  return element(
    "article",
    {},
    element("p", {}, link(libraryHash(rom.platformId), `‹ ${rom.platformName}`)),
    element("h1", {}, rom.name),
    element("div", { class: "top" }, drawCover(rom.coverLarge ?? rom.coverSmall, rom), drawFacts(rom)),
    rom.summary === null ? null : paragraph(rom.summary),
    drawDownload(scene, rom),
    files.length < 2 ? null : section("Files", listing(files, "")),
    scene.can("assets.read") ? await drawSaves(scene, rom) : null,
  );
}

function drawFacts(rom: Game): Node {
  const { metadata } = rom;
  return facts([
    ["Platform", rom.platformName],
    ["Regions", rom.regions.join(", ")],
    ["Languages", rom.languages.join(", ")],
    ["Released", metadata.firstReleasedAt?.slice(0, 4) ?? null],
    ["Genres", metadata.genres.join(", ")],
    ["Companies", metadata.companies.join(", ")],
    ["Players", metadata.playerCount],
    ["Size", formatSize(rom.sizeBytes)],
    ["File", rom.fsName],
    ["SHA-1", rom.sha1],
    ["RetroAchievements", rom.raHash],
    ["Added", formatMoment(rom.createdAt)],
  ]);
}

function drawDownload(scene: Scene, rom: Game): Node {
  if (rom.isMissing) return paragraph("Its files are missing: the last scan did not find them.", "wrong");
  const text = rom.files.length > 1 ? "Download as zip" : "Download";
  const made = button(`${text} (${formatSize(rom.sizeBytes)})`, (self) =>
    scene.work(async () => download(await scene.client.roms.contentUrl(rom.id), ""), self),
  );
  made.className = "main";
  return element("p", {}, made);
}

function drawFile(scene: Scene, { id, romId, fileName, sizeBytes, category }: RomFile): Node {
  const made = button("Download", (self) =>
    scene.work(
      async () => download(await scene.client.roms.contentUrl(romId, { fileId: id }), fileName),
      self,
    ),
  );
  made.setAttribute("aria-label", `Download ${fileName}`);
  const about = [formatSize(sizeBytes), category].filter((part) => part !== null).join(", ");
  return element(
    "span",
    { class: "row" },
    element("span", {}, fileName, " ", element("small", {}, about)),
    made,
  );
}

/** Lets the browser itself fetch the bytes: past the page's memory, and on after the page is closed. */
function download(href: string, fileName: string): void {
  element("a", { href, download: fileName }).click();
}
