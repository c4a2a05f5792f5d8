import * as header from "./headers.ts";

/** How files of one platform look. */
export interface System {
  readonly platformSlug: string;
  /** Several discs of one game are likely. */
  readonly hasDiscs: boolean;
  /** The form of a file of this size; small files cannot hold the marks of a disc image. */
  getForm(sizeBytes: number): { readonly extension: string; readonly writeHeader: header.WriteHeader };
}

function cartridge(platformSlug: string, extension: string, writeHeader: header.WriteHeader): System {
  return { platformSlug, hasDiscs: false, getForm: () => ({ extension, writeHeader }) };
}

function disc(platformSlug: string, systemName: string, small: ReturnType<System["getForm"]>): System {
  const image = { extension: "iso", writeHeader: header.createDiscHeader(systemName) };
  const getForm: System["getForm"] = (sizeBytes) => (sizeBytes < header.DISC_HEADER_BYTES ? small : image);
  return { platformSlug, hasDiscs: true, getForm };
}

/** The platforms a made library can have, in the order they are taken. */
export const SYSTEMS: readonly System[] = [
  cartridge("nes", "nes", header.writeNes),
  cartridge("snes", "sfc", header.writeSnes),
  cartridge("n64", "z64", header.writeN64),
  cartridge("gb", "gb", header.writeGameBoy),
  cartridge("gbc", "gbc", header.writeGameBoyColor),
  cartridge("gba", "gba", header.writeGba),
  cartridge("nds", "nds", header.writeNds),
  cartridge("genesis", "md", header.writeMegaDrive),
  disc("psx", "PLAYSTATION", { extension: "bin", writeHeader: header.writeRawDisc }),
  disc("psp", "PSP GAME", { extension: "pbp", writeHeader: header.writePbp }),
  cartridge("sms", "sms", header.writeMasterSystem),
  cartridge("gamegear", "gg", header.writeMasterSystem),
  cartridge("atari7800", "a78", header.writeAtari7800),
  cartridge("lynx", "lnx", header.writeLynx),
  cartridge("colecovision", "col", header.writeColeco),
  cartridge("msx", "rom", header.writeMsx),
];
