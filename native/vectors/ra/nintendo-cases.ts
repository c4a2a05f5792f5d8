import { put } from "./bytes.ts";
import { type RaCase, seeded, single } from "./case.ts";
import { createGameCubeRvz } from "./containers.ts";
import { create3dsx, createCia, createNcch, createNcsd } from "./nintendo-3ds.ts";
import { createGameCube, createWad, createWiiDisc } from "./nintendo-discs.ts";

function threeDsCases(): RaCase[] {
  const random = seeded("3ds");
  const content = createNcch(random);
  const fixed = createNcch(seeded("3dsk"), { crypto: "fixed" });
  return [
    single("3ds-ncch", 62, "g.cxi", content),
    single("3ds-ncsd", 62, "g.3ds", createNcsd(random, content)),
    single("3ds-cia", 62, "g.cia", createCia(random, content)),
    single("3ds-3dsx", 62, "g.3dsx", create3dsx(random)),
    single("3ds-elf", 62, "g.elf", put(random.soft(3000), 0, "\x7fELF")),
    single("3ds-fixedkey-v2", 62, "k.cxi", fixed),
    single("3ds-fixedkey-v1", 62, "k1.cxi", createNcch(seeded("3dsk1"), { crypto: "fixed", version: 1 })),
    // The decrypted twin of 3ds-fixedkey-v2.
    single("3ds-fixedkey-pair", 62, "p.cxi", createNcch(seeded("3dsk"))),
    single("3ds-encrypted-nokeys", 62, "e.cxi", createNcch(seeded("3dse"), { crypto: "keyed" })),
    single("3ds-not", 62, "n.3ds", seeded("3dsn").bytes(2000)),
    single("3ds-short", 62, "n.3ds", seeded("3dsn").bytes(511)),
  ];
}

function gameCubeCases(): RaCase[] {
  const disc = createGameCube(seeded("gc"));
  const large = createGameCube(seeded("gcb"), { bodyBytes: 0x18000, totalBytes: 0x40000 });
  return [
    single("gc-iso", 16, "g.iso", disc),
    single("gc-bigapploader", 16, "b.iso", large),
    // At most 1 MiB of the header counts.
    single("gc-hugeheader", 16, "hh.iso", () =>
      createGameCube(seeded("gch"), { bodyBytes: 0x200000, totalBytes: 0x180000 }),
    ),
    single("gc-wrongmagic", 16, "w.iso", put(disc.slice(), 0x1c, [0])),
    single("wii-on-gc", 19, "g.iso", disc),
    single("gc-rvz-none", 16, "n.rvz", createGameCubeRvz(disc)),
    single("gc-wia-none", 16, "n.wia", createGameCubeRvz(disc, { isWia: true, chunkBytes: 0x200000 })),
  ];
}

const wiiCases = (): RaCase[] => [
  single("wii-enc", 19, "e.iso", createWiiDisc(seeded("wiie"))),
  single("wii-enc-update", 19, "u.iso", createWiiDisc(seeded("wiiu"), { hasUpdate: true })),
  single("wii-dec", 19, "d.iso", createWiiDisc(seeded("wiid"), { isPlain: true })),
  single("wii-twogroups", 19, "t.iso", createWiiDisc(seeded("wiit"), { hasSecondTable: true })),
  single("wii-wad", 19, "c.wad", createWad(seeded("wad"))),
  single(
    "wii-wad3",
    19,
    "c3.wad",
    createWad(seeded("wad3"), { contents: [1, 0x41, 0x10], certificateBytes: 0xa10, ticketBytes: 0x2b0 }),
  ),
  single("wii-neither", 19, "x.bin", seeded("x").bytes(0x500)),
];

export const nintendoCases = (): RaCase[] => [...threeDsCases(), ...gameCubeCases(), ...wiiCases()];
