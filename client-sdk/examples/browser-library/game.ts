/** The page of one game. */
import type { Client, RomParts } from "@multitap/client";
import { find, formatSize, toRow } from "./elements.ts";

type RomFile = RomParts["files"][number];

/** Who draws a game. */
export interface GameOptions {
  /** Runs what the user asked for, and shows what fails. */
  readonly work: (task: () => Promise<void>) => void;
  /** The user went elsewhere. */
  readonly signal: AbortSignal;
}

/** Draws a game with its files. */
export async function drawGame(client: Client, romId: number, { work, signal }: GameOptions): Promise<void> {
  const rom = await client.roms.get(romId, { with: ["files", "metadata"] }, { signal });
  const { genres, firstReleasedAt } = rom.metadata;
  const about = [rom.platformName, ...rom.regions, ...genres, firstReleasedAt?.slice(0, 4)];
  find("#name", HTMLElement).textContent = rom.name;
  find("#about", HTMLElement).textContent = about.filter((text) => text !== undefined).join(", ");
  find("#summary", HTMLElement).textContent = rom.summary;
  const rows = rom.files.map((file) => drawFile(file, () => work(() => download(client, file))));
  find("#files", HTMLElement).replaceChildren(...rows);
}

function drawFile({ fileName, sizeBytes }: RomFile, download: () => void): HTMLLIElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Download ${fileName}, ${formatSize(sizeBytes)}`;
  button.onclick = download;
  return toRow(button);
}

/** Lets the browser itself download a file: past the page's memory, and on after the page is closed. */
async function download(client: Client, { romId, id: fileId, fileName }: RomFile): Promise<void> {
  // Made when it is wanted: such an address opens by itself, and so it does not live long.
  const href = await client.roms.contentUrl(romId, { fileId });
  Object.assign(document.createElement("a"), { href, download: fileName }).click();
}
