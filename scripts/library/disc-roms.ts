import fs from "node:fs";
import { join } from "node:path";
import { encodeTrack } from "../../native/vectors/ra/cd-sectors.ts";
import { createCiso, createGameCubeRvz } from "../../native/vectors/ra/containers.ts";
import { createPspDisc, createPsxDisc } from "../../native/vectors/ra/disc-systems.ts";
import { createGameCube } from "../../native/vectors/ra/nintendo-discs.ts";
import { createRandom } from "../../native/vectors/ra/random.ts";
import { addFile, addFolder, makeNoise, type RichPlace, toText } from "./rich-place.ts";
import { findChdman, findDolphinTool, runTool, type Tool, withFiles } from "./tools.ts";

/** GameCube discs end here, and tools take no other length. */
const GAMECUBE_DISC_BYTES = 1_459_978_240;

const sheetOf = (file: string) =>
  toText(`FILE "${file}" BINARY\n  TRACK 01 MODE2/2352\n    INDEX 01 00:00:00\n`);

/** Adds discs in the containers of emulators and carts of a fantasy console; leaves out what no tool here makes. */
export async function addDiscRoms(place: RichPlace): Promise<void> {
  const random = (key: string) => createRandom(`${place.seed}/discs/${key}`);
  const psx = createPsxDisc(random("psx"));
  const psp = createPspDisc(random("psp"));
  const cube = createGameCube(random("ngc"));
  addFolder(
    place,
    { kind: "disc", platformSlug: "psx", fsName: "Sheet And Track (USA)" },
    {
      "Sheet And Track (USA).cue": sheetOf("Sheet And Track (USA).bin"),
      "Sheet And Track (USA).bin": encodeTrack(psx, "MODE2/2352"),
    },
  );
  addFile(place, { kind: "disc", platformSlug: "psp", fsName: "Handheld Disc (USA).iso" }, psp);
  addFile(place, { kind: "cso", platformSlug: "psp", fsName: "Handheld Disc (Europe).cso" }, createCiso(psp));
  addFile(place, { kind: "disc", platformSlug: "ngc", fsName: "Cube Disc (USA).iso" }, cube);
  addFile(
    place,
    { kind: "rvz", platformSlug: "ngc", fsName: "Cube Disc (Europe).rvz" },
    createGameCubeRvz(cube),
  );
  addCarts(place);
  await addChds(place, { psx, psp });
  await addDolphinImage(place, cube);
}

/** Carts of PICO-8 are text or pictures. */
function addCarts(place: RichPlace): void {
  const cart = toText("pico-8 cartridge // http://www.pico-8.com\nversion 41\n__lua__\nprint('made')\n");
  const picture = makeNoise(place, "cart picture", 8_000);
  picture.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  addFile(place, { kind: "cart", platformSlug: "pico", fsName: "made_cart.p8" }, cart);
  addFile(place, { kind: "cart", platformSlug: "pico", fsName: "made_cart.p8.png" }, picture);
}

async function addChds(
  place: RichPlace,
  discs: { readonly psx: Uint8Array; readonly psp: Uint8Array },
): Promise<void> {
  const chdman = await findChdman();
  if ("reason" in chdman) {
    place.skipped.push({ what: "chd", reason: chdman.reason });
    return;
  }
  const cd = makeChd(chdman, "createcd", discs.psx);
  const other = makeChd(chdman, "createcd", createPsxDisc(createRandom(`${place.seed}/discs/other`)));
  const dvd = makeChd(chdman, "createdvd", discs.psp);
  addFile(place, { kind: "chd", platformSlug: "psx", fsName: "Compressed (USA).chd" }, cd);
  addFile(place, { kind: "chd", platformSlug: "psp", fsName: "Compressed Handheld (USA).chd" }, dvd);
  // Only its content tells what it is.
  addFile(place, { kind: "chd", platformSlug: "psx", fsName: "Compressed (Europe).img" }, cd);
  addFolder(
    place,
    { kind: "chd", platformSlug: "psx", fsName: "Compressed Set (USA)" },
    {
      "Compressed Set (USA) (Disc 1).chd": cd,
      "Compressed Set (USA) (Disc 2).chd": other,
      "Compressed Set (USA).m3u": toText(
        "Compressed Set (USA) (Disc 1).chd\nCompressed Set (USA) (Disc 2).chd\n",
      ),
    },
  );
}

function makeChd(chdman: Tool, command: "createcd" | "createdvd", disc: Uint8Array): Uint8Array {
  const isCd = command === "createcd";
  const files = isCd
    ? { "disc.cue": sheetOf("disc.bin"), "disc.bin": encodeTrack(disc, "MODE2/2352") }
    : { "disc.iso": disc };
  return withFiles(files, (folder) => {
    const input = join(folder, "in", isCd ? "disc.cue" : "disc.iso");
    runTool(chdman, [command, "-i", input, "-o", join(folder, "disc.chd")]);
    return fs.readFileSync(join(folder, "disc.chd"));
  });
}

/** Made by the emulator's own tool where that runs; the disc behind its first bytes is a hole. */
async function addDolphinImage(place: RichPlace, cube: Uint8Array): Promise<void> {
  const tool = await findDolphinTool();
  if ("reason" in tool) {
    place.skipped.push({ what: "rvz of dolphin-tool", reason: tool.reason });
    return;
  }
  try {
    const image = withFiles({ "disc.iso": cube }, (folder) => {
      const input = join(folder, "in", "disc.iso");
      fs.truncateSync(input, GAMECUBE_DISC_BYTES);
      const how = ["-f", "rvz", "-b", "131072", "-c", "zstd", "-l", "5"];
      runTool(tool, ["convert", "-i", input, "-o", join(folder, "disc.rvz"), ...how]);
      return fs.readFileSync(join(folder, "disc.rvz"));
    });
    addFile(place, { kind: "rvz", platformSlug: "ngc", fsName: "Packed Cube (USA).rvz" }, image);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    place.skipped.push({ what: "rvz of dolphin-tool", reason: error.message });
  }
}
