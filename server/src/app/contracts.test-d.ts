import type * as v from "valibot";
import type { OwnedClientToken, OwnedClientTokenSchema } from "../auth/client-tokens/contract.ts";
import type {
  ClientToken,
  ClientTokenSchema,
  NewClientToken,
  NewClientTokenSchema,
  TokenPair,
  TokenPairSchema,
} from "../auth/contract.ts";
import type {
  ApprovedDevice,
  ApprovedDeviceSchema,
  DeviceGrant,
  DeviceGrantSchema,
  PendingDevice,
  PendingDeviceSchema,
  StartedDeviceFlow,
  StartedDeviceFlowSchema,
} from "../auth/device-flow/contract.ts";
import type {
  PairingCode,
  PairingCodeSchema,
  PairingStatus,
  PairingStatusSchema,
} from "../auth/pairing/contract.ts";
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
  true satisfies Same<OwnedClientToken, v.InferOutput<typeof OwnedClientTokenSchema>>,
  true satisfies Same<PairingCode, v.InferOutput<typeof PairingCodeSchema>>,
  true satisfies Same<PairingStatus, v.InferOutput<typeof PairingStatusSchema>>,
  true satisfies Same<StartedDeviceFlow, v.InferOutput<typeof StartedDeviceFlowSchema>>,
  true satisfies Same<PendingDevice, v.InferOutput<typeof PendingDeviceSchema>>,
  true satisfies Same<ApprovedDevice, v.InferOutput<typeof ApprovedDeviceSchema>>,
  true satisfies Same<DeviceGrant, v.InferOutput<typeof DeviceGrantSchema>>,
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
