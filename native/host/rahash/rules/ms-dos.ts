import type { ByteSource } from "../../byte-source.ts";
import { fromLatin1 } from "../bytes.ts";
import { listZipEntries, type ZipEntry } from "../containers/zip.ts";
import type { RaContext } from "../context.ts";
import { decodeText, findPath, folderOf } from "../files.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule, type RaTarget } from "../target.ts";
import { feedZipDirectory } from "./zip-directory.ts";

const LINK_SUFFIX = ".parent";

/** MS-DOS: a `.dosz` by its archive's directory, behind its parent's, and before its `.dosc`'s. */
export const hashMsDos: RaRule = (target, context) =>
  hashDosz(context, target, { path: target.path, source: getSource(target), isParent: false });

interface DoszFile {
  readonly path: string;
  readonly source: ByteSource;
  readonly isParent: boolean;
}

async function hashDosz(context: RaContext, target: RaTarget, file: DoszFile): Promise<void> {
  const entries = await listZipEntries(context, file.source);
  const [link, ...otherLinks] = entries.filter(isLink);
  if (link !== undefined) {
    // Clients count links over both files, so a parent has no parent.
    if (file.isParent || otherLinks.length > 0) refuse("damaged", `${file.path} links to too many archives`);
    const name = decodeText(fromLatin1(link.name.slice(0, -LINK_SUFFIX.length)));
    const path = findPath(folderOf(file.path), name);
    const source = path === null ? null : await target.files.find(path, context.signal);
    if (path === null || source === null) return refuse("file_missing", `${name} is missing`);
    await hashDosz(context, target, { path, source, isParent: true });
  }
  feedZipDirectory(
    context,
    entries.filter((entry) => entry !== link),
  );
  const last = file.path.slice(-1);
  if (last !== "z" && last !== "Z") return;
  const changesPath = `${file.path.slice(0, -1)}${last === "z" ? "c" : "C"}`;
  const changes = await target.files.find(changesPath, context.signal);
  if (changes !== null) feedZipDirectory(context, await listZipEntries(context, changes));
}

/** Tells whether an entry stands for the archive that this one builds on. */
function isLink({ name, sizeBytes }: ZipEntry): boolean {
  const isNamed = name.length > LINK_SUFFIX.length && name.toLowerCase().endsWith(LINK_SUFFIX);
  return isNamed && sizeBytes === 0 && !/[/\\]/.test(name);
}
