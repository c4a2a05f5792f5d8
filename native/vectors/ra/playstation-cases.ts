import { ascii, le32, put } from "./bytes.ts";
import { oneTrackSheet, type RaCase, seeded, several, single } from "./case.ts";
import { encodeTrack } from "./cd-sectors.ts";
import { createCiso } from "./containers.ts";
import { createPs2Disc, createPspDisc, createPsxDisc, createPsxExecutable } from "./disc-systems.ts";
import { createIso } from "./iso9660.ts";

const psx = (id: string, options: Parameters<typeof createPsxDisc>[1] = {}): Uint8Array =>
  createPsxDisc(seeded(id), options);

/** Gives the PlayStation disc that other consoles' cases use as a disc that is not theirs. */
export const createForeignDisc = (): Uint8Array => psx("psx");

function psxContainerCases(): RaCase[] {
  const disc = createForeignDisc();
  const mode2 = encodeTrack(disc, "MODE2/2352");
  const sheet = oneTrackSheet("g.bin", "MODE2/2352");
  const start = { consoleId: 12, entry: "g.cue" };
  return [
    single("psx-iso", 12, "g.iso", disc),
    single("psx-bin", 12, "g.bin", mode2),
    single("psx-bin-mode1", 12, "g1.bin", encodeTrack(disc, "MODE1/2352")),
    several("psx-cue", start, { "g.bin": mode2, "g.cue": sheet }),
    // The form of the sectors comes from the data, not from the sheet.
    several("psx-cue-lies", start, { "g.bin": mode2, "g.cue": oneTrackSheet("g.bin", "MODE1/2048") }),
    several("psx-cue-2048", start, { "g.bin": disc, "g.cue": oneTrackSheet("g.bin", "MODE1/2048") }),
    several(
      "psx-m3u",
      { consoleId: 12, entry: "g.m3u" },
      { "g.bin": mode2, "g.cue": sheet, "g.m3u": ascii("# disc list\n\ng.cue\ndisc2.cue\n") },
    ),
    several("psx-cue-missing", start, { "g.cue": oneTrackSheet("absent.bin", "MODE2/2352") }),
  ];
}

function psxBootCases(): RaCase[] {
  const noMark = createPsxExecutable(seeded("psxf2"), 3333, false);
  const shortHeader = put(createPsxExecutable(seeded("psxh2"), 6000), 28, le32(2048));
  const discs: readonly (readonly [name: string, file: string, disc: Uint8Array])[] = [
    ["nospace", "a.iso", psx("psxa", { configuration: "BOOT=cdrom:SLUS_012.34;1\n" })],
    ["twoslash", "b.iso", psx("psxb", { configuration: "BOOT = cdrom:\\\\SLUS_012.34;1\r\n" })],
    ["nover", "c.iso", psx("psxc", { configuration: "TCB = 4\r\nBOOT = cdrom:\\SLUS_012.34\r\n" })],
    [
      "subdir",
      "d.iso",
      psx("psxd", { configuration: "BOOT = cdrom:\\EXE\\MAIN.EXE;1 /arg\r\n", path: "EXE/MAIN.EXE" }),
    ],
    ["psxexe", "e.iso", psx("psxe", { configuration: null, path: "PSX.EXE" })],
    ["nomarker", "f.iso", psx("psxf", { executable: noMark })],
    // The size in the executable wins over the directory's.
    ["shortheader", "h.iso", psx("psxh", { executable: shortHeader })],
    // The look-up ignores case, the name is hashed as SYSTEM.CNF has it.
    ["lowercase", "i.iso", psx("psxi", { configuration: "BOOT = cdrom:\\slus_012.34;1\r\n" })],
    ["none", "n.iso", createIso({ "A.TXT": ascii("x") })],
    ["notiso", "x.bin", seeded("x").bytes(2352 * 20)],
  ];
  return discs.map(([name, file, disc]) => single(`psx-${name}`, 12, file, disc));
}

function ps2Cases(): RaCase[] {
  const disc = createPs2Disc(seeded("ps2"));
  const files = { "g.bin": encodeTrack(disc, "MODE2/2352"), "g.cue": oneTrackSheet("g.bin", "MODE2/2352") };
  return [
    single("ps2-iso", 21, "g.iso", disc),
    several("ps2-cue", { consoleId: 21, entry: "g.cue" }, files),
    single("ps2-noelf", 21, "n.iso", createPs2Disc(seeded("ps2n"), seeded("q").soft(3000))),
    single("ps2-psxdisc", 21, "p.iso", createForeignDisc()),
    single("psx-ps2disc", 12, "p2.iso", disc),
  ];
}

function pspCases(): RaCase[] {
  const disc = createPspDisc(seeded("psp"));
  const noProgram = createIso({ "PSP_GAME/PARAM.SFO": seeded("z").bytes(100) });
  return [
    single("psp-iso", 41, "g.iso", disc),
    single("psp-pbp", 41, "h.pbp", put(seeded("pbp").soft(9999), 0, "\0PBP")),
    single("psp-noeboot", 41, "n.iso", noProgram),
    single("psp-notpsp", 41, "x.iso", createForeignDisc()),
    single("psp-cso", 41, "g.cso", createCiso(disc)),
  ];
}

export const playStationCases = (): RaCase[] => [
  ...psxContainerCases(),
  ...psxBootCases(),
  ...ps2Cases(),
  ...pspCases(),
];
