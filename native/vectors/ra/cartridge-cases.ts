import { ascii, filled, join, put, swapped } from "./bytes.ts";
import { createInesHeader, createN64, createNds } from "./cartridges.ts";
import { type RaCase, seeded, several, single } from "./case.ts";
import { createZip } from "./zip.ts";

const WHOLE_FILES: readonly (readonly [consoleId: number, extension: string])[] = [
  [4, "gb"],
  [5, "gba"],
  [6, "gbc"],
  [1, "md"],
  [10, "32x"],
  [11, "sms"],
  [14, "ngc"],
  [15, "gg"],
  [17, "jag"],
  [23, "bin"],
  [24, "min"],
  [25, "a26"],
  [28, "vb"],
  [29, "rom"],
  [30, "d64"],
  [32, "tap"],
  [33, "sg"],
  [37, "dsk"],
  [38, "nib"],
  [44, "col"],
  [45, "int"],
  [46, "vec"],
  [47, "d88"],
  [53, "wsc"],
  [57, "chf"],
  [59, "tzx"],
  [63, "sv"],
  [65, "tic"],
  [69, "bin"],
  [72, "wasm"],
  [73, "bin"],
  [74, "bin"],
  [75, "tvc"],
  [79, "83g"],
  [80, "uze"],
];

/** The first 64 MiB count. */
const CAP_BYTES = 64 << 20;

export const wholeFileCases = (): RaCase[] => [
  ...WHOLE_FILES.map(([id, extension]) =>
    single(`whole-${id}`, id, `rom.${extension}`, seeded(`whole-${id}`).bytes(1000 + id * 37)),
  ),
  single("whole-empty", 4, "empty.gb", filled(0)),
  single("whole-1byte", 4, "one.gb", filled(1, 0x5a)),
  single("whole-64k", 5, "exact.gba", seeded("whole-64k").soft(65536)),
  single("whole-64k+1", 5, "exact1.gba", seeded("whole-64k+1").soft(65537)),
  single("whole-cap", 5, "big.gba", () => seeded("whole-cap").soft(CAP_BYTES + 4097)),
  single("whole-buffer", 4, "buf.gb", seeded("whole-buffer").bytes(5000)),
  ...[
    ["wiiu", 20],
    ["xbox", 22],
    ["0", 0],
  ].map(([name, id]) => single(`unsupported-${name}`, Number(id), "x.bin", seeded("x").bytes(100))),
  single("unsupported-102", 102, "x.exe", seeded("x").bytes(100)),
  single("pce-cd-not-cue", 76, "x.bin", seeded("x").bytes(4096)),
];

function nesCases(): RaCase[] {
  const body = seeded("nes").soft(0x6000);
  const headered = join(createInesHeader(), body);
  const side = put(seeded("fds").soft(65500), 0, "\x01*NINTENDO-HVC*");
  const disk = join(ascii("FDS\x1a\x01"), filled(11), side);
  return [
    single("nes-headered", 7, "h.nes", headered),
    single("nes-bare", 7, "b.nes", body),
    single("nes-headered-buffer", 7, "h.nes", headered),
    single("nes-fdsid", 81, "h.nes", headered),
    single("fds-headered", 81, "h.fds", disk),
    single("fds-bare", 81, "b.fds", side),
    single("fds-headered-as-nes", 7, "h.fds", disk),
  ];
}

function sizedHeaderCases(): RaCase[] {
  const snes = seeded("snes");
  const snesBody = snes.soft(0x8000);
  const pce = seeded("pce");
  const pceBody = pce.soft(0x8000);
  return [
    single("snes-bare", 3, "b.sfc", snesBody),
    single("snes-copier", 3, "c.smc", join(snes.bytes(512), snesBody)),
    single("snes-odd-256", 3, "o.sfc", join(snesBody, snes.bytes(256))),
    single("snes-odd-1024", 3, "o2.sfc", join(snesBody, snes.bytes(1024))),
    single("pce-bare", 8, "b.pce", pceBody),
    single("pce-header", 8, "h.pce", join(pce.bytes(512), pceBody)),
    // Any size with this bit set loses its first 512 bytes.
    single("pce-bit9", 8, "x.pce", join(pceBody, pce.bytes(0x600))),
  ];
}

function markedHeaderCases(): RaCase[] {
  const a78 = seeded("a78");
  const a78Body = a78.soft(0x8000);
  const lynx = seeded("lnx");
  const lynxBody = lynx.soft(0x4000);
  const scv = seeded("scv");
  const scvBody = scv.soft(0x2000);
  return [
    single("a7800-header", 51, "h.a78", join(put(a78.bytes(128), 0, "\x01ATARI7800"), a78Body)),
    single("a7800-bare", 51, "b.a78", a78Body),
    single("lynx-header", 13, "h.lnx", join(put(lynx.bytes(64), 0, "LYNX\0"), lynxBody)),
    single("lynx-bare", 13, "b.lnx", lynxBody),
    single("lynx-4chars", 13, "n.lnx", join(put(lynx.bytes(64), 0, "LYNXx"), lynxBody)),
    single("scv-header", 55, "h.cart", join(put(scv.bytes(32), 0, "EmuSCV"), scvBody)),
    single("scv-bare", 55, "b.cart", scvBody),
  ];
}

function n64Cases(): RaCase[] {
  const random = seeded("n64");
  const image = createN64(random, 0x28000);
  return [
    single("n64-z64", 2, "g.z64", image),
    single("n64-v64", 2, "g.v64", swapped(image, 2)),
    single("n64-n64", 2, "g.n64", swapped(image, 4)),
    single("n64-wrongext", 2, "g.bin", swapped(image, 2)),
    single("n64-v64-buffer", 2, "g.v64", swapped(image, 2)),
    single("n64-ndd-e8", 2, "d.ndd", put(random.soft(70000), 0, [0xe8, 0x48])),
    single("n64-ndd-22", 2, "d2.ndd", put(random.soft(70000), 0, [0x22])),
    single("n64-bad", 2, "bad.z64", put(random.soft(4096), 0, [0x81])),
  ];
}

const ndsCases = (): RaCase[] => [
  single("nds-plain", 18, "g.nds", createNds(seeded("nds-plain"))),
  single("nds-dsi", 78, "g.nds", createNds(seeded("nds-plain"))),
  single("nds-supercard", 18, "sc.nds", createNds(seeded("nds-sc"), { hasSuperCard: true })),
  single("nds-shorticon", 18, "si.nds", createNds(seeded("nds-si"), { iconBytes: 0x321 })),
  single("nds-toobig", 18, "tb.nds", createNds(seeded("nds-tb"), { isTooLarge: true })),
  single("nds-short", 18, "s.nds", seeded("s").bytes(511)),
  single("nds-buffer", 18, "g.nds", createNds(seeded("nds-plain"))),
];

const ARCADE_NAMES = [
  "pacman.zip",
  "PacMan.zip",
  "sf2ce.7z",
  "nes/smb.zip",
  "NES/SMB.zip",
  "megadriv/sonic.zip",
  "coleco/dkong.zip",
  "colecovision/dkong.zip",
  "neocd/mslug.zip",
  "roms/kof98.zip",
  "sg1000/x.zip",
  "spectrum/y.zip",
  "noext",
  "two.dots.zip",
  "snes/mario.zip",
];

const arcadeCases = (): RaCase[] =>
  ARCADE_NAMES.map((name, index) => single(`arcade-${index}`, 27, name, seeded("arc").bytes(32)));

function arduboyCases(): RaCase[] {
  const hex = ":100000000C9434000C9451000C9451000C945100A4\n:00000001FF\n";
  const archive = createZip([
    { name: "info.json", data: ascii("{}") },
    { name: "Game.HEX", data: ascii(hex), isDeflated: true },
    { name: "fx.bin", data: seeded("fx").bytes(300) },
    { name: "shot.png", data: seeded("p").bytes(40) },
  ]);
  return [
    single("arduboy-lf", 71, "a.hex", ascii(hex)),
    single("arduboy-crlf", 71, "b.hex", ascii(hex.replaceAll("\n", "\r\n"))),
    single("arduboy-nonl", 71, "c.hex", ascii(hex.trimEnd())),
    single("arduboy-cr", 71, "d.hex", ascii(hex.replaceAll("\n", "\r"))),
    single("arduboy-fx", 71, "g.arduboy", archive),
  ];
}

function dosCases(): RaCase[] {
  const game = createZip([
    { name: "GAME.EXE", data: seeded("exe").soft(4000), isDeflated: true },
    { name: "sub/DATA.DAT", data: seeded("dat").bytes(99) },
    { name: "sub/", data: filled(0) },
    { name: "READ.ME", data: ascii("hi") },
  ]);
  const linked = (parent: string) =>
    createZip([
      { name: "PATCH.DAT", data: seeded("pt").bytes(50) },
      { name: `${parent}.parent`, data: filled(0) },
    ]);
  const changes = createZip([{ name: "AUTOEXEC.BAT", data: ascii("c:\\game.exe\r\n") }]);
  return [
    single("dosz-plain", 26, "game.dosz", game),
    several("dosz-dosc", { consoleId: 26, entry: "game.dosz" }, { "game.dosz": game, "game.dosc": changes }),
    several(
      "dosz-parent",
      { consoleId: 26, entry: "child.dosz" },
      { "base.dosz": game, "child.dosz": linked("base.dosz") },
    ),
    single("dosz-noparent", 26, "orphan.dosz", linked("gone.dosz")),
    single("dosz-notzip", 26, "bad.dosz", seeded("bad").bytes(500)),
  ];
}

export const cartridgeCases = (): RaCase[] => [
  ...nesCases(),
  ...sizedHeaderCases(),
  ...markedHeaderCases(),
  ...n64Cases(),
  ...ndsCases(),
  ...arcadeCases(),
  ...arduboyCases(),
  ...dosCases(),
];
