/** What is fixed from start to stop: the operator's settings that operations read. */
export interface Facts {
  readonly version: string;
  readonly basePath: string;
  readonly libraryPath: string;
  readonly resourcesPath: string;
  readonly assetsPath: string;
  /** Where uploads wait until they are whole; below the operator's temporary folder, or the resources. */
  readonly tempPath: string;
  /** Signing key of tokens and cookies. */
  readonly secretKey: string;
  readonly publicUrl: string | null;
  readonly isKiosk: boolean;
  readonly isCsrfOn: boolean;
  readonly isSecureCookie: boolean;
  readonly isDownloadPublic: boolean;
  readonly sessionMaxAgeMs: number;
  readonly accessTokenMs: number;
  readonly refreshTokenMs: number;
  /** Life of an invite link that names none of its own. */
  readonly inviteTokenMs: number;
  /** Sign-in by an identity provider; null while it is off. */
  readonly oidc: OidcFacts | null;
  readonly tasks: TaskFacts;
  readonly backups: BackupFacts;
  readonly patching: PatchingFacts;
  readonly assets: AssetFacts;
  readonly sync: SyncFacts;
  readonly relay: RelayFacts;
  readonly netplay: NetplayFacts;
  readonly relayRooms: RelayRoomFacts;
  readonly flags: HeartbeatFlags;
  /** What Tinfoil shows when it has read our list. */
  readonly tinfoilWelcome: string;
}

/** How the operator set up the relay for RetroArch. */
export interface RelayFacts {
  /** Where this process listens; 0 for any free port, null when it has no relay. */
  readonly port: number | null;
  /** Where players reach it, when they are told something else than where they reached us. */
  readonly address: string | null;
  /** The port that they are told; null for the one we listen on. */
  readonly toldPort: number | null;
  /** Tells whether somebody of this network address may use it. */
  allows(address: string): boolean;
}

/** How the operator set up netplay in browsers. */
export interface NetplayFacts {
  /** Only accounts may open and join rooms, and list them. */
  readonly isSignInRequired: boolean;
  /** Other processes may have rooms too. */
  readonly isShared: boolean;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** What one socket, and all of a room, may send in a second; some seconds' worth may come at once. */
  readonly socketMessagesPerSecond: number;
  readonly socketBytesPerSecond: number;
  readonly roomMessagesPerSecond: number;
  readonly roomBytesPerSecond: number;
  /** Null: no TURN server of the operator's own. */
  readonly turn: TurnFacts | null;
}

/** How large the operator lets the raw relay become. */
export interface RelayRoomFacts {
  /** Rooms of one process. */
  readonly roomsMax: number;
  /** Bytes of inputs and snapshots that all rooms of one process keep. */
  readonly memoryBytesMax: number;
  /** How long a seat is kept for a player that was cut, and a room without players. */
  readonly graceMs: number;
  /** What one member, and all of a room, may send in a second; some seconds' worth may come at once. */
  readonly memberMessagesPerSecond: number;
  readonly memberBytesPerSecond: number;
  readonly roomMessagesPerSecond: number;
  readonly roomBytesPerSecond: number;
}

/** A TURN server whose credentials we make. */
export interface TurnFacts {
  readonly secret: string;
  readonly urls: readonly string[];
  /** Life of credentials. */
  readonly ttlMs: number;
}

/** How much users may store. */
export interface AssetFacts {
  /** Bytes of one save, state or screenshot; infinite when the operator set no limit. */
  readonly bytesMax: number;
  /** Versions of a slot that a caller may ask to keep. */
  readonly keptMax: number;
}

/** How the operator set up syncs that the server drives. */
export interface SyncFacts {
  /** Holds a folder for each device that is synced by files. */
  readonly folderPath: string;
  /** Those folders are watched. */
  readonly isFolderWatched: boolean;
  /** When devices are synced by SSH. */
  readonly pushPull: ScheduleFacts;
  /** Folder of private SSH keys. */
  readonly keysPath: string;
  /** File of the host keys that devices may show. */
  readonly knownHostsPath: string;
}

/** How the operator set up the patching of roms. */
export interface PatchingFacts {
  readonly timeoutMs: number;
  /** Of rom, patch and patched rom, each. */
  readonly fileBytesMax: number;
  /** Patches that are applied at the same time. */
  readonly runningMax: number;
}

/** When a task is started by the clock. */
export interface ScheduleFacts {
  readonly isEnabled: boolean;
  /** Five fields, minutes first; also while it is off. */
  readonly cron: string;
}

/** How the operator set up backups. */
export interface BackupFacts {
  /** Holds those that the server makes by itself. */
  readonly folderPath: string;
  readonly nightly: ScheduleFacts;
  /** Nightly ones that are kept. */
  readonly keptMax: number;
  /** Nightly ones hold resources, too. */
  readonly withResources: boolean;
  /** Encrypts the secrets of nightly ones; null leaves them as they are. */
  readonly passphrase: string | null;
  /** Bytes that a backup leaves free. */
  readonly minFreeBytes: number;
}

/** How the operator set up background work. */
export interface TaskFacts {
  readonly rescan: ScheduleFacts;
  readonly orphanedResources: ScheduleFacts;
  readonly watcher: { readonly isEnabled: boolean; readonly delayMinutes: number };
  /** In which patterns are read: an IANA name. */
  readonly timeZone: string;
  /** How long the outcome of a run is kept. */
  readonly resultTtlMs: number;
}

/** Switches that only the heartbeat reports. */
export interface HeartbeatFlags {
  readonly disableSetupWizard: boolean;
  readonly disableUserpassLogin: boolean;
  readonly disableLogsViewer: boolean;
  readonly disableEmulatorJs: boolean;
  readonly disableRuffleRs: boolean;
  readonly youtubeBaseUrl: string;
}

/** How the operator set up sign-in by an OpenID Connect provider. Empty texts were not set. */
export interface OidcFacts {
  /** Shown on the login page. */
  readonly providerName: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** Where the discovery document is. */
  readonly discoveryUrl: string;
  readonly isAutologin: boolean;
  readonly isRegistrationAllowed: boolean;
  /** Claim that holds roles, perhaps a path such as `realm_access.roles`. */
  readonly rolesClaim: string;
  readonly roleNames: { readonly viewer: string; readonly editor: string; readonly admin: string };
  readonly usernameAttribute: string;
  /** File with the certificate authority of the provider; null trusts the usual ones. */
  readonly caFile: string | null;
  /** Also sign out at the provider. */
  readonly isLogoutForwarded: boolean;
  readonly endSessionEndpoint: string;
}
