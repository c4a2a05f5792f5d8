import { fromLatin1 } from "../bytes.ts";
import { folderOf, nameOf } from "../files.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

/** Folders of FinalBurn Neo's other systems, whose games have names of their own. */
const SUBSYSTEM_FOLDERS = new Set(
  (
    "nes fds sms msx ngp pce chf sgx tg16 msx1 neocd coleco sg1000 genesis gamegear megadriv pcengine channelf " +
    "spectrum megadrive supergrafx zxspectrum mastersystem colecovision"
  ).split(" "),
);
const NAME_BYTES_MAX = 127;

/** Arcade: the file's name without its extension, behind the folder's where that is a system; no content. */
export const hashArcade: RaRule = async (target, context) => {
  const name = nameOf(target.path);
  if (target.source === null || name === "")
    return refuse("unsupported", "an arcade game is known by its file's name");
  const dot = name.lastIndexOf(".");
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  // A name without a dot loses its last byte: part of how this hash is defined.
  const stem = dot < 0 ? encode(name).slice(0, -1) : encode(name.slice(0, dot));
  const folder = nameOf(folderOf(target.path)).toLowerCase();
  const prefix = fromLatin1(SUBSYSTEM_FOLDERS.has(folder) ? `${folder}_` : "");
  if (prefix.length + stem.length <= NAME_BYTES_MAX) context.update(prefix);
  context.update(stem);
};
