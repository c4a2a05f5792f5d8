import { ARCHIVE_MEMBERS_MAX, SEVEN_ZIP_LISTING_BYTES_MAX } from "../limits.ts";
import { type ArchiveContext, type ArchiveMember, refuse } from "./archive.ts";
import { runSevenZip, type SevenZipRun } from "./seven-zip-process.ts";

/** The line between what is said of the archive and what is said of its members. */
const MEMBERS_FOLLOW = "----------";
/** What says that an entry is another file under a second name. */
const LINKS = ["Symbolic Link", "Hard Link", "Copy Link"] as const;

/**
 * Lists an archive by 7-Zip, in stored order. Each line of it is `key = value`; 7-Zip writes `_` for the control
 * characters of names, so that a name cannot look like a line.
 * @throws ArchiveRefusal
 */
export async function listBySevenZip(
  archive: Pick<SevenZipRun, "type" | "path">,
  context: ArchiveContext,
): Promise<ArchiveMember[]> {
  const members: ArchiveMember[] = [];
  let entry: Map<string, string> | null = null;
  let isBehindHeader = false;
  const finish = (): void => {
    if (entry !== null) members.push(toMember(entry));
    entry = null;
    if (members.length > ARCHIVE_MEMBERS_MAX)
      refuse("too_large", `holds more than ${ARCHIVE_MEMBERS_MAX} members`);
  };
  for await (const line of readLines(runSevenZip({ command: "l", ...archive }, context))) {
    if (!isBehindHeader) isBehindHeader = line === MEMBERS_FOLLOW;
    else if (line.startsWith("Path = ")) {
      finish();
      entry = new Map([["Path", line.slice("Path = ".length)]]);
    } else setField(entry, line);
  }
  finish();
  if (!isBehindHeader) refuse("damaged", "is listed by 7-Zip in a way that says nothing");
  return members;
}

function setField(entry: Map<string, string> | null, line: string): void {
  const at = line.indexOf(" = ");
  if (at > 0) entry?.set(line.slice(0, at), line.slice(at + 3));
}

function toMember(entry: ReadonlyMap<string, string>): ArchiveMember {
  const attributes = (entry.get("Attributes") ?? "").split(" ");
  const isFolder = entry.get("Folder") === "+" || (attributes[0] ?? "").includes("D");
  const mode = attributes.find((text) => /^[-a-z][-rwxsStT]{9}$/.test(text));
  const isLink = LINKS.some((key) => (entry.get(key) ?? "").trim() !== "");
  // What was packed from a pipe has a pipe's mode, and is a file all the same.
  const isPlain = mode === undefined || !/^[dl]/.test(mode);
  const sizeText = (entry.get("Size") ?? "").trim();
  const crc32 = (entry.get("CRC") ?? "").trim();
  return {
    name: entry.get("Path") ?? "",
    sizeBytes: /^\d{1,15}$/.test(sizeText) ? Number(sizeText) : isFolder ? 0 : refuseSize(sizeText),
    crc32: /^[0-9A-F]{8}$/.test(crc32) ? Number.parseInt(crc32, 16) : null,
    isRegular: !isFolder && !isLink && isPlain,
    isEncrypted: entry.get("Encrypted") === "+",
  };
}

function refuseSize(text: string): never {
  return refuse("unsupported", `does not say how large a member is: ${JSON.stringify(text.slice(0, 40))}`);
}

async function* readLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  let readBytes = 0;
  for await (const bytes of pieces) {
    readBytes += bytes.length;
    if (readBytes > SEVEN_ZIP_LISTING_BYTES_MAX)
      refuse("too_large", `needs more than ${SEVEN_ZIP_LISTING_BYTES_MAX} bytes to be listed`);
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  if (rest !== "") yield rest;
}
