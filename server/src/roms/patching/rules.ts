import { NAME_BYTES_MAX } from "./limits.ts";

/** What the name of a patched rom is made of. */
export interface PatchedName {
  readonly romName: string;
  /** Name of the file in the archive that the rom is; null for a rom that is no archive. */
  readonly memberName: string | null;
  readonly patchName: string;
  /** What the caller wishes; "" and null for nothing. */
  readonly wishedName: string | null;
}

/**
 * Names a patched rom after the rom and the patch, or as the caller wishes, with the extension of what was patched.
 * @example "Star Pilot (USA) (patched-French).z64"
 */
export function toPatchedName({ romName, memberName, patchName, wishedName }: PatchedName): string {
  const { extension } = splitName(memberName ?? romName);
  const wished = splitName(lastPart(wishedName ?? "")).stem;
  const stem =
    wished === "" ? `${splitName(romName).stem} (patched-${splitName(lastPart(patchName)).stem})` : wished;
  return `${cut(stem, NAME_BYTES_MAX - Buffer.byteLength(extension))}${extension}`;
}

/** Splits a name before its last dot; a dot at the start or at the end begins no extension. */
function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf(".");
  const hasExtension = dot > 0 && dot < name.length - 1;
  return hasExtension
    ? { stem: name.slice(0, dot), extension: name.slice(dot) }
    : { stem: name, extension: "" };
}

/** A name without folders and without what no file name may hold; "" for what is no name. */
function lastPart(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last.replaceAll(/\p{Cc}/gu, "").trim();
  return clean === "." || clean === ".." ? "" : clean;
}

function cut(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  let kept = "";
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    kept += character;
  }
  return kept;
}
