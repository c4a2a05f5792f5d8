import type * as v from "valibot";
import type {
  ClientToken,
  ClientTokenSchema,
  NewClientToken,
  NewClientTokenSchema,
  TokenPair,
  TokenPairSchema,
} from "../auth/contract.ts";
import type { ScanStats } from "../base/events.ts";
import type { Platform, PlatformSchema } from "../platforms/contract.ts";
import type { Scan, ScanProblem, ScanProblemSchema, ScanSchema, ScanStatsSchema } from "../scan/contract.ts";
import type { Stats, StatsSchema } from "../stats/contract.ts";
import type { Heartbeat, HeartbeatSchema, ServerInfo, ServerInfoSchema } from "../system/contract.ts";
import type { CurrentUser, CurrentUserSchema, User, UserSchema } from "../users/contract.ts";

/** Compiles only when both types fit each other, so interface and schema cannot drift apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checks: readonly true[] = [
  true satisfies Same<ClientToken, v.InferOutput<typeof ClientTokenSchema>>,
  true satisfies Same<NewClientToken, v.InferOutput<typeof NewClientTokenSchema>>,
  true satisfies Same<TokenPair, v.InferOutput<typeof TokenPairSchema>>,
  true satisfies Same<Platform, v.InferOutput<typeof PlatformSchema>>,
  true satisfies Same<Scan, v.InferOutput<typeof ScanSchema>>,
  true satisfies Same<ScanStats, v.InferOutput<typeof ScanStatsSchema>>,
  true satisfies Same<ScanProblem, v.InferOutput<typeof ScanProblemSchema>>,
  true satisfies Same<Stats, v.InferOutput<typeof StatsSchema>>,
  true satisfies Same<Heartbeat, v.InferOutput<typeof HeartbeatSchema>>,
  true satisfies Same<ServerInfo, v.InferOutput<typeof ServerInfoSchema>>,
  true satisfies Same<User, v.InferOutput<typeof UserSchema>>,
  true satisfies Same<CurrentUser, v.InferOutput<typeof CurrentUserSchema>>,
];
