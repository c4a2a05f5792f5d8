import { feed } from "../context.ts";
import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule, type RaTarget } from "../target.ts";

/** Hashes the file, at most its first 64 MiB. */
export const hashWholeFile: RaRule = (target, context) => hashBehind(target, context, 0);

/** Hashes the file's first 64 MiB without a header of so many bytes; a file shorter than that is damaged. */
export async function hashBehind(
  target: RaTarget,
  context: Parameters<RaRule>[1],
  headerBytes: number,
): Promise<void> {
  const source = getSource(target);
  const length = Math.min(source.sizeBytes, HASHED_FILE_BYTES_MAX) - headerBytes;
  if (length < 0) return refuse("damaged", `${source.name} ends inside its header`);
  await feed(context, source, { start: headerBytes, length });
}
