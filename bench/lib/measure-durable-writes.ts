import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";

/** Files a second that the disk takes for good, by how many are written at once. */
export interface DurableWrites {
  readonly alone: number;
  readonly parallel: number;
}

export interface DurableWritesPlan {
  readonly folder: string;
  readonly sizeBytes: number;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Writes small files as whoever acknowledges them has to, and does nothing else: new file, fsync, rename, fsync of the
 * folder. The limit of every upload on this disk, once one after the other and once several at a time.
 */
export async function measureDurableWrites({
  folder,
  sizeBytes,
  connections,
  seconds,
}: DurableWritesPlan): Promise<DurableWrites> {
  const bytes = crypto.getRandomValues(Buffer.alloc(sizeBytes));
  await mkdir(folder, { recursive: true });
  let written = 0;
  const measure = async (atOnce: number) => {
    const startedAtMs = performance.now();
    const before = written;
    const work = async () => {
      while (performance.now() < startedAtMs + seconds * 1000) {
        written += 1;
        await writeDurable(folder, String(written), bytes);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return ((written - before) * 1000) / (performance.now() - startedAtMs);
  };
  return { alone: await measure(1), parallel: await measure(connections) };
}

async function writeDurable(folder: string, name: string, bytes: Buffer): Promise<void> {
  const partial = join(folder, `.${name}`);
  const handle = await open(partial, "wx");
  await handle.write(bytes);
  await handle.sync();
  await handle.close();
  await rename(partial, join(folder, name));
  const entry = await open(folder, "r");
  await entry.sync();
  await entry.close();
}
