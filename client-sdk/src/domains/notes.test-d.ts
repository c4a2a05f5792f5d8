import type { CreateRomNoteInput, UpdateRomNoteInput } from "@multitap/server/contract/roms/notes";
import type { UpdateRomPropsInput } from "@multitap/server/contract/roms/props";
import type { RandomRomInput } from "@multitap/server/contract/roms/random";
import type * as v from "valibot";
import type {
  Client,
  CreateNote,
  RandomRomFilter,
  RomNote,
  RomUserProps,
  UpdateNote,
  UpdateRomProps,
} from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
/** On their way as JSON, undefined values are left out. */
type Defined<T> = { -readonly [K in keyof T]?: Mutable<Exclude<T[K], undefined>> };
type Mutable<T> = T extends readonly (infer I extends number | string)[] ? I[] : T;

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<
    Defined<CreateNote> & { title: string; romId: number },
    v.InferInput<typeof CreateRomNoteInput>
  >,
  true satisfies Fits<
    Defined<UpdateNote> & { romId: number; noteId: number },
    v.InferInput<typeof UpdateRomNoteInput>
  >,
  true satisfies Fits<Defined<UpdateRomProps> & { romId: number }, v.InferInput<typeof UpdateRomPropsInput>>,
  true satisfies Fits<Defined<RandomRomFilter>, v.InferInput<typeof RandomRomInput>>,
];

/** What callers write. */
export async function calls({ notes, roms }: Client): Promise<void> {
  const note: RomNote = await notes.create(42, { title: "Tip" });
  // @ts-expect-error a note has a title
  await notes.create(42, { content: "none" });
  await notes.update(note, { isPublic: true });
  const props: RomUserProps = await roms.updateProps(42, { status: "completed_100" });
  props.rating satisfies number;
  // @ts-expect-error there is no such status
  await roms.updateProps(42, { status: "now_playing" });
  // @ts-expect-error chance knows no search
  await roms.random({ search: "x" });
}
