import { XMLParser, XMLValidator } from "fast-xml-parser";
import {
  GAMELIST_GAME_CHARS_MAX,
  GAMELIST_GAMES_MAX,
  GAMELIST_SLICE_GAMES,
  GAMELIST_TEXT_CHARS_MAX,
} from "../limits.ts";

/** The texts of one entry by their tags, the first of each; trimmed, never empty. */
export type GamelistEntry = ReadonlyMap<string, string>;

export interface ParsedGamelist {
  /** By the name on disk that the entry's path ends with. */
  readonly entries: ReadonlyMap<string, GamelistEntry>;
  /** Why nothing was read; null when the file is whole. */
  readonly problem: string | null;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
  // Numbers are decoded only together with the names of HTML. A file that declares its own is refused before.
  processEntities: true,
  htmlEntities: true,
});

const OPENING = /<(game|folder)(?=[\s>/])[^>]*>/g;

/**
 * Reads the text of a `gamelist.xml` entry by entry, so that a long one keeps nobody waiting. Elements beside the
 * list, as ES-DE writes one, are passed over. A file that is damaged anywhere gives no entry at all: half a list
 * would look like the whole.
 */
export async function parseGamelist(text: string, signal: AbortSignal): Promise<ParsedGamelist> {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return broken("it declares entities of its own");
  const body = findList(text.replace(/<!--[\s\S]*?-->/g, ""));
  if (body === null) return broken("there is no list in it");
  const entries = new Map<string, GamelistEntry>();
  let at = 0;
  for (let count = 0; count < GAMELIST_GAMES_MAX; count += 1) {
    if (count % GAMELIST_SLICE_GAMES === GAMELIST_SLICE_GAMES - 1) {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    OPENING.lastIndex = at;
    const opening = OPENING.exec(body);
    if (body.slice(at, opening?.index).trim() !== "") return broken("there is text between its entries");
    if (opening === null) return { entries, problem: null };
    const end = findEnd(body, opening);
    if (end === null) return broken("an entry does not end");
    const entry = parseEntry(body.slice(opening.index, end));
    if (entry === null) return broken(`entry ${count + 1} is not well-formed`);
    const name = baseNameOf(entry.get("path") ?? "");
    if (name !== "" && !entries.has(name)) entries.set(name, entry);
    at = end;
  }
  return { entries, problem: null };
}

function broken(problem: string): ParsedGamelist {
  return { entries: new Map(), problem };
}

/** What stands between the tags of the list; "" for an empty one. */
function findList(text: string): string | null {
  const opening = /<gameList(?:\s[^>]*)?\/?>/.exec(text);
  if (opening === null) return null;
  if (opening[0].endsWith("/>")) return "";
  const end = text.lastIndexOf("</gameList>");
  return end < opening.index ? null : text.slice(opening.index + opening[0].length, end);
}

/** Where the entry ends that begins here; null when it does not, or goes on for too long. */
function findEnd(body: string, opening: RegExpExecArray): number | null {
  const [tag, name] = opening;
  if (tag.endsWith("/>")) return opening.index + tag.length;
  const closing = `</${name}>`;
  const end = body.indexOf(closing, opening.index);
  if (end < 0 || end - opening.index > GAMELIST_GAME_CHARS_MAX) return null;
  return end + closing.length;
}

function parseEntry(text: string): GamelistEntry | null {
  if (XMLValidator.validate(text) !== true) return null;
  const [root] = Object.values(parser.parse(text) as Record<string, unknown>);
  const entry = new Map<string, string>();
  if (typeof root !== "object" || root === null) return entry;
  for (const [tag, value] of Object.entries(root)) {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first === "string" && first !== "") entry.set(tag, first);
  }
  return entry;
}

/** The last part of a path of either system. */
export function baseNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** A text of an entry, no longer than may be kept; "" when there is none. */
export function textOf(entry: GamelistEntry, tag: string, charsMax = GAMELIST_TEXT_CHARS_MAX): string {
  return (entry.get(tag) ?? "").slice(0, charsMax).toWellFormed().replaceAll("\0", "").trim();
}
