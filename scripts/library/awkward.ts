import fs from "node:fs";
import { basename, join } from "node:path";
import { createRandom } from "./random.ts";
import { createStoredZip } from "./stored-zip.ts";

export type AwkwardKind =
  | "invalid-utf8-name"
  | "newline-name"
  | "unreadable"
  | "empty"
  | "dangling-link"
  | "link-loop"
  | "linked-folder"
  | "excluded"
  | "unknown-platform"
  | "firmware"
  | "folder-rom"
  | "archive";

/** What a scan should make of an entry. */
export type Outcome =
  /** A rom whose file can be hashed. */
  | "rom"
  /** A rom that keeps empty hashes, with a problem reported. */
  | "problem"
  /** Not in the library at all. */
  | "ignored"
  | "firmware";

/** One entry that is not a plain good file of a known platform. */
export interface AwkwardEntry {
  readonly kind: AwkwardKind;
  readonly outcome: Outcome;
  /** The folder's name, also of a platform nobody knows. */
  readonly platformSlug: string;
  /** The name in the platform's folder (of the whole rom for a file in a folder). */
  readonly fsName: string;
  /** Of the file. A byte that is not UTF-8 reads as U+FFFD here: such a path opens nothing. */
  readonly path: string;
  /** Of the content; null for what has none. */
  readonly sizeBytes: number | null;
}

export interface AwkwardPlace {
  /** Gives the folder of a platform's roms or firmware; it need not exist. */
  getFolder(platformSlug: string, content: "roms" | "firmware"): string;
  /** Gives the folder a platform as a whole can be replaced at by a link, and what the link's target must hold. */
  getLink(platformSlug: string): { readonly linkPath: string; readonly romsBelowTarget: string };
  /** A folder outside the library. */
  readonly outsidePath: string;
  readonly seed: number;
}

/** Platform that gets the entries that belong to any platform. */
const HOST = "nes";
const LINKED = "virtualboy";
const UNKNOWN = "homebrew-box";
const FIRMWARE_OWNER = "psx";

/**
 * Adds what real libraries contain beside good files. As root the unreadable file is readable all the same;
 * `outcome` says "rom" for it then.
 */
export function addAwkward(place: AwkwardPlace): AwkwardEntry[] {
  return [...addOddNames(place), ...addUnreadable(place), ...addExcluded(place), ...addOthers(place)];
}

/** Adds roms that are folders and archives. */
export function addFolders(place: AwkwardPlace): AwkwardEntry[] {
  const store = createStore(place);
  const host = place.getFolder(HOST, "roms");
  const psx = place.getFolder(FIRMWARE_OWNER, "roms");
  const set = "Velvet Odyssey (USA)";
  const entries = [
    store(join(psx, set, "Velvet Odyssey (USA) (Disc 1).bin"), { kind: "folder-rom", fsName: set }),
    store(join(psx, set, "Velvet Odyssey (USA) (Disc 2).bin"), { kind: "folder-rom", fsName: set }),
    store(join(psx, set, "manual", "Velvet Odyssey.pdf"), { kind: "folder-rom", fsName: set }),
    store(join(psx, set, "._Velvet Odyssey (USA) (Disc 1).bin"), {
      kind: "excluded",
      outcome: "ignored",
      fsName: set,
    }),
  ] as const;
  // A walk that follows it never ends.
  fs.symlinkSync(".", join(psx, set, "again"));
  const member = createContent(place, "zip member", 700);
  const zip = createStoredZip([{ name: "Hidden Archive (USA).nes", bytes: member }]);
  return [...entries, store(join(host, "Hidden Archive (USA).zip"), { kind: "archive" }, zip)];
}

function addOddNames(place: AwkwardPlace): AwkwardEntry[] {
  const store = createStore(place);
  const host = place.getFolder(HOST, "roms");
  const good = Buffer.from(`${host}/Broken `);
  // E9h is é in Latin-1 and not UTF-8.
  const path = Buffer.concat([good, Buffer.from([0xe9]), Buffer.from(" Name (Europe).nes")]);
  const bytes = createContent(place, "invalid", 600);
  fs.writeFileSync(path, bytes);
  const seen = path.toString("utf8");
  return [
    {
      kind: "invalid-utf8-name",
      outcome: "problem",
      platformSlug: HOST,
      fsName: basename(seen),
      path: seen,
      sizeBytes: bytes.length,
    },
    store(join(host, "Two\nLines (USA).nes"), { kind: "newline-name" }),
    store(join(host, "Empty File (USA).nes"), { kind: "empty" }, new Uint8Array(0)),
  ];
}

function addUnreadable(place: AwkwardPlace): AwkwardEntry[] {
  const store = createStore(place);
  const host = place.getFolder(HOST, "roms");
  const isRoot = process.geteuid?.() === 0;
  const closed = store(join(host, "Closed (USA).nes"), {
    kind: "unreadable",
    outcome: isRoot ? "rom" : "problem",
  });
  fs.chmodSync(closed.path, 0o000);
  const link = (kind: AwkwardKind, name: string, target: string): AwkwardEntry => {
    const path = join(host, name);
    fs.symlinkSync(target, path);
    return { kind, outcome: "problem", platformSlug: HOST, fsName: name, path, sizeBytes: null };
  };
  return [
    closed,
    link("dangling-link", "Dangling (USA).nes", join(place.outsidePath, "never existed.nes")),
    link("link-loop", "Loop (USA).nes", "Loop (USA).nes"),
  ];
}

function addExcluded(place: AwkwardPlace): AwkwardEntry[] {
  const store = createStore(place);
  const host = place.getFolder(HOST, "roms");
  const names = [
    ".DS_Store",
    "upload.tmp",
    "._Closed (USA).nes",
    "gamelist.xml",
    "Crystal Quest (USA).nes:Zone.Identifier",
  ];
  return names.map((name) => store(join(host, name), { kind: "excluded", outcome: "ignored" }));
}

function addOthers(place: AwkwardPlace): AwkwardEntry[] {
  const store = createStore(place);
  const unknown = place.getFolder(UNKNOWN, "roms");
  const firmware = place.getFolder(FIRMWARE_OWNER, "firmware");
  const { linkPath, romsBelowTarget } = place.getLink(LINKED);
  const target = join(place.outsidePath, LINKED);
  const linked = ["Red Planet (World).vb", "Deep Focus (Japan).vb", "Parallax (USA).vb"];
  for (const name of linked) store(join(target, romsBelowTarget, name), { kind: "linked-folder" });
  fs.symlinkSync(target, linkPath);
  const asSeen = (name: string): AwkwardEntry => {
    const path = join(linkPath, romsBelowTarget, name);
    const sizeBytes = fs.statSync(path).size;
    return { kind: "linked-folder", outcome: "rom", platformSlug: LINKED, fsName: name, path, sizeBytes };
  };
  return [
    ...linked.map(asSeen),
    store(join(unknown, "First Light.bin"), { kind: "unknown-platform", platformSlug: UNKNOWN }),
    store(join(unknown, "Second Light.bin"), { kind: "unknown-platform", platformSlug: UNKNOWN }),
    store(join(firmware, "test-firmware.bin"), {
      kind: "firmware",
      outcome: "firmware",
      platformSlug: FIRMWARE_OWNER,
    }),
  ];
}

type StoreFacts = Pick<AwkwardEntry, "kind"> & Partial<AwkwardEntry>;

/** Gives a writer that fills in what follows from the path: host platform, name, a good rom. */
function createStore(
  place: AwkwardPlace,
): (path: string, facts: StoreFacts, bytes?: Uint8Array) => AwkwardEntry {
  return (path, facts, bytes = createContent(place, path.slice(path.lastIndexOf("/")), 512)) => {
    fs.mkdirSync(join(path, ".."), { recursive: true });
    fs.writeFileSync(path, bytes);
    const platformSlug = facts.kind === "folder-rom" ? FIRMWARE_OWNER : HOST;
    return { outcome: "rom", platformSlug, fsName: basename(path), path, sizeBytes: bytes.length, ...facts };
  };
}

function createContent(place: AwkwardPlace, key: string, leastBytes: number): Uint8Array {
  const random = createRandom(`${place.seed}/awkward/${key}`);
  const bytes = new Uint8Array(leastBytes + random.below(512));
  random.fill(bytes);
  return bytes;
}
