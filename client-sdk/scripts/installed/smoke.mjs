// What the installed package does in every runtime: a call, pages, a stream, a download, a hash, an error.
import { createClient, isMultitapError, streamSink } from "@multitap/client";
import { hashBytes } from "@multitap/client/native";
import { memorySaveStore } from "@multitap/client/sync";

/** Scans a server's library and hashes one of its roms; gives what it saw, as JSON. */
export async function run({ url, token }) {
  const client = createClient({ url, auth: token, app: { name: "smoke", version: "1.0.0" } });
  try {
    const { version } = await client.server();
    let lastStep = null;
    for await (const step of client.scan.watch((await client.scan.start({})).id)) lastStep = step;
    const roms = await client.roms.each({ orderBy: "name" }).toArray({ max: 100 });
    const [rom] = roms;
    const parts = [];
    const sink = streamSink(new WritableStream({ write: (chunk) => void parts.push(chunk) }));
    const { sizeBytes } = await client.roms.download(rom.id, sink, { verify: true });
    const { sha1 } = await hashBytes(new Blob(parts), ["sha1"]);
    const refused = await client.roms.get(999_999).catch((error) => error);
    return {
      version,
      scan: lastStep?.status,
      roms: roms.length,
      sizeBytes: sizeBytes === rom.sizeBytes,
      sha1: sha1 === rom.sha1,
      refused: isMultitapError(refused, "not_found") ? refused.code : String(refused),
      state: await memorySaveStore().loadState(),
    };
  } finally {
    await client.close();
  }
}
