import { join } from "./bytes.ts";
import { createInesHeader } from "./cartridges.ts";
import { oneTrackSheet, type RaCase, seeded, several, single } from "./case.ts";
import { encodeTrack } from "./cd-sectors.ts";
import { createPspDisc, createSegaHeader } from "./disc-systems.ts";
import { createForeignDisc } from "./playstation-cases.ts";

function createLargeSegaCd(): Uint8Array {
  const random = seeded("ib");
  return encodeTrack(
    join(createSegaHeader(random, "SEGADISCSYSTEM  "), random.soft(2048 * 14800)),
    "MODE1/2352",
  );
}

export const detectCases = (): RaCase[] =>
  [
    single("iter-nes", 0, "h.nes", join(createInesHeader(), seeded("i").soft(4096))),
    single("iter-iso-psp", 0, "g.iso", createPspDisc(seeded("psp"))),
    single("iter-bin-small", 0, "s.bin", seeded("is").soft(4096)),
    single("iter-unknown", 0, "s.xyz", seeded("is").soft(4096)),
    several(
      "iter-cue-psx",
      { consoleId: 0, entry: "g.cue" },
      {
        "g.bin": encodeTrack(createForeignDisc(), "MODE2/2352"),
        "g.cue": oneTrackSheet("g.bin", "MODE2/2352"),
      },
    ),
    single("iter-dsk-180k", 0, "a.dsk", seeded("dsk").soft(512 * 9 * 40)),
    single("iter-dsk-140k", 0, "b.dsk", seeded("dsk2").soft(256 * 16 * 35)),
    single("iter-zip", 0, "game.zip", seeded("zz").bytes(50)),
    single("iter-bin-33m-segacd", 0, "cd.bin", createLargeSegaCd),
  ].map((item): RaCase => ({ ...item, mode: "detect" }));
