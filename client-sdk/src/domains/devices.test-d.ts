import type { HeartbeatInput, ListActivityInput } from "@multitap/server/contract/activity";
import type { UpdateDeviceInput } from "@multitap/server/contract/devices";
import type { IngestInput, ListPlaySessionsInput } from "@multitap/server/contract/play-sessions";
import type { RegisterDeviceInput } from "@multitap/server/contract/sync/devices";
import type * as v from "valibot";
import type {
  Client,
  Device,
  PlayedSpan,
  PlaySessionsFilter,
  RegisterDevice,
  UpdateDevice,
} from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
/** On their way as JSON, undefined values are left out. */
type Defined<T> = { -readonly [K in keyof T]?: Exclude<T[K], undefined> };
type Span = Defined<PlayedSpan> & { startedAt: string; endedAt: string };

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<Defined<RegisterDevice>, v.InferInput<typeof RegisterDeviceInput>>,
  true satisfies Fits<Defined<UpdateDevice> & { deviceId: string }, v.InferInput<typeof UpdateDeviceInput>>,
  true satisfies Fits<{ deviceId?: string | null; sessions: Span[] }, v.InferInput<typeof IngestInput>>,
  true satisfies Fits<Defined<PlaySessionsFilter>, v.InferInput<typeof ListPlaySessionsInput>>,
  true satisfies Fits<{ romId: number; deviceId: string }, v.InferInput<typeof HeartbeatInput>>,
  true satisfies Fits<{ romId?: number }, v.InferInput<typeof ListActivityInput>>,
];

/** What callers write. */
export async function calls({ devices, playSessions, activity }: Client): Promise<void> {
  const { device } = await devices.register({ name: "Deck" });
  device satisfies Device;
  // @ts-expect-error there is no such mode
  await devices.update(device.id, { syncMode: "magic" });
  // @ts-expect-error a span has an end
  await playSessions.ingest({ sessions: [{ startedAt: "2026-02-01T10:00:00Z" }] });
  // @ts-expect-error a sign names its device
  await activity.heartbeat({ romId: 1 });
}
