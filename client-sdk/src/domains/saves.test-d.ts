import type { ListSavesInput } from "@multitap/server/contract/saves";
import type { ListConflictsInput } from "@multitap/server/contract/sync/conflicts";
import type { ListHistoryInput } from "@multitap/server/contract/sync/versions";
import type * as v from "valibot";
import type { Client, ConflictsFilter, SavesFilter, VersionsFilter } from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
/** On their way as JSON, undefined values are left out. */
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<Defined<SavesFilter>, v.InferInput<typeof ListSavesInput>>,
  true satisfies Fits<Defined<ConflictsFilter>, v.InferInput<typeof ListConflictsInput>>,
  true satisfies Fits<
    Defined<VersionsFilter> & { romId: number; kind: "save" },
    v.InferInput<typeof ListHistoryInput>
  >,
];

/** What callers write. */
export async function calls({ saves, states }: Client): Promise<void> {
  const { version } = await saves.store(new Uint8Array(1), { romId: 42, slot: "main", basedOn: 7 });
  version.contentHash satisfies string | null;
  // @ts-expect-error a version belongs to a rom
  await saves.store(new Uint8Array(1), { slot: "main" });
  await states.store(new Blob([]), { romId: 42, deviceId: null, force: true });
  // @ts-expect-error one or the other
  await saves.restore({});
  // @ts-expect-error there is no such decision
  await saves.resolveConflict(3, "skip");
}
