import type { ClientTokenIdInput, CreateClientTokenInput } from "@multitap/server/contract/auth";
import type {
  ApproveDeviceInput,
  StartDeviceFlowInput,
  UserCodeInput,
} from "@multitap/server/contract/auth/device-flow";
import type { PairingCodeInput } from "@multitap/server/contract/auth/pairing";
import type { GetPlatformInput, ListPlatformsInput } from "@multitap/server/contract/platforms";
import type {
  FindRomInput,
  GetRomInput,
  ListRomsInput,
  RomMark,
  RomPageSchema,
  RomPart,
} from "@multitap/server/contract/roms";
import type { ListScansInput, ScanIdInput, StartScanInput } from "@multitap/server/contract/scan";
import type { GetStatsInput } from "@multitap/server/contract/stats";
import type { EventsRequest } from "@multitap/server/contract/system";
import type * as v from "valibot";
import {
  type AnyMultitapError,
  type ApproveDevice,
  type Auth,
  type AuthInput,
  type AuthState,
  type CallOptions,
  type Client,
  type ClientOptions,
  type ClientToken,
  type CreateClientToken,
  type CredentialStore,
  type Credentials,
  type DeviceFlow,
  type ErrorKind,
  type EventMap,
  type EventStream,
  type GapEvent,
  hasErrorCode,
  type Instant,
  isMultitapError,
  type MultitapError,
  type memoryCredentials,
  type Page,
  type PageInput,
  type Rom,
  type RomFilter,
  type RomHash,
  type RomMetadata,
  type RomParts,
  type ScanStep,
  type Scope,
  type SessionCookie,
  type StartDeviceFlow,
  type StartScan,
  type sessionCookie,
  streamSource,
  type Topic,
  type TopicEvent,
  type Unsubscribe,
  type WithParts,
} from "./index.ts";

/** Compiles only when both types fit each other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;

/** The words of both sides are the same words. */
export const sameWords: readonly true[] = [
  true satisfies Same<Topic, EventsRequest["topics"][number]>,
  true satisfies Same<keyof EventMap, Topic>,
  true satisfies Same<Scope, ClientToken["scopes"][number]>,
  true satisfies Same<keyof RomParts, RomPart>,
  true satisfies Fits<v.InferOutput<typeof RomPageSchema>, Page<Rom>>,
];

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<
    Mutable<RomFilter & PageInput & WithParts<"files">>,
    v.InferInput<typeof ListRomsInput>
  >,
  true satisfies Fits<Mutable<{ romId: number } & WithParts<"files">>, v.InferInput<typeof GetRomInput>>,
  true satisfies Same<RomHash | { readonly platformSlug: string; readonly fsName: string }, RomMark>,
  true satisfies Fits<RomMark, v.InferInput<typeof FindRomInput>>,
  true satisfies Fits<Mutable<StartScan>, v.InferInput<typeof StartScanInput>>,
  true satisfies Fits<{ scanId: number }, v.InferInput<typeof ScanIdInput>>,
  true satisfies Fits<Defined<Parameters<Client["scan"]["list"]>[0]>, v.InferInput<typeof ListScansInput>>,
  true satisfies Fits<Defined<Parameters<Client["stats"]["get"]>[0]>, v.InferInput<typeof GetStatsInput>>,
  true satisfies Fits<
    Defined<Parameters<Client["platforms"]["list"]>[0]>,
    v.InferInput<typeof ListPlatformsInput>
  >,
  true satisfies Fits<{ platformId: number }, v.InferInput<typeof GetPlatformInput>>,
  true satisfies Fits<Mutable<CreateClientToken>, v.InferInput<typeof CreateClientTokenInput>>,
  true satisfies Fits<{ tokenId: number }, v.InferInput<typeof ClientTokenIdInput>>,
  true satisfies Fits<{ code: string }, v.InferInput<typeof PairingCodeInput>>,
  true satisfies Fits<{ userCode: string }, v.InferInput<typeof UserCodeInput>>,
  true satisfies Fits<
    Mutable<Omit<ApproveDevice, "scopes"> & { userCode: string; approvedScopes: readonly Scope[] }>,
    v.InferInput<typeof ApproveDeviceInput>
  >,
  true satisfies Fits<
    {
      clientDeviceIdentifier: string;
      name: string;
      client: string;
      clientVersion: string | null;
      platform: string | null;
      requestedScopes: Scope[];
    },
    v.InferInput<typeof StartDeviceFlowInput>
  >,
];

type Defined<T> = Exclude<T, undefined>;
/** Schemas ask for arrays that they could change; they do not. */
type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** Parts grow the result by exactly those that were named. */
export async function parts(client: Client): Promise<void> {
  const bare: Rom = await client.roms.get(42);
  // @ts-expect-error files were not asked for
  bare.files;
  const rom = await client.roms.get(42, { with: ["files"] });
  rom.files[0]?.sizeBytes satisfies number | undefined;
  // @ts-expect-error metadata was not asked for
  rom.metadata;
  const page = await client.roms.list({ with: ["metadata", "user"], genres: { anyOf: ["Puzzle"] } });
  page.items[0]?.metadata satisfies RomMetadata | undefined;
  // @ts-expect-error files were not asked for
  page.items[0]?.files;
  for await (const each of client.roms.each({ with: ["siblings"], pageSize: 10 }))
    each.siblings.length satisfies number;
  const all = await client.roms.each({ with: ["files"] }).toArray({ max: 10 });
  all[0]?.files satisfies readonly unknown[] | undefined;
  // @ts-expect-error there is no such part
  await client.roms.get(42, { with: ["saves"] });
  // @ts-expect-error an array has a limit
  await client.roms.each().toArray();
  // @ts-expect-error a checksum of 32 bits needs the size beside it
  await client.roms.find({ crc32: "00000000" });
}

/** Options can be handed on although some of them are undefined. */
export function forwarding(client: Client, signal: AbortSignal | undefined, options: ClientOptions): void {
  const call: CallOptions = { signal, timeoutMs: undefined, retry: undefined };
  void client.roms.list({ search: undefined, cursor: undefined, platformIds: undefined }, call);
  void client.scan.start(
    { type: undefined, platformFsSlugs: undefined },
    { idempotencyKey: undefined, ...call },
  );
  void client.events(["scan"], { signal, resumeFrom: undefined, bufferMax: undefined });
  ({
    ...options,
    auth: undefined,
    fetch: undefined,
    app: undefined,
    onEvent: undefined,
  }) satisfies ClientOptions;
}

/** The published shape of signing in; its names and signatures are promised. */
export const signIn: readonly true[] = [
  true satisfies Same<AuthInput, string | (() => string | Promise<string>) | CredentialStore | SessionCookie>,
  true satisfies Same<
    Credentials,
    {
      readonly accessToken: string;
      readonly refreshToken: string | null;
      readonly expiresAt: Instant | null;
      readonly scopes: readonly Scope[];
      readonly deviceId: string | null;
    }
  >,
  true satisfies Same<
    StartDeviceFlow,
    {
      readonly deviceIdentifier: string;
      readonly deviceName: string;
      readonly scopes: readonly Scope[];
      readonly platform?: string | undefined;
    }
  >,
  true satisfies Same<
    Auth["startDeviceFlow"],
    (input: StartDeviceFlow, options?: CallOptions) => Promise<DeviceFlow>
  >,
  true satisfies Same<
    Auth["signInWithPairingCode"],
    (code: string, options?: CallOptions) => Promise<Credentials>
  >,
  true satisfies Same<Auth["signOut"], (options?: CallOptions) => Promise<void>>,
  true satisfies Same<Auth["onChange"], (listener: (state: AuthState) => void) => Unsubscribe>,
  true satisfies Same<Auth["ready"], Promise<AuthState>>,
  true satisfies Same<
    DeviceFlow,
    {
      readonly userCode: string;
      readonly verificationUrl: string;
      readonly verificationUrlComplete: string;
      readonly expiresAt: Instant;
      approved(options?: CallOptions): Promise<Credentials>;
    }
  >,
  true satisfies Same<ReturnType<typeof memoryCredentials>, CredentialStore>,
  true satisfies Same<ReturnType<typeof sessionCookie>, SessionCookie>,
];

/** A store is three functions; taking turns with other processes is optional. */
export const store: CredentialStore = {
  load: async () => null,
  save: async () => undefined,
  clear: async () => undefined,
};

/** Optional inputs can be handed on although they are undefined. */
export async function signingIn(client: Client, platform: string | undefined): Promise<void> {
  const input = { deviceIdentifier: "deck-1", deviceName: "Deck", scopes: ["roms.read"] as const };
  const flow = await client.auth.startDeviceFlow({ ...input, platform });
  (await flow.approved({ signal: undefined })).deviceId satisfies string | null;
  // @ts-expect-error there is no such scope
  await client.auth.startDeviceFlow({ ...input, scopes: ["roms.fly"] });
  // @ts-expect-error the device has a name
  await client.auth.startDeviceFlow({ deviceIdentifier: "deck-1", scopes: ["roms.read"] });
  await client.deviceFlow.approve("RN7WHEJ6", { scopes: ["roms.read"], deviceName: undefined });
  (await client.clientTokens.listAll())[0]?.username satisfies string | undefined;
}

/** Errors narrow by kind and by code. */
export function errors(thrown: unknown): void {
  if (isMultitapError(thrown, "rate_limited")) thrown.retryAfterMs satisfies number;
  if (isMultitapError(thrown, "network", "timeout")) {
    thrown.kind satisfies "network" | "timeout";
    // @ts-expect-error nobody asks to wait here
    thrown.retryAfterMs satisfies number;
  }
  if (hasErrorCode(thrown, "AUTH_SCOPE_MISSING")) thrown.details.scope satisfies string;
  if (hasErrorCode(thrown, "SCAN_RUNNING")) thrown.details.scanId satisfies number;
  // @ts-expect-error there is no such code
  hasErrorCode(thrown, "NO_SUCH_CODE");
  if (isMultitapError(thrown)) {
    thrown.code satisfies string;
    describe(thrown) satisfies string;
  }
}

/** A `switch` over the kinds is complete, and narrows. */
function describe(error: AnyMultitapError): string {
  switch (error.kind) {
    case "rate_limited":
      return `wait ${error.retryAfterMs satisfies number} ms`;
    case "aborted":
      return (error satisfies MultitapError<"aborted">).name;
    default:
      return error.kind satisfies Exclude<ErrorKind, "rate_limited" | "aborted">;
  }
}

/** Events narrow by topic; a gap has to be told apart first. */
export async function events(client: Client): Promise<void> {
  client.events(["scan", "library"]) satisfies EventStream<TopicEvent<"scan" | "library"> | GapEvent>;
  for await (const event of client.events(["scan", "library"])) {
    // @ts-expect-error a gap has no data
    event.data;
    if (event.topic === "gap") event.reason satisfies "expired" | "overflow" | "restarted";
    else if (event.topic === "scan") event.data.stats.romsDone satisfies number;
    else event.data.ids satisfies readonly number[];
  }
  // @ts-expect-error there is no such topic
  client.events(["weather"]);
  for await (const step of client.scan.watch(7)) (step satisfies ScanStep).romsDone satisfies number;
  // @ts-expect-error a scan tells how it stands by itself
  client.scan.watch(7, { resumeFrom: "3" });
}

/** Whatever has bytes can be uploaded. */
export async function uploads(client: Client, stream: ReadableStream<Uint8Array>): Promise<void> {
  const about = { platformId: 3, name: "Set/Disc 1.bin", resumeId: "mine" };
  const result = await client.roms.upload(new Blob(["x"]), about, { verify: true });
  result.resumed satisfies boolean;
  result.fsName satisfies string;
  await client.roms.upload(new Uint8Array(3), { platformId: 3 });
  await client.roms.upload(streamSource(stream, { name: "a.sfc", sizeBytes: 3 }), { platformId: 3 });
  // @ts-expect-error a stream has no known length
  await client.roms.upload(stream, { platformId: 3 });
}
