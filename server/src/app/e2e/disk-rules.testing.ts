/** The documented rules of names, written down once more: what the server makes of them is held against these. */

/** Folders of platforms that are never hashed, as far as made libraries have them. */
export const NEVER_HASHED: ReadonlySet<string> = new Set(["switch", "win", "ps3"]);

const CATEGORIES =
  "game dlc hack manual patch update mod demo translation prototype cheat soundtrack screenshot".split(" ");

/** The first category whose name, or name and an "s", is one of the folders of a path. */
export function findCategoryByRule(folderPath: string): string | null {
  const parts = folderPath.toLowerCase().split("/");
  return CATEGORIES.find((name) => parts.includes(name) || parts.includes(`${name}s`)) ?? null;
}

const LEFT_OUT_EXTENSIONS = /\.(?:db|ini|tmp|bak|lock|log|cache|crdownload)$/;
const LEFT_OUT_FILES =
  /^(?:\.DS_Store|\.localized|\.Trashes|\.stfolder|@SynoResource|.*:Zone\.Identifier|gamelist\.xml|metadata\.pegasus\.txt)$/s;
const LEFT_OUT_FOLDERS =
  /^(?:@eadir|assets|__macosx|#recycle|\$recycle\.bin|\.trash-.*|\.stfolder|\.spotlight-v100|\.fseventsd|\.documentrevisions-v100|system volume information)$/s;
/** Multitap's own: what file servers leave behind is left out whatever it is. */
const ALWAYS_LEFT_OUT =
  /^(?:\.nfs.*|\._.*|@eaDir|#recycle|\.snapshot|\.zfs|lost\+found|System Volume Information)$/s;

/** Tells by its name whether something is no part of the library; members of archives go by the first lists alone. */
export function isLeftOut(name: string, what: "file" | "folder" | "member"): boolean {
  if (what !== "member" && ALWAYS_LEFT_OUT.test(name)) return true;
  if (what === "folder") return LEFT_OUT_FOLDERS.test(name.toLowerCase().trim());
  return LEFT_OUT_EXTENSIONS.test(name.toLowerCase()) || LEFT_OUT_FILES.test(name);
}

/** A dot, any number of lower-case words with a dot, then word characters at the end; lower-cased, without the dot. */
export function toExtension(fsName: string): string {
  const match = /\.(?:[a-z]+\.)*[\p{L}\p{N}_]+$/u.exec(fsName);
  return match === null ? "" : match[0].slice(1).toLowerCase();
}
