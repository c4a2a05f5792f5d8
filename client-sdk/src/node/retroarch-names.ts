/** What cores write beside each other for one game; together they are one save. */
const SAVE_EXTENSIONS: ReadonlySet<string> = new Set([
  "srm", // most cores
  "sav", // mGBA, melonDS, Gambatte
  "rtc", // clocks of cartridges
  "dsv", // DeSmuME
  "eep", // Nintendo 64, WonderSwan
  "fla",
  "mpk",
  "mpk1",
  "mpk2",
  "mpk3",
  "mpk4",
  "sra",
  "nv", // arcade
  "hi",
  "bkr", // Saturn
  "bcr",
  "smpc",
  "brm", // Mega CD
  "crm",
  "mcr", // PlayStation memory cards
  "mcd",
  "0.mcr",
  "1.mcr",
  "ldci",
  "ips",
  "bup",
  "gci",
  "vmu",
]);

/** A file of RetroArch's, taken apart. */
export interface RetroArchName {
  readonly kind: "save" | "state";
  /** The name of the content without its extension. */
  readonly stem: string;
  /** What follows the stem, the dot included. */
  readonly suffix: string;
  /** Of a state: `auto`, or its number; null for a save. */
  readonly slot: string | null;
}

/** Reads what a file name says; null for a file that is neither a save nor a state. */
export function parseRetroArchName(name: string): RetroArchName | null {
  const state = /^(.+?)(\.state(\d{1,3}|\.auto)?)$/.exec(name);
  if (state !== null) {
    const [, stem = "", suffix = "", which = "0"] = state;
    return { kind: "state", stem, suffix, slot: which.replace(".", "") };
  }
  for (const pattern of [/^(.+)(\.[^.]+\.[^.]+)$/, /^(.+)(\.[^.]+)$/]) {
    const [, stem = "", suffix = ""] = pattern.exec(name) ?? [];
    if (SAVE_EXTENSIONS.has(suffix.slice(1).toLowerCase())) return { kind: "save", stem, suffix, slot: null };
  }
  return null;
}

/** The suffix of a state's slot; null for a slot that RetroArch cannot have. */
export function suffixOfState(slot: string): string | null {
  if (slot === "auto") return ".state.auto";
  if (!/^(?:0|[1-9]\d{0,2})$/.test(slot)) return null;
  return slot === "0" ? ".state" : `.state${slot}`;
}
