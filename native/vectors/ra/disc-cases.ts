import { ascii, filled, join, le32, put } from "./bytes.ts";
import { oneTrackSheet, type RaCase, seeded, several, single } from "./case.ts";
import { encodeTrack, formatMsf } from "./cd-sectors.ts";
import {
  createDreamcastHeader,
  createJaguarTrack,
  createOperaDisc,
  createPcEngineHeader,
  createSegaHeader,
} from "./disc-systems.ts";
import { createIso } from "./iso9660.ts";
import { createForeignDisc } from "./playstation-cases.ts";
import type { Random } from "./random.ts";

const SECTOR_BYTES = 2048;

/** Gives the lines of a cue sheet for one file with one track. */
const fileLines = (track: number, mode: string, indexes = "    INDEX 01 00:00:00\n"): string =>
  `FILE "${track}.bin" BINARY\n  TRACK 0${track} ${mode}\n${indexes}`;

function segaCases(): RaCase[] {
  const random = seeded("scd");
  const segaCd = join(createSegaHeader(random, "SEGADISCSYSTEM  "), random.soft(SECTOR_BYTES * 10));
  const other = random.soft(SECTOR_BYTES * 20);
  const files = { "g.bin": encodeTrack(segaCd, "MODE1/2352"), "g.cue": oneTrackSheet("g.bin", "MODE1/2352") };
  const saturnRandom = seeded("sat");
  const file = saturnRandom.soft(5000);
  const saturn = createIso({ "A.BIN": file }, { system: createSegaHeader(saturnRandom, "SEGA SEGASATURN ") });
  const sheet = ascii(
    'FILE "t 1.bin" BINARY\r\n  TRACK 01 MODE1/2352\r\n    INDEX 01 00:00:00\r\nFILE "t 2.bin" BINARY\r\n' +
      "  TRACK 02 AUDIO\r\n    INDEX 00 00:00:00\r\n    INDEX 01 00:00:10\r\n",
  );
  const track = encodeTrack(saturn, "MODE1/2352");
  const saturnFiles = { "t 1.bin": track, "t 2.bin": saturnRandom.audio(20), "g.cue": sheet };
  return [
    single("segacd-iso", 9, "g.iso", segaCd),
    several("segacd-cue", { consoleId: 9, entry: "g.cue" }, files),
    single("segacd-not", 9, "n.iso", other),
    single("segacd-as-saturn", 39, "g.iso", segaCd),
    single("saturn-iso", 39, "g.iso", saturn),
    single("saturn-bin", 39, "g.bin", track),
    several("saturn-cue", { consoleId: 39, entry: "g.cue" }, saturnFiles),
  ];
}

const HIGH_DENSITY_SECTOR = 45000;
const LAST_TRACK_SECTOR = 46000;

/** Gives a disc whose boot file lies behind track 3, in the last track. */
function createSpreadDisc(random: Random, lowTrack: Uint8Array, boot: Uint8Array): RaCase["files"] {
  const baseSector = HIGH_DENSITY_SECTOR;
  const small = random.soft(100);
  const spread = createIso(
    { "1ST_READ.BIN": boot, "B.DAT": small },
    {
      baseSector,
      system: createDreamcastHeader(random, "1ST_READ.BIN"),
      fileSectors: { "1ST_READ.BIN": LAST_TRACK_SECTOR + 10 },
    },
  );
  return {
    "track01.bin": lowTrack,
    "track02.raw": random.audio(10),
    "track03.bin": encodeTrack(spread, "MODE1/2352", HIGH_DENSITY_SECTOR),
    "track04.raw": random.audio(5),
    "track05.bin": encodeTrack(
      join(random.soft(20480), boot, random.soft(SECTOR_BYTES * 20)),
      "MODE1/2352",
      LAST_TRACK_SECTOR,
    ),
    "d.gdi": ascii(
      "5\n1 0 4 2352 track01.bin 0\n2 600 0 2352 track02.raw 0\n3 45000 4 2352 track03.bin 0\n" +
        "4 45900 0 2352 track04.raw 0\n5 46000 4 2352 track05.bin 0\n",
    ),
  };
}

function dreamcastCases(): RaCase[] {
  const random = seeded("dc");
  const boot = random.soft(7000);
  const data = random.soft(3000);
  const baseSector = HIGH_DENSITY_SECTOR;
  const high = createIso(
    { "1ST_READ.BIN": boot, "B.DAT": data },
    { baseSector, system: createDreamcastHeader(random, "1ST_READ.BIN") },
  );
  const low = createIso({ "README.TXT": ascii("low density") }, { tail: { sectors: 4, random } });
  const lowTrack = encodeTrack(low, "MODE1/2352");
  const gdi = ascii(
    "3\n1 0 4 2352 track01.bin 0\n2 600 0 2352 track02.raw 0\n3 45000 4 2352 track03.bin 0\n",
  );
  const start = { consoleId: 40, entry: "d.gdi" };
  const withHigh = (id: string, disc: Uint8Array, audio: Uint8Array): RaCase => {
    const track03 = encodeTrack(disc, "MODE1/2352", HIGH_DENSITY_SECTOR);
    const files = { "track01.bin": lowTrack, "track02.raw": audio, "track03.bin": track03, "d.gdi": gdi };
    return several(id, start, files);
  };
  const cooked = ascii(
    "3\n1 0 4 2048 track01.iso 0\n2 600 0 2352 track02.raw 0\n3 45000 4 2048 track03.iso 0\n",
  );
  const audio = random.audio(10);
  const cookedFiles = {
    "track01.iso": low,
    "track02.raw": random.audio(10),
    "track03.iso": high,
    "d.gdi": cooked,
  };
  const milCd = createIso(
    { "1ST_READ.BIN": boot },
    { system: createDreamcastHeader(random, "1ST_READ.BIN") },
  );
  const milFiles = {
    "m.bin": encodeTrack(milCd, "MODE1/2352"),
    "m.cue": oneTrackSheet("m.bin", "MODE1/2352"),
  };
  const named = (bootName: string, sound: Uint8Array) =>
    [
      createIso({ "A.BIN": boot }, { baseSector, system: createDreamcastHeader(random, bootName) }),
      sound,
    ] as const;
  const noBoot = named("", random.audio(10));
  const noFile = named("MISSING.BIN", random.audio(10));
  const spreadFiles = createSpreadDisc(random, lowTrack, boot);
  return [
    withHigh("dc-gdi", high, audio),
    several("dc-gdi-2048", start, cookedFiles),
    several("dc-milcd", { consoleId: 40, entry: "m.cue" }, milFiles),
    withHigh("dc-noboot", ...noBoot),
    withHigh("dc-nofile", ...noFile),
    several("dc-lasttrack", start, spreadFiles),
  ];
}

function pcEngineCdCases(): RaCase[] {
  const random = seeded("pcecd");
  const first = random.soft(SECTOR_BYTES);
  const data = join(first, createPcEngineHeader(random, 5, 3), random.soft(SECTOR_BYTES * 20));
  const audio = random.audio(40);
  const pregap = "    INDEX 00 00:00:00\n    INDEX 01 00:00:10\n";
  const multiSheet = fileLines(1, "AUDIO") + fileLines(2, "MODE1/2352", pregap);
  const second = join(
    encodeTrack(filled(SECTOR_BYTES * 10), "MODE1/2352", 40),
    encodeTrack(data, "MODE1/2352", 50),
  );
  const singleSheet =
    'FILE "s.bin" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 MODE1/2352\n' +
    `    INDEX 01 ${formatMsf(40)}\n`;
  const gameExpress = createIso({ "BOOT.BIN": random.soft(5000) });
  const cue = (entry: string) => ({ consoleId: 76, entry });
  const whole = (name: string, disc: Uint8Array) => ({
    [`${name}.bin`]: encodeTrack(disc, "MODE1/2352"),
    [`${name}.cue`]: oneTrackSheet(`${name}.bin`, "MODE1/2352"),
  });
  return [
    several("pcecd-multi", cue("g.cue"), { "1.bin": audio, "2.bin": second, "g.cue": ascii(multiSheet) }),
    several("pcecd-single", cue("s.cue"), {
      "s.bin": join(audio, encodeTrack(data, "MODE1/2352", 40)),
      "s.cue": ascii(singleSheet),
    }),
    several("pcecd-2048", cue("c.cue"), {
      "c.iso": data,
      "c.cue": ascii('FILE "c.iso" BINARY\n  TRACK 02 MODE1/2048\n    INDEX 01 00:00:00\n'),
    }),
    several("pcecd-gameexpress", cue("x.cue"), whole("x", gameExpress)),
    several("pcecd-not", cue("n.cue"), whole("n", createForeignDisc())),
  ];
}

function pcFxCases(): RaCase[] {
  const random = seeded("pcfx");
  const header = put(random.bytes(SECTOR_BYTES), 0, le32(6));
  put(header, 32, [...le32(6), ...le32(4)]);
  const first = put(random.soft(SECTOR_BYTES), 0, "PC-FX:Hu_CD-ROM");
  const game = join(first, header, random.soft(SECTOR_BYTES * 30));
  const audio = random.audio(10);
  const small = random.soft(SECTOR_BYTES * 12);
  const sheet = ascii(fileLines(1, "AUDIO") + fileLines(2, "MODE1/2352") + fileLines(3, "MODE1/2352"));
  const larger = join(game, random.soft(20480)).fill(7, 0, 4096);
  const foreign = encodeTrack(createForeignDisc(), "MODE1/2352");
  return [
    several(
      "pcfx-largest",
      { consoleId: 49, entry: "g.cue" },
      {
        "1.bin": audio,
        "2.bin": encodeTrack(small, "MODE1/2352", 10),
        "3.bin": encodeTrack(game, "MODE1/2352", 22),
        "g.cue": sheet,
      },
    ),
    several(
      "pcfx-track2",
      { consoleId: 49, entry: "h.cue" },
      {
        "1.bin": audio,
        "2.bin": encodeTrack(game, "MODE1/2352", 10),
        "3.bin": encodeTrack(larger, "MODE1/2352", 42),
        "h.cue": sheet,
      },
    ),
    several(
      "pcfx-not",
      { consoleId: 49, entry: "n.cue" },
      { "n.bin": foreign, "n.cue": oneTrackSheet("n.bin", "MODE1/2352") },
    ),
  ];
}

const threeDoCases = (): RaCase[] => [
  single("3do-iso", 43, "g.iso", createOperaDisc(seeded("3do"))),
  single("3do-bin", 43, "g.bin", encodeTrack(createOperaDisc(seeded("3do")), "MODE1/2352")),
  single("3do-second-block", 43, "s.iso", createOperaDisc(seeded("3dos"), { hasSecondBlock: true })),
  single(
    "3do-case",
    43,
    "c.iso",
    createOperaDisc(seeded("3doc"), { programName: "LAUNCHME", programBytes: 2048 }),
  ),
  single("3do-not", 43, "n.iso", createOperaDisc(seeded("3don"), { hasWrongMark: true })),
  single("3do-nolaunch", 43, "l.iso", createOperaDisc(seeded("3dol"), { programName: "Launch" })),
];

function neoGeoCdCases(): RaCase[] {
  const random = seeded("neocd");
  const list = "FIX.FIX,0,0\r\nPROG1.PRG,0,0\r\nSPR.SPR,1,0\r\nprog2.prg,0,100\r\n\x1a";
  const disc = createIso({
    "IPL.TXT": ascii(list),
    "PROG1.PRG": random.soft(5000),
    "PROG2.PRG": random.soft(2048),
    "FIX.FIX": random.soft(400),
  });
  const missing = createIso({
    "IPL.TXT": ascii("PROG1.PRG,0,0\r\nNOPE.PRG,0,0\r\n\x1a"),
    "PROG1.PRG": random.soft(500),
  });
  const files = { "g.bin": encodeTrack(disc, "MODE1/2352"), "g.cue": oneTrackSheet("g.bin", "MODE1/2352") };
  return [
    several("neocd", { consoleId: 56, entry: "g.cue" }, files),
    single("neocd-iso", 56, "g.iso", disc),
    single("neocd-missingprg", 56, "m.iso", missing),
    single("neocd-not", 56, "n.iso", createForeignDisc()),
  ];
}

function jaguarCdCases(): RaCase[] {
  const random = seeded("jcd");
  const boot = createJaguarTrack(random);
  const [first, last] = [random.audio(30), random.audio(12)];
  const sheet = ascii(
    `REM SESSION 01\n${fileLines(1, "AUDIO")}REM SESSION 02\n${fileLines(2, "AUDIO")}${fileLines(3, "AUDIO")}`,
  );
  const disc = (id: string, second: Uint8Array): RaCase =>
    several(
      id,
      { consoleId: 77, entry: "g.cue" },
      { "1.bin": first, "2.bin": second, "3.bin": last, "g.cue": sheet },
    );
  return [
    disc("jagcd-swapped", boot),
    disc("jagcd-straight", createJaguarTrack(random, false)),
    disc("jagcd-not", last),
    several(
      "jagcd-nosession",
      { consoleId: 77, entry: "n.cue" },
      { "1.bin": boot, "n.cue": oneTrackSheet("1.bin", "AUDIO") },
    ),
  ];
}

export const discCases = (): RaCase[] => [
  ...segaCases(),
  ...dreamcastCases(),
  ...pcEngineCdCases(),
  ...pcFxCases(),
  ...threeDoCases(),
  ...neoGeoCdCases(),
  ...jaguarCdCases(),
];
