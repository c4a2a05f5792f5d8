import type { CreateCollectionInput, UpdateCollectionInput } from "@multitap/server/contract/collections";
import type { CreateSmartInput, UpdateSmartInput } from "@multitap/server/contract/collections/smart";
import type * as v from "valibot";
import type {
  Client,
  Collection,
  CreateCollection,
  CreateSmartCollection,
  UpdateCollection,
  UpdateSmartCollection,
} from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
/** On their way as JSON, undefined values are left out. */
type Defined<T> = { -readonly [K in keyof T]?: Mutable<Exclude<T[K], undefined>> };
type Mutable<T> = T extends readonly number[] ? number[] : T;
type Named<T> = Defined<T> & { name: string };
type Numbered<T> = Defined<T> & { collectionId: number };

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<Named<CreateCollection>, v.InferInput<typeof CreateCollectionInput>>,
  true satisfies Fits<Numbered<UpdateCollection>, v.InferInput<typeof UpdateCollectionInput>>,
  true satisfies Fits<Named<CreateSmartCollection>, v.InferInput<typeof CreateSmartInput>>,
  true satisfies Fits<Numbered<UpdateSmartCollection>, v.InferInput<typeof UpdateSmartInput>>,
];

/** What callers write. */
export async function calls({ collections, roms }: Client): Promise<void> {
  const made: Collection = await collections.create({ name: "Best", isFavorite: true });
  // @ts-expect-error a collection has a name
  await collections.create({ description: "none" });
  const full = await collections.get(made.id, { with: ["romIds"] });
  full.romIds satisfies readonly number[];
  // @ts-expect-error not asked for
  made.romIds satisfies readonly number[];
  // @ts-expect-error the cover goes another way
  await collections.update(made.id, { artwork: new Uint8Array() });
  // @ts-expect-error roms have no region collections
  await collections.listVirtual({ type: "region" });
  const { filter } = await collections.getSmart(3);
  if (filter !== null) for await (const rom of roms.each(filter)) rom.id satisfies number;
}
