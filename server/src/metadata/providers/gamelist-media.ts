import { isAbsolute, join, relative, sep } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { FoundMedium } from "../contract.ts";
import { type GamelistEntry, textOf } from "./gamelist-file.ts";

/** Where the medium of a kind is told: tags of the entry, and folders beside the roms, as ES-DE names them. */
interface Place {
  readonly kind: FoundMedium["kind"];
  readonly tags: readonly string[];
  readonly folders: readonly string[];
}

const PLACES: readonly Place[] = [
  { kind: "cover", tags: ["cover", "image"], folders: ["covers", "images", "thumbnails"] },
  { kind: "screenshot", tags: ["screenshot"], folders: ["screenshots"] },
  { kind: "manual", tags: ["manual"], folders: ["manuals"] },
  { kind: "box2d_back", tags: ["backcover", "boxback"], folders: ["backcovers"] },
  { kind: "box3d", tags: ["box3d"], folders: ["3dboxes"] },
  { kind: "fanart", tags: ["fanart"], folders: ["fanart"] },
  { kind: "marquee", tags: ["marquee"], folders: ["marquees"] },
  { kind: "miximage", tags: ["miximage"], folders: ["miximages"] },
  { kind: "miximage_v2", tags: ["miximage_v2"], folders: ["miximages_v2"] },
  { kind: "physical", tags: ["physicalmedia"], folders: ["physicalmedia"] },
  { kind: "title_screen", tags: ["titlescreen", "title_screen"], folders: ["titlescreens"] },
  { kind: "video", tags: ["video"], folders: ["videos"] },
];

/** Names of files in the media folders of one platform, by folder and by name without extension. */
export type MediaFolders = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Lists the media folders beside the roms; those that are not there are left out. */
export async function listMediaFolders(ctx: Context, platformFolder: string): Promise<MediaFolders> {
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const folder of new Set(PLACES.flatMap(({ folders }) => folders))) {
    const path = join(platformFolder, folder);
    if ((await ctx.ports.files.find(path))?.kind !== "folder") continue;
    const entries = await ctx.ports.files.list(path);
    const names = entries.flatMap(({ name, kind }) => (name === null || kind !== "file" ? [] : [name]));
    found.set(folder, new Map(names.map((name) => [name.replace(/\.[^.]*$/, ""), name])));
  }
  return found;
}

/** Whose media are looked for, and where. */
export interface MediaWish {
  readonly entry: GamelistEntry;
  readonly stem: string;
  /** Absolute. */
  readonly platformFolder: string;
  readonly folders: MediaFolders;
  /** The library's own folder, links resolved. */
  readonly libraryPath: string;
}

/** The media of one rom: what the entry names, else what lies beside the roms under the rom's name. */
export async function findMedia(ctx: Context, wish: MediaWish): Promise<readonly FoundMedium[]> {
  const found: FoundMedium[] = [];
  for (const { kind, tags, folders } of PLACES) {
    const named = tags.map((tag) => textOf(wish.entry, tag, 4_096)).filter((text) => text !== "");
    const beside = folders.flatMap((folder) => {
      const name = wish.folders.get(folder)?.get(wish.stem);
      return name === undefined ? [] : [`${folder}/${name}`];
    });
    for (const text of [...named, ...beside]) {
      const medium = await locate(ctx, wish, text);
      if (medium === null) continue;
      found.push({ kind, ...medium });
      break;
    }
  }
  return found;
}

/** A file of the library, or null: whoever can write the list may not have us read other files of the server. */
async function locate(
  ctx: Context,
  { platformFolder, libraryPath }: MediaWish,
  text: string,
): Promise<Omit<FoundMedium, "kind"> | null> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.startsWith("~") || text.includes("\0")) return null;
  const plain = text.replaceAll("\\", "/");
  const asked = isAbsolute(plain) ? plain : join(platformFolder, plain);
  try {
    if ((await ctx.ports.files.find(asked))?.kind !== "file") return null;
    const path = await ctx.ports.files.realPath(asked);
    const below = relative(libraryPath, path);
    if (below === "" || below.split(sep)[0] === ".." || isAbsolute(below)) return null;
    return { path, url: `file://${below}` };
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.ports.log.warn("a medium of a gamelist cannot be looked at", { path: asked, error });
    return null;
  }
}
