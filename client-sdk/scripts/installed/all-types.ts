// Uses every entry of the installed package, for the compiler only: nothing of it is run.
import {
  type Client,
  createClient,
  hasErrorCode,
  isMultitapError,
  type MultitapError,
  type Rom,
} from "@multitap/client";
import { opfsSaveStore } from "@multitap/client/browser";
import { type Chd, hashBytes, hashRom, identify, nativeWorkers, openChd } from "@multitap/client/native";
import { createNetplay, type Room } from "@multitap/client/netplay";
import { fileCredentials, fileSink, fileSource, threadWorkers } from "@multitap/client/node";
import { createSync, type SaveStore, saveStoreContract } from "@multitap/client/sync";

export const client: Client = createClient({
  url: "http://nas.local:8080",
  auth: fileCredentials("me.json"),
  fetch: (url, init) => fetch(url, init),
});

/** One call of each entry, as an app writes it. */
export async function useAll(bytes: Uint8Array, store: SaveStore, signal?: AbortSignal): Promise<string> {
  const rom = await client.roms.get(42, { with: ["files"] }, { signal });
  const name: string | undefined = rom.files[0]?.fileName;
  for await (const each of client.roms.each({ genres: { anyOf: ["Puzzle"] } })) if (each.id === 1) break;
  for await (const event of client.events(["saves"], { signal })) {
    if (event.topic !== "gap") break;
  }
  await client.roms.download(42, fileSink("a.sfc"), { signal, verify: true });
  await client.roms.upload(await fileSource("b.sfc"), { platformId: 3 });
  const { sha1 } = await hashBytes(bytes, ["sha1"], { workers: threadWorkers() });
  const { ra } = await hashRom(bytes, "detect", { names: ["ra"], workers: nativeWorkers(() => null) });
  const chd: Chd = await openChd(bytes);
  const sync = createSync(client, { deviceId: "deck", store, conflicts: "keep_both" });
  const room: Room = await createNetplay(client).join("invite");
  room.sendInput(1, bytes);
  saveStoreContract(async () => ({ store: opfsSaveStore(), close: async () => undefined }) as never);
  return [
    name,
    sha1,
    ra,
    chd.header.sha1,
    (await sync.plan()).createdAt,
    await identify(client, bytes),
  ].join();
}

/** Errors narrow by kind and by code. */
export function tell(error: unknown): string {
  if (hasErrorCode(error, "SCAN_RUNNING")) return `scan ${error.details.scanId}`;
  if (isMultitapError(error, "rate_limited")) return `wait ${error.retryAfterMs.toFixed()}`;
  const other: MultitapError | null = isMultitapError(error) ? error : null;
  return other?.code ?? "";
}

/** Parts that were not asked for are not there: this compiles only if types are known at all. */
export const hasNoFiles: "files" extends keyof Rom ? never : true = true;
