/**
 * The library of the recording: folders, names and sizes as its answers show them; the bytes are our own. Files of
 * "Solo Disc" are not shown by name, only their number and sum.
 */

/** What the bytes of a file have to be for its answers to have the same form. */
export type Content =
  | "bytes"
  | "chd"
  | "gzip"
  | "nes"
  | "pdf"
  | "wav"
  | { readonly zip: Readonly<Record<string, number>> }
  | { readonly zipOf: string };

export interface LibraryFile {
  /** Below `library`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly content: Content;
}

const file = (path: string, sizeBytes = 1024, content: Content = "bytes"): LibraryFile => ({
  path,
  sizeBytes,
  content,
});

const dual = "roms/psx/Dual Disc Saga (USA)/Dual Disc Saga (USA)";
const listed = "roms/psx/Listed Set (Japan)/Listed Set (Japan)";
const solo = "roms/psx/Solo Disc (Europe) (En,Es,It)/Solo Disc (Europe) (En,Es,It)";
const patchy = "roms/snes/Patchy Game (USA)";

export const LIBRARY: readonly LibraryFile[] = [
  file("bios/gba/gba_bios.bin", 256),
  file("bios/psx/scph5501.bin", 512),
  file("roms/gba/.hidden.gba"),
  file("roms/gba/A Small Quest (USA) (Disc A).gba"),
  file("roms/gba/Advance Tactics (lang-fr) (reg-U).gba"),
  file("roms/gba/Advance Tactics [reg-E].gba"),
  file("roms/gba/Empty File (USA).gba", 0),
  file("roms/gba/Gzipped (USA).gba.gz", 923, "gzip"),
  file("roms/gba/Name with 'quotes' & ampersand, 100% #1 (USA).gba"),
  file("roms/gba/Pocket Hero (Japan) (En).gba"),
  file("roms/gba/Pocket Hero (USA).zip", 1645, { zipOf: "Pocket Hero (USA).gba" }),
  file("roms/gba/Sevened (USA).7z", 1326),
  file("roms/gba/Tagged Game (igdb-1234) (USA).gba"),
  file("roms/gba/Tarball (USA).tar.gz", 1079, "gzip"),
  file("roms/gba/The Great Adventure, The (USA).gba"),
  file("roms/gba/Two In One (USA).zip", 1805, { zip: { "a.gba": 800, "b.gba": 700, "readme.txt": 3 } }),
  file("roms/gba/notes.txt", 40),
  file("roms/gba/Ünïcödé Ñame (Spain).gba"),
  file("roms/gba/日本語ゲーム (Japan).gba"),
  file("roms/my-homebrew-box/First Thing (v0.1).bin", 300),
  file("roms/n64/Goldfinch 64 [T-En by Foo v1.2].z64"),
  file("roms/n64/Kart Kings (USA) (Beta) [b1].v64"),
  file("roms/n64/Kart Kings (USA) (Rev A) [!].z64"),
  file("roms/n64/Kart Kings (USA) (Rev A) [o1].n64"),
  file("roms/n64/Star Pilot (Europe) (En,Fr,De).z64"),
  file("roms/n64/Star Pilot (Japan) (Rev 1).n64"),
  file("roms/n64/Star Pilot (USA).z64"),
  file("roms/n64/Zephyr Quest (World) (v1.2).zip", 3155, { zipOf: "Zephyr Quest (World) (v1.2).z64" }),
  file("roms/nes/Iron Fist (USA).nes", 4112, "nes"),
  file("roms/nes/Iron Fist Unheadered (USA).nes", 4096),
  file("roms/psx/Chd Game (USA).chd", 1024, "chd"),
  file(`${dual} (Disc 1).cue`, 92),
  file(`${dual} (Disc 1).bin`, 4704),
  file(`${dual} (Disc 2).cue`, 92),
  file(`${dual} (Disc 2).bin`, 4704),
  file(`${listed} (Disc 1).chd`, 1024, "chd"),
  file(`${listed} (Disc 2).chd`, 1024, "chd"),
  file(`${listed}.m3u`, 64),
  file(`${solo}.cue`, 99),
  file(`${solo}.bin`, 4704),
  file(`${solo}.sbi`, 100),
  file("roms/snes/Broken Zip (USA).zip", 400),
  file("roms/snes/Mega Blocks (USA) (Hack).sfc", 2048),
  file("roms/snes/Mega Blocks (USA).sfc", 2048),
  file(`${patchy}/Patchy Game (USA).sfc`, 2048),
  file(`${patchy}/translation/Patchy Fr.sfc`, 512),
  file(`${patchy}/hack/Patchy Hard (Hack).sfc`, 2048),
  file(`${patchy}/mod/recolour.sfc`, 512),
  file(`${patchy}/prototype/Patchy Proto.sfc`, 512),
  file(`${patchy}/update/v1.1.sfc`, 512),
  file(`${patchy}/dlc/extra level.sfc`, 512),
  file(`${patchy}/manual/manual.pdf`, 15, "pdf"),
  file(`${patchy}/soundtrack/01 - Title Song.wav`, 1644, "wav"),
  file(`${patchy}/demo/Patchy Demo.sfc`, 512),
  file(`${patchy}/patch/fix.ips`, 64),
  file("roms/snes/Stored Zip (USA).zip", 1032, { zipOf: "s.sfc" }),
  file("roms/snes/Tag Test (USA, Europe) (Rev 2) (Proto) [h].smc", 8704),
];
