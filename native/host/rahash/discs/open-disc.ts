import type { ByteSource } from "../../byte-source.ts";
import { openPlainImage } from "../containers/plain-image.ts";
import { type RaContext, readUpTo } from "../context.ts";
import { decodeText, extensionOf, findPath, folderOf } from "../files.ts";
import { SHEET_BYTES_MAX } from "../limits.ts";
import { getFile } from "../playlist.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaTarget } from "../target.ts";
import { openCue } from "./cue.ts";
import { openGdi } from "./gdi.ts";
import { openImage } from "./image.ts";
import { type RaDisc, toRaDisc } from "./ra-disc.ts";

/** Gives the disc in or behind the file: a sheet, a CHD, or a bare image. */
export async function openDisc(target: RaTarget, context: RaContext): Promise<RaDisc> {
  if (target.disc !== null) return toRaDisc(target.disc);
  const source = getSource(target);
  const openFile = async (name: string): Promise<ByteSource> => {
    const path = findPath(folderOf(target.path), name) ?? refuse("file_missing", `${name} lies elsewhere`);
    return getFile(target.files, path, context);
  };
  switch (extensionOf(target.path)) {
    case "cue":
      return openCue(context, await readSheet(context, source), openFile);
    case "gdi":
      return openGdi(context, await readSheet(context, source), openFile);
    case "chd": {
      const { openChd } = context.options;
      if (openChd === undefined) return refuse("unsupported", "nothing was given to open a CHD with");
      const disc = await openChd(source, context.signal);
      context.closeLater(() => disc.close());
      return toRaDisc(disc);
    }
    default:
      return openImage(context, await openPlainImage(context, source));
  }
}

async function readSheet(context: RaContext, source: ByteSource): Promise<string> {
  if (source.sizeBytes > SHEET_BYTES_MAX)
    return refuse("over_limit", `${source.name}: a sheet of ${source.sizeBytes} bytes`);
  return decodeText(await readUpTo(context, source, { start: 0, length: SHEET_BYTES_MAX }));
}
