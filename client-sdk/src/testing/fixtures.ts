import type { Rom } from "@multitap/server/contract/roms";
import type { Scan } from "@multitap/server/contract/scan";

const AT = "2029-12-31T00:00:00.000Z";

/** A rom with every field filled; the id also makes its name. */
export function makeRom(id: number, changes: Partial<Rom> = {}): Rom {
  return {
    id,
    platformId: 3,
    platformSlug: "snes",
    platformFsSlug: "snes",
    platformName: "Super Nintendo",
    name: `Rom ${id}`,
    sortKey: `rom ${id}`,
    slug: null,
    summary: null,
    fsName: `rom-${id}.sfc`,
    fsNameNoTags: `rom-${id}`,
    fsNameNoExt: `rom-${id}`,
    fsExtension: "sfc",
    fsPath: "roms/snes",
    sizeBytes: 1024,
    revision: "",
    version: "",
    regions: [],
    languages: [],
    tags: [],
    crc32: "",
    md5: "",
    sha1: "",
    raHash: "",
    providerIds: {
      igdb: null,
      sgdb: null,
      moby: null,
      ss: null,
      ra: null,
      launchbox: null,
      hasheous: null,
      tgdb: null,
      hltb: null,
      flashpoint: null,
      gamelist: null,
      libretro: null,
    },
    isIdentified: false,
    isMissing: false,
    coverSmall: null,
    coverLarge: null,
    createdAt: AT,
    updatedAt: AT,
    ...changes,
  };
}

/** Counters of a scan, all zero unless said. */
export function makeStats(changes: Partial<Scan["stats"]> = {}): Scan["stats"] {
  return {
    platformsTotal: 0,
    romsTotal: 0,
    platformsDone: 0,
    platformsNew: 0,
    platformsIdentified: 0,
    romsDone: 0,
    romsNew: 0,
    romsIdentified: 0,
    romsMissing: 0,
    filesHashed: 0,
    bytesHashed: 0,
    firmwareDone: 0,
    firmwareNew: 0,
    problems: 0,
    ...changes,
  };
}

/** A running scan. */
export function makeScan(id: number, changes: Partial<Scan> = {}): Scan {
  return {
    id,
    type: "quick",
    status: "running",
    phase: "discovering",
    platformFsSlugs: [],
    romIds: [],
    stats: makeStats(),
    errorMessage: null,
    createdAt: AT,
    startedAt: AT,
    finishedAt: null,
    ...changes,
  };
}

/** Bytes that look random but are the same in every run. */
export function makeBytes(count: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < count; i++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 0xff;
  }
  return bytes;
}
