import type { PlanSyncInput, RomRef as ServedRomRef } from "@multitap/server/contract/sync/plans";
import type { AcknowledgeInput, StoreKnownVersionInput } from "@multitap/server/contract/sync/versions";
import type * as v from "valibot";
import {
  createSync,
  memorySaveStore,
  type RomRef,
  type SaveStore,
  type SyncAction,
} from "../entries/sync.ts";
import type { Client } from "../index.ts";
import type { SentEntry } from "./reconcile.ts";
import type { Draft } from "./server.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What the engine sends is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<RomRef, ServedRomRef>,
  true satisfies Fits<
    {
      deviceId: string;
      entries: Mutable<SentEntry>[];
      kinds: ("save" | "state")[];
      isDryRun: true;
    },
    v.InferInput<typeof PlanSyncInput>
  >,
  true satisfies Fits<
    Mutable<Omit<Draft, "sessionId">> & {
      deviceId: string;
      sha1: string;
      sizeBytes: number;
      sessionId: number;
    },
    v.InferInput<typeof StoreKnownVersionInput>
  >,
  true satisfies Fits<
    { deviceId: string; versions: { kind: "save" | "state"; id: number; sha1: string }[] },
    v.InferInput<typeof AcknowledgeInput>
  >,
];

/** What callers write. */
export async function calls(
  client: Client,
  store: SaveStore,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const sync = createSync(client, {
    deviceId: "deck",
    store,
    conflicts: (conflict) => (conflict.base === null ? "keep_both" : "server_wins"),
  });
  createSync(client, { deviceId: "deck", store: memorySaveStore(), conflicts: undefined, kinds: undefined });
  // @ts-expect-error a choice is one of four
  createSync(client, { deviceId: "deck", store, conflicts: "newest" });
  // @ts-expect-error a device is needed
  createSync(client, { store });
  const plan = await sync.plan({ signal });
  await sync.run({ plan, onEvent: (event) => event.type === "failed" && event.error.code });
  for await (const event of sync.follow({ signal })) if (event.type === "waiting") event.for satisfies string;
  return plan.actions.map(describe);
}

/** The union narrows by its one word. */
function describe(action: SyncAction): string {
  switch (action.action) {
    case "none":
      return action.key;
    case "conflict":
      return action.conflict.remote.fileName;
    case "download":
      return action.remote.rom.fsName;
    default:
      return action.local.key;
  }
}
