import type { BanInput, ListRelayInput, RelayPlayerInput } from "@multitap/server/contract/relay";
import type * as v from "valibot";
import type { Client } from "../client.ts";
import type { Relay } from "./relay.ts";

/** True when every value of one type fits another. */
type Fits<A, B> = A extends B ? true : false;

true satisfies Fits<{ romId?: number }, v.InferInput<typeof ListRelayInput>>;
true satisfies Fits<Parameters<Relay["kick"]>[0], v.InferInput<typeof RelayPlayerInput>>;
true satisfies Fits<Parameters<Relay["ban"]>[0], v.InferInput<typeof BanInput>>;

export async function calls({ relay }: Client): Promise<void> {
  const [session] = await relay.list({ romId: 42 });
  session?.joinLine satisfies string | undefined;
  session?.players[0]?.playerId satisfies number | undefined;
  // @ts-expect-error A session is named by its text.
  await relay.claim(1);
  // @ts-expect-error It must be said from where.
  await relay.ban({ sessionId: "x", playerId: 1 });
}
